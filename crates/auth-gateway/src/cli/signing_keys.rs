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
    /// Make void what a key signed, at once and for good: somebody else may have it. Its private half is deleted. If it is the
    /// one that signs, a new one takes its place. Sessions, refresh tokens and API keys are not made with it, and go on.
    #[command(after_help = examples::SIGNING_KEYS_WITHDRAW)]
    Withdraw {
        /// The key's id, as `signing-keys list` shows it and the header of a token has it.
        // Ids are base64url: some begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Why, for the audit log, which keeps it for good: no secret, and nobody's personal data.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        output: Output,
    },
}
