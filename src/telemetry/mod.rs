//! What the edge tells its operator: access-log lines and metrics.

pub(crate) mod access_log;
mod json_line;
mod log_queue;
pub(crate) mod metrics;
mod redaction;

use std::time::SystemTime;

/// Seconds since the Unix epoch.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
