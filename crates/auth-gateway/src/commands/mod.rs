//! One subcommand a file. Data goes to stdout, talk to stderr; 0 is fine, 1 failed, 2 a wrong call, 78 a refused
//! configuration.

mod administer;
mod alone;
mod assemble;
mod audit;
mod backup;
mod check;
mod clients;
mod completions;
mod data_folder;
mod doctor;
mod keys;
mod log;
mod migrate;
mod moment;
mod output;
mod projections;
mod serve;
mod sessions;
mod signing_keys;
mod state_at;
mod users;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use config_text::diagnostic::Severity;
use config_text::environment::Environment;

use crate::cli::{Cli, Command, Place};
use crate::config::{self, Loaded, Overrides, Settings};

/// `EX_CONFIG` of sysexits(3): a service manager need not try again.
const REFUSED_CONFIGURATION: u8 = 78;

/// A command's own failure, said once.
pub(crate) type Outcome = anyhow::Result<ExitCode>;

pub(crate) fn run(cli: Cli) -> ExitCode {
    let environment = Environment::from_process();
    let Cli { place, command } = cli;
    let outcome = match command {
        Command::Serve(options) => serve::run(&place, &options, &environment),
        Command::Check(wish) => check::run(&place, &environment, wish.output),
        Command::Migrate(wish) => migrate::run(&place, &environment, wish.output),
        Command::Users(users) => users::run(&place, &environment, users),
        Command::Clients(clients) => clients::run(&place, &environment, clients),
        Command::Keys(keys) => keys::run(&place, &environment, keys),
        Command::Sessions(sessions) => sessions::run(&place, &environment, sessions),
        Command::SigningKeys(keys) => signing_keys::run(&place, &environment, keys),
        Command::Log(log) => log::run(&place, &environment, log),
        Command::Audit(wish) => audit::run(&place, &environment, wish),
        Command::StateAt(wish) => state_at::run(&place, &environment, wish),
        Command::Projections(projections) => projections::run(&place, &environment, projections),
        Command::Backup { file, output } => backup::backup(&place, &environment, &file, output.output),
        Command::Restore { file, output } => backup::restore(&place, &environment, &file, output.output),
        Command::Doctor(wish) => doctor::run(&place, &environment, wish.output),
        Command::Schema => check::schema(),
        Command::ExplainError { code } => check::explain_error(&code),
        Command::Completions { shell } => completions::shell(shell),
        Command::Man => completions::manual(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// The settings, or the configuration's mistakes on stderr. Warnings are shown either way.
fn settings(place: &Place, listen: Option<std::net::SocketAddr>, environment: &Environment) -> Option<Settings> {
    configuration(place, listen, environment).settings
}

/// The same with what was found, for a command that tells it to programs too.
fn configuration(place: &Place, listen: Option<std::net::SocketAddr>, environment: &Environment) -> Loaded {
    let overrides = Overrides {
        data: place.data.clone(),
        database_url: place.database_url.clone().map(Into::into),
        listen,
    };
    let loaded = config::load(place.config.as_deref(), &overrides, environment);
    let colour = std::io::stderr().is_terminal() && environment.get("NO_COLOR").is_none_or(str::is_empty);
    let text = loaded.diagnostics.render(&loaded.sources, colour);
    if !text.is_empty() {
        eprintln!("{}", text.trim_end());
    }
    let errors = loaded.diagnostics.count(Severity::Error);
    if errors > 0 {
        let plural = if errors == 1 { "" } else { "s" };
        eprintln!("\nauth-gateway: {errors} error{plural} in the configuration");
    }
    loaded
}

/// Runs a command's work on a runtime of its own.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Prints data; a closed pipe (`| head`) ends quietly.
fn print(text: &str) -> Outcome {
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
