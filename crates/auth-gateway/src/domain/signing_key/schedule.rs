//! When keys change, as steps which somebody must take.

use super::{Phase, SigningKey, SigningKeys};
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
    let active = keys.keys.iter().find_map(|key| match key.phase {
        Phase::Active {
            since,
            rotation_requested_at,
        } => Some((since, rotation_requested_at.is_some())),
        Phase::Published | Phase::Retiring { .. } => None,
    });
    match (active, keys.next()) {
        (None, None) => steps.push(Step::Publish),
        (None, Some(next)) => steps.push(Step::Activate { kid: next.kid.clone() }),
        (Some((since, is_asked_for)), None) => {
            let is_soon_over = now.plus(schedule.publish_ahead) >= since.plus(schedule.active_for);
            if is_asked_for || is_soon_over {
                steps.push(Step::Publish);
            }
        }
        (Some((since, is_asked_for)), Some(next)) => {
            let is_over = is_asked_for || now >= since.plus(schedule.active_for);
            if is_over && now >= known_from(next, schedule) {
                steps.push(Step::Activate { kid: next.kid.clone() });
            }
        }
    }
    steps
}

/// Whoever has read the JWKS as often as is asked of readers knows the key from then on.
fn known_from(key: &SigningKey, schedule: Schedule) -> Timestamp {
    key.published_at.plus(schedule.publish_ahead)
}

/// The key that is to sign, after a rotation was asked for or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Successor {
    pub(crate) kid: String,
    pub(crate) signs: Signs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signs {
    Now,
    From(Timestamp),
}

/// The key that waits to sign, else the one that signs.
pub(crate) fn successor(keys: &SigningKeys, schedule: Schedule) -> Option<Successor> {
    let waiting = keys.next().map(|next| (next, Signs::From(known_from(next, schedule))));
    let (key, signs) = waiting.or_else(|| Some((keys.active()?, Signs::Now)))?;
    let kid = key.kid.clone();
    Some(Successor { kid, signs })
}
