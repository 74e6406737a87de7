//! The live tail of the log.

use crate::error::Unavailable;
use crate::event::{Event, Position};
use crate::store::Store;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Events that one call returns at most.
const PAGE: u32 = 256;

/// Every event after a position, once and in order. Dropping it ends it; nothing is kept for it anywhere.
#[derive(Debug)]
pub struct Subscription {
    store: Store,
    bell: watch::Receiver<()>,
    position: Position,
    /// The database did not answer the last time.
    failed: bool,
}

impl Store {
    /// Events after `from`, as they come: 0 for all.
    #[must_use]
    pub fn subscribe(&self, from: Position) -> Subscription {
        Subscription {
            store: self.clone(),
            bell: self.inner.bell.subscribe(),
            position: from,
            failed: false,
        }
    }
}

impl Subscription {
    /// The position of the last event that was returned.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next events, at least one; waits until there are any. May be cancelled: what was not returned comes next time.
    ///
    /// # Errors
    /// If the database does not answer. The next call tries again, after a pause.
    pub async fn next(&mut self) -> Result<Vec<Event>, Unavailable> {
        let poll = self.store.inner.options.poll;
        if self.failed {
            sleep(poll).await;
        }
        loop {
            // Before reading: what is appended while we read rings again.
            self.bell.mark_unchanged();
            let found = self.store.events_after(self.position, PAGE).await;
            self.failed = found.is_err();
            let events = found?;
            if let Some(last) = events.last() {
                self.position = last.position;
                return Ok(events);
            }
            // Nobody rings for another process on SQLite, and PostgreSQL's bell may be out of order. The sender lives as
            // long as our store.
            let _ = timeout(poll, self.bell.changed()).await;
        }
    }
}
