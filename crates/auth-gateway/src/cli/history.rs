//! What can be said about the log, and what is derived from it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::{Output, examples};

#[derive(Debug, Subcommand)]
pub(crate) enum Log {
    /// Recompute the chain and hold it against the checkpoints.
    #[command(after_help = "Examples:
  auth-gateway log verify --checkpoint /mnt/elsewhere/latest.checkpoint
  auth-gateway log verify --from 120001    of the first 120000 events only the hashes are read")]
    Verify {
        /// Recompute from this position on. The hash before it is trusted, unless a checkpoint saw it.
        #[arg(long, value_name = "POSITION", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        from: u64,
        /// A checkpoint kept elsewhere: it finds a log that was cut off or written anew.
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        checkpoint: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Write the log as JSON lines, as it is stored: what is sealed stays sealed.
    #[command(after_help = examples::LOG_EXPORT)]
    Export {
        /// Begin after this position.
        #[arg(long, value_name = "POSITION", default_value_t = 0)]
        from: u64,
    },
    /// Sign the log as it is now and print the checkpoint.
    #[command(after_help = examples::LOG_CHECKPOINT)]
    Checkpoint {
        /// Sign although another key has signed before, and delete the former checkpoints in the database: after the issuer's host or
        /// the master key has changed. Those kept elsewhere are verified with the former ones only.
        #[arg(long)]
        anew: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Print the public key that checkpoints are signed with.
    CheckpointKey(Output),
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Whom it is about: a user's id or e-mail address, with all of their sessions and keys; a key's, session's or client's id.
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// Who did it, such as `user:<id>`, `operator`, `anonymous`.
    #[arg(long)]
    pub(crate) actor: Option<String>,
    /// A kind of event or its beginning, such as `login.` or `api_key.revoked`.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Not before: RFC 3339, or how long ago, such as `24h`.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Before: RFC 3339, or how long ago.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// At most so many, the newest.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct StateAt {
    /// What it is.
    #[arg(value_enum)]
    pub(crate) kind: Thing,
    /// Its id; of a user, the e-mail address will do.
    pub(crate) id: String,
    /// As of this time: RFC 3339, or how long ago.
    #[arg(long, value_name = "TIME", conflicts_with = "position")]
    pub(crate) time: Option<String>,
    /// As of this position of the log.
    #[arg(long)]
    pub(crate) position: Option<u64>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Thing {
    User,
    Session,
    Key,
    Client,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Projections {
    /// List them with position, lag and what stopped them.
    List(Output),
    /// Build one anew beside the live one and swap; `states` is what login and introspection read.
    #[command(after_help = examples::PROJECTIONS_REBUILD)]
    Rebuild {
        /// `states`, or a name that `projections list` shows.
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Say whether a rebuilt one would equal the live one.
    #[command(after_help = examples::PROJECTIONS_COMPARE)]
    Compare {
        /// `states`, or a name that `projections list` shows.
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Go on after the event that stopped it.
    #[command(after_help = examples::PROJECTIONS_RESUME)]
    Resume {
        /// A name that `projections list` shows.
        name: String,
        #[command(flatten)]
        output: Output,
    },
}
