//! The daemon: listeners, the accept loop, signals, and the way down.

mod drain;
mod health_checks;
mod listener;
mod run;
mod signals;

pub(crate) use run::run;
