//! `run`: the daemon in the foreground.

use super::{Outcome, REFUSED_CONFIGURATION, load};
use crate::server;
use config_text::environment::Environment;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(gateway_file: &Path, environment: Environment) -> Outcome {
    // Our own words at `info`, everybody else's from `warn`; RUST_LOG decides otherwise.
    let filter = environment
        .get("RUST_LOG")
        .unwrap_or("warn,onasis_gateway=info")
        .to_owned();
    env_logger::Builder::new()
        .parse_filters(&filter)
        .format_timestamp_millis()
        .init();
    let Some(configuration) = load(gateway_file, &environment) else {
        return Ok(ExitCode::from(REFUSED_CONFIGURATION));
    };
    server::run(configuration, gateway_file.to_owned(), environment)?;
    Ok(ExitCode::SUCCESS)
}
