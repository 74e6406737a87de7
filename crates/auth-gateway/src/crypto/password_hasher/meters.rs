//! What operators see of hashing.

use prometheus::{Histogram, IntCounter, IntGauge};

#[derive(Clone, Debug)]
pub(crate) struct Meters {
    /// Passwords that wait for their turn.
    pub(crate) waiting: IntGauge,
    /// Passwords being hashed.
    pub(crate) running: IntGauge,
    /// Hashings refused because too many waited.
    pub(crate) refused: IntCounter,
    /// Seconds of one hashing, waiting left out.
    pub(crate) durations: Histogram,
}

/// One more, until it is dropped.
pub(super) struct Counted(IntGauge);

impl Counted {
    pub(super) fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
