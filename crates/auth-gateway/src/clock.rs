//! The clock, as an argument.

use event_store::Timestamp;
use identity_contract::Instant;

/// Tells the time.
pub(crate) trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from(std::time::SystemTime::now())
    }
}

/// A time as the contract with the edge has it.
pub(crate) fn instant(time: Timestamp) -> Instant {
    Instant::from_unix_millis(time.0)
}
