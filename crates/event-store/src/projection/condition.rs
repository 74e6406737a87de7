//! How a running projection is: what is logged once, and how long it waits before it tries again.

use std::time::Duration;

/// Whoever mends what does not mend itself waits for the projection no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Well,
    /// The database does not answer.
    Unavailable(String),
    /// The rows can't be made by this program as the log is: trying that again, which may read the whole log, is worth less
    /// each time.
    Stuck {
        reason: String,
        pause: Duration,
    },
}

impl Condition {
    /// Stuck again or for the first time.
    pub(super) fn stuck(&self, reason: String, poll: Duration) -> Condition {
        let pause = match self {
            Condition::Stuck { reason: before, pause } if *before == reason => {
                (*pause * 2).min(LONGEST_PAUSE).max(poll)
            }
            _ => poll,
        };
        Condition::Stuck { reason, pause }
    }

    /// Whether this is not yet known to who has heard of `before`.
    pub(super) fn is_news_after(&self, before: &Condition) -> bool {
        match (before, self) {
            (Condition::Stuck { reason: before, .. }, Condition::Stuck { reason, .. }) => before != reason,
            (Condition::Well, Condition::Well) | (Condition::Unavailable(_), Condition::Unavailable(_)) => false,
            _ => true,
        }
    }

    /// Before the next step.
    pub(super) fn pause(&self, poll: Duration) -> Duration {
        match self {
            Condition::Well | Condition::Unavailable(_) => poll,
            Condition::Stuck { pause, .. } => *pause,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_stuck_is_said_once_and_tried_ever_more_seldom() {
        let mut condition = Condition::Well;
        let mut pauses = Vec::new();
        for round in 0..11 {
            let next = condition.stuck("version 2".to_owned(), POLL);
            assert_eq!(next.is_news_after(&condition), round == 0, "{round}");
            pauses.push(next.pause(POLL).as_secs());
            condition = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn another_reason_is_said_and_tried_soon() {
        let first = Condition::Well.stuck("one".to_owned(), POLL);
        let first = first.stuck("one".to_owned(), POLL);
        let second = first.stuck("two".to_owned(), POLL);
        assert!(second.is_news_after(&first) && second.pause(POLL) == POLL);
        assert!(Condition::Well.is_news_after(&second));
    }

    #[test]
    fn a_database_that_does_not_answer_is_asked_at_each_poll_and_told_of_once() {
        let [one, other] = ["one", "other"].map(|reason| Condition::Unavailable(reason.to_owned()));
        assert!(one.is_news_after(&Condition::Well) && !other.is_news_after(&one));
        assert_eq!(other.pause(POLL), POLL);
    }
}
