//! Answers that come no sooner than after a while, longer than the work behind them: when they come tells nothing about it.

use std::time::Duration;

/// For an answer behind which there is a hash.
pub(crate) const HASHED: Duration = Duration::from_millis(250);
/// For an answer behind which there is a letter.
pub(crate) const WRITTEN: Duration = Duration::from_millis(100);

/// What `work` comes to, when both it and the time are over.
pub(crate) async fn no_sooner_than<T>(least: Duration, work: impl Future<Output = T>) -> T {
    tokio::join!(work, tokio::time::sleep(least)).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn what_is_done_at_once_is_not_answered_at_once() {
        let hour = Duration::from_secs(3600);
        assert_eq!(no_sooner_than(hour, async { 1 }).now_or_never(), None);
        assert_eq!(no_sooner_than(Duration::ZERO, async { 1 }).await, 1);
    }
}
