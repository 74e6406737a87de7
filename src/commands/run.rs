//! `run`: the daemon in the foreground.

use super::{Outcome, REFUSED_CONFIGURATION, load};
use crate::server;
use config_text::environment::Environment;
use log::LevelFilter;
use std::path::Path;
use std::process::ExitCode;

/// Libraries that see request heads, and the most they may say whatever `RUST_LOG` asks for: below that they print heads,
/// and with them credentials. What goes wrong in Pingora's proxy is in the access log and the metrics.
const TELL_HEADS: [(&str, LevelFilter); 4] = [
    ("pingora_proxy", LevelFilter::Off),
    ("pingora_core", LevelFilter::Warn),
    ("pingora_http", LevelFilter::Warn),
    ("h2", LevelFilter::Warn),
];

pub(super) fn run(gateway_file: &Path, environment: Environment) -> Outcome {
    // Our own words at `info`, everybody else's from `warn`; RUST_LOG decides otherwise.
    let filter = environment
        .get("RUST_LOG")
        .unwrap_or("warn,onasis_gateway=info")
        .to_owned();
    let mut diagnostics = env_logger::Builder::new();
    diagnostics.parse_filters(&filter).format_timestamp_millis();
    for (library, most) in TELL_HEADS {
        diagnostics.filter_module(library, most);
    }
    diagnostics.init();
    let Some(configuration) = load(gateway_file, &environment) else {
        return Ok(ExitCode::from(REFUSED_CONFIGURATION));
    };
    server::run(configuration, gateway_file.to_owned(), environment)?;
    Ok(ExitCode::SUCCESS)
}
