//! What the edge tells its operator: access-log lines and metrics.

pub(crate) mod access_log;
mod json_line;
pub(crate) mod metrics;

use std::time::SystemTime;

/// Seconds since the Unix epoch.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
