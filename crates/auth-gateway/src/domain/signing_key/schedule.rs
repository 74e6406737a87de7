//! When keys change, as steps which somebody must take.

use super::{Phase, SigningKeys};
use event_store::Timestamp;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// For how long a key is shown before it signs: longer than readers keep the JWKS.
    pub(crate) publish_ahead: Duration,
    /// For how long it signs.
    pub(crate) active_for: Duration,
    /// For how long it is shown afterwards: longer than any token lives.
    pub(crate) overlap: Duration,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make a key, and publish it.
    Publish,
    /// Let the key sign, and the one before retire.
    Activate { kid: String },
    /// Forget the key.
    Retire { kid: String },
}

/// The steps due now, in the order in which they are to be taken; none when all is well. After `Publish`, ask again: without any
/// active key the new one is activated at once.
pub(crate) fn due(keys: &SigningKeys, schedule: Schedule, now: Timestamp) -> Vec<Step> {
    let over = keys
        .keys
        .iter()
        .filter(|key| matches!(key.phase, Phase::Retiring { until, .. } if now >= until));
    let mut steps: Vec<Step> = over.map(|key| Step::Retire { kid: key.kid.clone() }).collect();
    let next = keys.keys.iter().find(|key| key.phase == Phase::Published);
    let active_since = keys.keys.iter().find_map(|key| match key.phase {
        Phase::Active { since } => Some(since),
        Phase::Published | Phase::Retiring { .. } => None,
    });
    match (active_since, next) {
        (None, None) => steps.push(Step::Publish),
        (None, Some(next)) => steps.push(Step::Activate { kid: next.kid.clone() }),
        (Some(since), None) if now.plus(schedule.publish_ahead) >= since.plus(schedule.active_for) => {
            steps.push(Step::Publish);
        }
        (Some(since), Some(next)) => {
            let is_over = now >= since.plus(schedule.active_for);
            let is_known = now >= next.published_at.plus(schedule.publish_ahead);
            if is_over && is_known {
                steps.push(Step::Activate { kid: next.kid.clone() });
            }
        }
        (Some(_), None) => {}
    }
    steps
}
