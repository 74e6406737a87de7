//! The command line, as an operator types it: exit codes, what goes to stdout and what to stderr, golden texts.

#![allow(unreachable_pub, reason = "a test binary has no users")]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod explain;
mod generated;
mod reload;
mod routes;
mod workspace;
