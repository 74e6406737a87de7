//! What can be said about the keys that sign tokens.

use clap::Subcommand;

use super::{Output, examples};

#[derive(Debug, Subcommand)]
pub(crate) enum SigningKeys {
    /// List the key that signs, the next one, and those that signed what may still be good. Never the private halves.
    List(Output),
    /// Have another key sign as soon as it was published for `signing_keys.publish_ahead`, and say when that is. What the
    /// former one signed stays good. The gateways need no restart.
    #[command(after_help = examples::SIGNING_KEYS_ROTATE)]
    Rotate {
        /// Sign with it at once. Who verifies tokens with a copy of `/oauth/jwks.json` may refuse new ones until they fetch it
        /// again.
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        output: Output,
    },
}
