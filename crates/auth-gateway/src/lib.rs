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
