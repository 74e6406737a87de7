//! One subcommand a file. Data goes to stdout, talk to stderr; 0 is fine, 1 failed, 2 a wrong call, 78 a refused configuration.

mod check;
mod completions;
mod explain;
mod explain_error;
mod reload;
mod routes;
mod run;
mod schema;

use crate::cli::{Cli, Command};
use crate::config::{self, Configuration, GatewaySettings};
use config_text::diagnostic::{Diagnostics, Severity, Sources};
use config_text::environment::Environment;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// `EX_CONFIG` of sysexits(3): a service manager need not try again.
const REFUSED_CONFIGURATION: u8 = 78;

/// A command's own failure, said once.
pub(crate) type Outcome = anyhow::Result<ExitCode>;

pub(crate) fn run(cli: Cli) -> ExitCode {
    let environment = Environment::from_process();
    let outcome = match cli.command {
        Command::Run => run::run(&cli.config, environment),
        Command::Check(options) => check::run(&cli.config, &environment, &options),
        Command::Routes(options) => routes::run(&cli.config, &environment, options.output),
        Command::Explain(options) => explain::run(&cli.config, &environment, &options),
        Command::Reload(options) => reload::run(&cli.config, &environment, &options),
        Command::Schema(options) => schema::run(options.of),
        Command::ExplainError { code } => explain_error::run(&code),
        Command::Completions { shell } => completions::shell(shell),
        Command::Man => completions::manual(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// The configuration, or its mistakes on stderr. Warnings are shown either way.
fn load(gateway_file: &Path, environment: &Environment) -> Option<Configuration> {
    let loaded = config::load(gateway_file, environment);
    report(&loaded.diagnostics, &loaded.sources, environment);
    loaded.configuration
}

/// The daemon's settings alone: the route map may have any mistake.
fn load_settings(gateway_file: &Path, environment: &Environment) -> Option<GatewaySettings> {
    let loaded = config::load_settings(gateway_file, environment);
    report(&loaded.diagnostics, &loaded.sources, environment);
    loaded.settings
}

fn report(diagnostics: &Diagnostics, sources: &Sources, environment: &Environment) {
    let colour = std::io::stderr().is_terminal() && environment.get("NO_COLOR").is_none_or(str::is_empty);
    let text = diagnostics.render(sources, colour);
    if !text.is_empty() {
        eprintln!("{}", text.trim_end());
    }
    let errors = diagnostics.count(Severity::Error);
    if errors > 0 {
        let plural = if errors == 1 { "" } else { "s" };
        eprintln!("\nonasis-gateway: {errors} error{plural} in the configuration");
    }
}

/// Prints data; a closed pipe (`| head`) ends quietly.
fn print(text: &str) -> Outcome {
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
