//! Watches one exchange with an upstream: first byte, idle and total deadlines.
//!
//! Ordinary routes whose first-byte and idle limits are equal and that have no total limit need no watch: Pingora's own
//! read timeout does it. All others get a task that shuts the upstream's socket down when a deadline has passed.

use super::abort_handle::AbortHandle;
use crate::routes::route::Timeouts;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expired {
    FirstByte,
    Idle,
    Total,
}

const RUNNING: u8 = 0;

/// The progress of an exchange, shared with the watching task.
#[derive(Debug)]
struct Progress {
    started: Instant,
    /// Milliseconds from `started` to the last byte in either direction.
    last: AtomicU64,
    head_seen: std::sync::atomic::AtomicBool,
    expired: AtomicU8,
}

/// A running watch; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Watch {
    progress: Arc<Progress>,
    task: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether a route's limits are more than one read timeout can express.
pub(crate) fn needs_watch(timeouts: &Timeouts, is_stream: bool) -> bool {
    is_stream || timeouts.total.is_some() || timeouts.first_byte != timeouts.idle
}

/// The read timeout Pingora enforces: never tighter than what the watch enforces.
pub(crate) fn read_timeout(timeouts: &Timeouts, is_stream: bool) -> Option<Duration> {
    (!is_stream).then(|| timeouts.first_byte.max(timeouts.idle))
}

impl Watch {
    /// Starts watching a connection. `request_started` is when the edge took the request on.
    pub(crate) fn start(timeouts: Timeouts, request_started: Instant, connection: Arc<AbortHandle>) -> Self {
        let progress = Arc::new(Progress {
            started: Instant::now(),
            last: AtomicU64::new(0),
            head_seen: std::sync::atomic::AtomicBool::new(false),
            expired: AtomicU8::new(RUNNING),
        });
        let total = timeouts.total.map(|total| request_started + total);
        let task = tokio::spawn(watch(Arc::clone(&progress), timeouts, total, connection));
        Self { progress, task }
    }

    /// A byte went in either direction.
    pub(crate) fn touch(&self) {
        let elapsed = u64::try_from(self.progress.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.last.store(elapsed, Ordering::Relaxed);
    }

    /// The head of the answer is here: from now on the idle limit counts.
    pub(crate) fn head_seen(&self) {
        self.touch();
        self.progress.head_seen.store(true, Ordering::Relaxed);
    }

    pub(crate) fn expired(&self) -> Option<Expired> {
        match self.progress.expired.load(Ordering::Relaxed) {
            1 => Some(Expired::FirstByte),
            2 => Some(Expired::Idle),
            3 => Some(Expired::Total),
            _ => None,
        }
    }
}

async fn watch(progress: Arc<Progress>, timeouts: Timeouts, total: Option<Instant>, connection: Arc<AbortHandle>) {
    let expired = loop {
        let head_seen = progress.head_seen.load(Ordering::Relaxed);
        let quiet = if head_seen { timeouts.idle } else { timeouts.first_byte };
        let last = progress.started + Duration::from_millis(progress.last.load(Ordering::Relaxed));
        let quiet_until = last + quiet;
        let now = Instant::now();
        match total {
            Some(total) if total <= now => break Expired::Total,
            _ if quiet_until <= now => break if head_seen { Expired::Idle } else { Expired::FirstByte },
            // A head that arrives meanwhile may bring a tighter limit: look again by then.
            _ => {
                let next = if head_seen {
                    quiet_until
                } else {
                    quiet_until.min(now + timeouts.idle)
                };
                tokio::time::sleep_until(total.map_or(next, |total| total.min(next))).await;
            }
        }
    };
    progress.expired.store(expired as u8 + 1, Ordering::Relaxed);
    connection.abort();
}
