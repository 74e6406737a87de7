//! What the edge tells its operator: access-log lines and metrics.

pub(crate) mod access_log;
pub(crate) mod metrics;
