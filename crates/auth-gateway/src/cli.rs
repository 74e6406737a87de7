//! The command line: what can be said, not what it does.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

/// The identity provider of the LanOnasis platform.
#[derive(Debug, Parser)]
#[command(name = "auth-gateway", version, propagate_version = true, max_term_width = 120)]
#[command(after_help = "Examples:
  auth-gateway serve --data ./data         serve on loopback with a SQLite database in ./data
  auth-gateway serve -c conf/auth.yaml     serve as the file says")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where configuration and data are. Given here, they win over the file.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The configuration file. Without one, defaults for work on loopback.
    #[arg(short, long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// The folder of the SQLite database `auth.db`, the master key, the mail spool.
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    /// `sqlite:FILE` or `postgres://…`.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until TERM.
    Serve(Serve),
    /// Print completions for a shell.
    Completions { shell: Shell },
    /// Print the manual page (roff).
    #[command(hide = true)]
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
}
