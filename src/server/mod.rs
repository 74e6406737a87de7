//! The daemon: listeners, the accept loop, signals, and the way down.

pub(crate) mod connection;
mod drain;
mod listener;
mod run;
mod signals;

pub(crate) use run::{RunError, run};
