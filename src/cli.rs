//! The command line: what can be said, not what it does.

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use std::path::PathBuf;

const VERSION: &str = const_format();

const fn const_format() -> &'static str {
    // `concat!` takes literals only, so each build profile has its own.
    match option_env!("ONASIS_BUILD").is_some() {
        true => concat!(env!("CARGO_PKG_VERSION"), " (pgo)"),
        false => concat!(env!("CARGO_PKG_VERSION"), " (plain)"),
    }
}

/// The single edge of the LanOnasis platform: one route map, every request.
#[derive(Debug, Parser)]
#[command(name = "onasis-gateway", version = VERSION, propagate_version = true, max_term_width = 120)]
#[command(after_help = "Examples:
  onasis-gateway check                           is the configuration right?
  onasis-gateway explain GET /api/v1/memories/7  what would happen to this request, and why?
  onasis-gateway run -c conf/gateway.yaml        serve
  onasis-gateway reload --wait                   make a changed routes.yaml live")]
pub(crate) struct Cli {
    /// The daemon's configuration file; it names the route map.
    #[arg(short, long, global = true, value_name = "FILE", default_value = "conf/gateway.yaml", value_hint = ValueHint::FilePath)]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until TERM. HUP reloads, USR1 reopens the access log.
    Run,
    /// Read both configuration files and report every mistake in them.
    Check(Check),
    /// List the routes.
    Routes(Output),
    /// Tell what would happen to a request: the route, why others lost, the rewrite, the upstream request.
    #[command(after_help = "Examples:
  onasis-gateway explain GET /api/v1/memories/7
  onasis-gateway explain POST https://auth.lanonasis.com/oauth/token
  onasis-gateway explain OPTIONS /api/v1/memory -H 'Origin: https://app.lanonasis.com' -H 'Access-Control-Request-Method: POST'")]
    Explain(Explain),
    /// Make a running gateway read its files again.
    Reload(Reload),
    /// Print the JSON schema of a configuration file.
    Schema(Schema),
    /// Explain a diagnostic's code, such as `unknown-upstream`.
    ExplainError {
        /// The code in the brackets of `error[code]`.
        code: String,
    },
    /// Print completions for a shell.
    Completions { shell: Shell },
    /// Print the manual page (roff).
    #[command(hide = true)]
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Also connect to every endpoint once, TLS included, and ask its health path.
    #[arg(long)]
    pub(crate) connect: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Output {
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The request's method.
    pub(crate) method: String,
    /// A URL, or a path on the gateway's own host.
    pub(crate) url: String,
    /// A request header; may be given several times.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Reload {
    /// Wait for the outcome: exit 0 when the new configuration is live, 1 when it was refused.
    #[arg(long)]
    pub(crate) wait: bool,
    /// The admin socket, when it is not the one the configuration names.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) socket: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Which file's schema.
    #[arg(value_enum, default_value_t = SchemaOf::Routes)]
    pub(crate) of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    Routes,
    Gateway,
}
