//! The command line, as an operator types it: exit codes, what goes to stdout and what to stderr, golden texts.

mod deliveries;
mod erasure;
mod evidence;
mod formats;
mod generated;
mod history;
mod import;
mod installation;
mod life;
mod mistyped;
mod names;
mod permissions;
mod postgres;
mod reading;
mod restore;
mod roles;
mod service_manager;
mod signing_keys;
