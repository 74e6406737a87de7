//! The identity provider of the LanOnasis platform. Modules in reading order; each uses only those below it.

mod commands;
mod cli;
pub mod http;
mod app;
mod deliveries;
mod mail;
pub mod telemetry;
mod config;
mod crypto;
mod domain;
mod clock;
mod rfc3339;

use clap::Parser as _;
use std::process::ExitCode;

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    // Two crates of ours bring a TLS provider each; the process uses one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    commands::run(cli::Cli::parse())
}
