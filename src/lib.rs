//! The edge daemon of the LanOnasis platform. Modules in reading order; each uses only those below it.

mod commands;
mod cli;
mod server;
mod control;
mod proxy;
mod connection;
mod endpoints;
mod answer;
mod live;
mod telemetry;
mod config;
mod upstreams;
mod routes;
mod filters;

use clap::Parser;
use std::process::ExitCode;

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    // Two crates of ours bring a TLS provider each; the process uses one.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        log::debug!("a TLS provider was installed before");
    }
    commands::run(cli::Cli::parse())
}

/// How the binary was built: `plain`, or `pgo` with a profile of the benchmark's workload.
pub(crate) const fn build_profile() -> &'static str {
    match option_env!("ONASIS_BUILD") {
        Some(profile) => profile,
        None => "plain",
    }
}
