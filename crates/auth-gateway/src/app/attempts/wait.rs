//! How long the next attempt waits.

use std::time::Duration;

use event_store::{Record, Timestamp};

use super::REMEMBERED;
use crate::app::Refusal;
use crate::config::settings::Patience;

/// Whether one more attempt may be made, after those that are written down and beside `at_once` others.
pub(super) fn admits(
    patience: Patience,
    written: Option<&Record>,
    at_once: u32,
    now: Timestamp,
) -> Result<(), Refusal> {
    let count = written.map_or(0, |record| record.count);
    if let Some(expires) = written.and_then(|record| record.expires) {
        let wait = after(patience, count);
        let until = expires.minus(REMEMBERED).plus(wait);
        // Of two requests at once the one that came first may be counted last: without a wait that is no reason to refuse.
        if !wait.is_zero() && until > now {
            return Err(Refusal::TooManyAttempts {
                retry_after: until.since(now),
            });
        }
    }
    // Beyond the free attempts one goes on at a time.
    let with_this = count.saturating_add(i64::from(at_once)).saturating_add(1);
    if at_once > 0 && with_this > i64::from(patience.free_attempts) {
        return Err(Refusal::TooManyAttempts {
            retry_after: after(patience, with_this),
        });
    }
    Ok(())
}

/// How many may be written down when the attempt ends; more would have had it refused.
pub(super) fn ceiling(patience: Patience, written: Option<&Record>) -> i64 {
    let count = written.map_or(0, |record| record.count);
    count.max(i64::from(patience.free_attempts) - 1)
}

/// The wait after `count` attempts, doubling from the first that is not free.
fn after(patience: Patience, count: i64) -> Duration {
    let beyond = count - i64::from(patience.free_attempts);
    match u32::try_from(beyond) {
        Err(_) if beyond < 0 => Duration::ZERO,
        Err(_) => patience.longest_wait,
        Ok(doublings) => {
            let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
            patience.first_wait.saturating_mul(factor).min(patience.longest_wait)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);
    const PATIENCE: Patience = Patience {
        free_attempts: 3,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(60),
    };

    fn written(count: i64, last: Timestamp) -> Record {
        Record {
            count,
            value: Vec::new(),
            expires: Some(last.plus(REMEMBERED)),
        }
    }

    #[test]
    fn waits_double_after_the_free_attempts_and_have_a_longest() {
        let waits: Vec<u64> = (0..12).map(|count| after(PATIENCE, count).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(after(PATIENCE, i64::MAX).as_secs(), 60);
    }

    #[test]
    fn who_need_not_wait_is_not_refused_for_having_come_before_the_last_one_counted() {
        let counted_later = |count| written(count, NOW.plus(Duration::from_millis(5)));
        assert!(admits(PATIENCE, Some(&counted_later(2)), 0, NOW).is_ok());
        assert!(admits(PATIENCE, Some(&counted_later(3)), 0, NOW).is_err());
    }

    #[test]
    fn of_many_at_once_only_the_free_ones_pass() {
        let passing = |count, last| {
            let written = written(count, last);
            (0..50)
                .filter(|at_once| admits(PATIENCE, Some(&written), *at_once, NOW).is_ok())
                .count()
        };
        assert_eq!(passing(0, NOW), 3);
        assert_eq!(passing(2, NOW), 1);
        assert_eq!(ceiling(PATIENCE, Some(&written(0, NOW))), 2);
        let long_ago = NOW.minus(Duration::from_secs(3600));
        assert_eq!(passing(7, long_ago), 1);
        assert_eq!(ceiling(PATIENCE, Some(&written(7, long_ago))), 7);
    }
}
