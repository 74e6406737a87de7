//! What the program tells its operator: JSON logs and metrics. `docs/auth/logs.md` and `docs/auth/metrics.md` document them.

pub(crate) mod letters;
pub mod log;
pub(crate) mod log_queue;
pub mod metrics;

/// The log target of the one line that every request leaves.
pub(crate) const ACCESS: &str = "access";
