//! The command line, as an operator types it: exit codes, what goes to stdout and what to stderr, golden texts.

#[path = "../support/mod.rs"]
mod support;

mod check;
mod explain;
mod generated;
mod reload;
mod routes;
mod workspace;
