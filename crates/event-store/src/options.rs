//! How a store uses its database.

use std::time::Duration;

/// See `Options::default` for the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Connections that read.
    pub readers: u32,
    /// Commands that share one transaction at most.
    pub batch: usize,
    /// Commands that wait at most; more are refused at once.
    pub queue: usize,
    /// How often a subscription looks for events that nobody announced.
    pub poll: Duration,
    /// How long a reader waits for a connection, and everybody for a lock.
    pub patience: Duration,
    /// Creates a missing SQLite database and applies missing migrations when the store is opened.
    pub create: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            batch: 256,
            queue: 4096,
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(5),
            create: false,
        }
    }
}
