//! Ends an exchange whose client stops in the middle of its request body.
//!
//! Over HTTP/1 Pingora's read timeout does it; over HTTP/2 it has none. As a deadline does, the watch shuts the
//! upstream's socket down, and the exchange ends.

use super::abort_handle::AbortHandle;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long it may take the system to say that a socket has room.
const TO_TELL: Duration = Duration::from_millis(100);

/// A request body on its way, shared with the watching task.
#[derive(Debug)]
struct Progress {
    started: Instant,
    /// Milliseconds from `started` to the last piece.
    last: AtomicU64,
    stalled: AtomicBool,
}

/// A running watch; dropping it ends it.
#[derive(Debug)]
pub(crate) struct UploadWatch {
    progress: Arc<Progress>,
    task: JoinHandle<()>,
}

impl Drop for UploadWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl UploadWatch {
    /// Between two pieces of the body there may be `limit`.
    pub(crate) fn start(limit: Duration, upstream: Arc<AbortHandle>) -> Self {
        let progress = Arc::new(Progress {
            started: Instant::now(),
            last: AtomicU64::new(0),
            stalled: AtomicBool::new(false),
        });
        let task = tokio::spawn(watch(Arc::clone(&progress), limit, upstream));
        Self { progress, task }
    }

    /// A piece of the body has come.
    pub(crate) fn touch(&self) {
        let elapsed = u64::try_from(self.progress.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.progress.last.store(elapsed, Ordering::Relaxed);
    }

    /// Whether the exchange was ended for want of a piece.
    pub(crate) fn stalled(&self) -> bool {
        self.progress.stalled.load(Ordering::Relaxed)
    }
}

async fn watch(progress: Arc<Progress>, limit: Duration, upstream: Arc<AbortHandle>) {
    loop {
        let due = progress.started + Duration::from_millis(progress.last.load(Ordering::Relaxed)) + limit;
        if due > Instant::now() {
            tokio::time::sleep_until(due).await;
        } else if tokio::time::timeout(TO_TELL, upstream.has_room()).await.is_ok() {
            break;
        } else {
            // Nobody reads from the client while the upstream takes nothing: that is not the client's fault.
            tokio::time::sleep(limit).await;
        }
    }
    progress.stalled.store(true, Ordering::Relaxed);
    upstream.abort();
}
