//! The command line: what can be said, not what it does.

mod examples;
mod history;
mod signing_keys;

pub(crate) use history::{Audit, Log, Projections, StateAt, Thing};
pub(crate) use signing_keys::SigningKeys;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

/// A mistyped overlap must not make a secret that never dies.
const LONGEST_OVERLAP: Duration = Duration::from_secs(365 * 24 * 3600);
const LONGEST_LIFETIME: Duration = Duration::from_secs(3650 * 24 * 3600);

/// The identity provider of the LanOnasis platform.
#[derive(Debug, Parser)]
#[command(name = "auth-gateway", version, propagate_version = true, max_term_width = 120)]
#[command(after_help = "Examples:
  auth-gateway serve --data ./data         serve on loopback with a SQLite database in ./data
  auth-gateway serve -c conf/auth.yaml     serve as the file says
  auth-gateway users create ada@example.org --data ./data --generate-password
  auth-gateway keys create laptop --user ada@example.org --data ./data")]
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
    #[command(after_help = examples::SERVE)]
    Serve(Serve),
    /// Read the configuration and report every mistake in it.
    Check(Output),
    /// Make the database's tables, or bring them up to date.
    Migrate(Output),
    /// Users: create, list, show, reset-password, set-role, disable, enable, erase.
    #[command(subcommand)]
    Users(Users),
    /// Service clients: create, list, rotate, disable.
    #[command(subcommand)]
    Clients(Clients),
    /// API keys: create, list, rotate, revoke, import.
    #[command(subcommand)]
    Keys(Keys),
    /// Sessions: list, end.
    #[command(subcommand)]
    Sessions(Sessions),
    /// The keys that sign tokens: list, rotate, withdraw.
    #[command(subcommand)]
    SigningKeys(SigningKeys),
    /// The event log: verify, export, checkpoint, checkpoint-key.
    #[command(subcommand)]
    Log(Log),
    /// What happened, by subject, actor, kind and time.
    #[command(after_help = examples::AUDIT)]
    Audit(Audit),
    /// A user, session, key or client as it was.
    #[command(after_help = examples::STATE_AT)]
    StateAt(StateAt),
    /// Projections: list, rebuild, compare, resume.
    #[command(subcommand)]
    Projections(Projections),
    /// Write a consistent backup; the gateway may be serving.
    #[command(after_help = examples::BACKUP)]
    Backup {
        /// The file to write, or `-` for stdout.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Read a backup into an empty database, of either kind.
    #[command(after_help = examples::RESTORE)]
    Restore {
        /// The file to read, or `-` for stdin.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Look for what is wrong: configuration, database, keys, log, projections, deliveries, mail.
    Doctor(Output),
    /// Print the JSON schema of the configuration file.
    Schema,
    /// Explain a diagnostic's code, such as `unknown-key`.
    #[command(after_help = examples::EXPLAIN_ERROR)]
    ExplainError {
        /// The code in the brackets of `error[code]`.
        code: String,
    },
    /// Print completions for a shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// Whose syntax.
        shell: Shell,
    },
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

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// How to print.
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// Make a user. The password is read from stdin, or made and printed once with --generate-password.
    #[command(after_help = examples::USERS_CREATE)]
    Create {
        /// The e-mail address to sign in with.
        email: String,
        /// What the person is called.
        #[arg(long)]
        name: Option<String>,
        /// `authenticated`, `admin`, or another role of the configuration.
        #[arg(long, default_value = "authenticated")]
        role: String,
        /// The address need not be verified by mail.
        #[arg(long)]
        verified: bool,
        /// Make a password and print it.
        #[arg(long)]
        generate_password: bool,
        #[command(flatten)]
        output: Output,
    },
    /// List users.
    List(Output),
    /// Show one, by id or e-mail address.
    #[command(after_help = examples::USERS_SHOW)]
    Show {
        /// An id or an e-mail address.
        user: String,
        #[command(flatten)]
        output: Output,
    },
    /// Send a link to choose a new password.
    #[command(after_help = examples::USERS_RESET_PASSWORD)]
    ResetPassword {
        /// An id or an e-mail address.
        user: String,
        #[command(flatten)]
        output: Output,
    },
    /// Give another role.
    #[command(after_help = examples::USERS_SET_ROLE)]
    SetRole {
        /// An id or an e-mail address.
        user: String,
        /// `authenticated`, `admin`, or another role of the configuration.
        role: String,
        #[command(flatten)]
        output: Output,
    },
    /// End all sessions and let nobody in.
    #[command(after_help = examples::USERS_DISABLE)]
    Disable {
        /// An id or an e-mail address.
        user: String,
        /// Why, as the log tells it.
        #[arg(long, value_enum, default_value_t = DisableReason::ByAdministrator)]
        reason: DisableReason,
        #[command(flatten)]
        output: Output,
    },
    /// Let a disabled user in again.
    #[command(after_help = examples::USERS_ENABLE)]
    Enable {
        /// An id or an e-mail address.
        user: String,
        #[command(flatten)]
        output: Output,
    },
    /// Destroy the user's data key: nothing personal in the log can be read again. Can not be undone. A SQLite database is
    /// written anew for it, while who writes waits.
    #[command(after_help = examples::USERS_ERASE)]
    Erase {
        /// An id or an e-mail address.
        user: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        output: Output,
    },
}

/// Why a user is disabled, as the log tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DisableReason {
    /// Who operates the platform decided so.
    ByAdministrator,
    /// The owner asked for it.
    ByOwner,
    /// Somebody else has the password or a session.
    Compromised,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Clients {
    /// Make a service client; its secret is shown once.
    #[command(after_help = examples::CLIENTS_CREATE)]
    Create {
        /// A name such as `onasis-edge`; it is also the client's id.
        id: String,
        /// What it may do; several are separated by commas.
        #[arg(long, value_enum, value_delimiter = ',', default_value = "introspect,feed")]
        may: Vec<May>,
        /// Learns only about credentials meant for these audiences, separated by commas. Without any, about all of the platform's.
        #[arg(long = "audience", value_name = "AUDIENCE", value_delimiter = ',')]
        audiences: Vec<String>,
        #[command(flatten)]
        output: Output,
    },
    /// List clients.
    List(Output),
    /// Make a new secret; the old one works for the overlap.
    #[command(after_help = examples::CLIENTS_ROTATE)]
    Rotate {
        /// The client's id.
        id: String,
        /// Such as `30m`; `0s` ends the old one at once; 365d at most.
        #[arg(long, default_value = "1h", value_parser = overlap)]
        overlap: Duration,
        #[command(flatten)]
        output: Output,
    },
    /// Refuse a client from now on.
    #[command(after_help = examples::CLIENTS_DISABLE)]
    Disable {
        /// The client's id.
        id: String,
        #[command(flatten)]
        output: Output,
    },
}

/// What a service client may ask in its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum May {
    /// Who a credential stands for.
    Introspect,
    /// To follow the revocation feed.
    Feed,
    /// To read the audit log.
    Audit,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make an API key; it is shown once.
    #[command(after_help = examples::KEYS_CREATE)]
    Create {
        /// What its owner calls it; no two live keys of one user share a name.
        name: String,
        /// The owner, by id or e-mail address.
        #[arg(long)]
        user: String,
        /// Scopes, separated by commas; without any, everything the owner may.
        #[arg(long, value_delimiter = ',')]
        scopes: Vec<String>,
        /// For example `90d`; 3650d at most.
        #[arg(long, value_parser = lifetime)]
        expires_in: Option<Duration>,
        #[command(flatten)]
        output: Output,
    },
    /// List a user's keys.
    #[command(after_help = examples::KEYS_LIST)]
    List {
        /// An id or an e-mail address.
        #[arg(long)]
        user: String,
        #[command(flatten)]
        output: Output,
    },
    /// Make a new key text; the old one works for the overlap.
    #[command(after_help = examples::KEYS_ROTATE)]
    Rotate {
        /// The key's id, as `keys list` shows it.
        id: String,
        /// Such as `2h`; `0s` ends the old one at once. Without it, what the configuration says.
        #[arg(long, value_parser = humantime::parse_duration)]
        overlap: Option<Duration>,
        #[command(flatten)]
        output: Output,
    },
    /// Refuse a key from now on.
    #[command(after_help = examples::KEYS_REVOKE)]
    Revoke {
        /// The key's id, as `keys list` shows it.
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Take old keys over by their SHA-256, from JSON lines on a file or `-`:
    /// {"sha256":"<64 hex>","user":"<id or e-mail>","name":"…","scopes":["…"],"prefix":"lns_"}
    /// The prefix is `lano_` (of keys with 64 hex figures behind it), `lns_` or `vx_`: no other key can be presented.
    #[command(verbatim_doc_comment, after_help = examples::KEYS_IMPORT)]
    Import {
        /// JSON lines, or `-` for stdin. A file may be given again: what was imported before is passed over.
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// List a user's live sessions.
    #[command(after_help = examples::SESSIONS_LIST)]
    List {
        /// An id or an e-mail address.
        #[arg(long)]
        user: String,
        #[command(flatten)]
        output: Output,
    },
    /// End one session.
    #[command(after_help = examples::SESSIONS_END)]
    End {
        /// The session's id, as `sessions list` shows it.
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// End all sessions of a user.
    #[command(after_help = examples::SESSIONS_END_ALL)]
    EndAll {
        /// An id or an e-mail address.
        #[arg(long)]
        user: String,
        #[command(flatten)]
        output: Output,
    },
}

fn overlap(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(overlap) if overlap <= LONGEST_OVERLAP => Ok(overlap),
        Ok(_) => Err("365d at most".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// As long as the HTTP interface allows: beyond, the date of its end could not be written (RFC 3339 ends with the year 9999).
fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if lifetime.is_zero() || lifetime > LONGEST_LIFETIME {
        return Err("more than 0s, and 3650d at most".to_owned());
    }
    Ok(lifetime)
}

#[cfg(test)]
mod tests;
