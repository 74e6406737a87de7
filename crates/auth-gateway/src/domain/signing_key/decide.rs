//! What may be done to signing keys, and what follows.

use super::event::{RetireReason, SigningKeyEvent};
use super::{Phase, SigningKeys, WithdrawReason};
use crate::domain::fact::Fact;
use event_store::Timestamp;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Publish(NewKey),
    /// Another key is to sign as soon as it was shown for long enough.
    RequestRotation,
    /// Another key signs from now on: the one that is shown already, else `successor`. The one before is shown for `overlap`
    /// more.
    Replace {
        successor: NewKey,
        overlap: Duration,
    },
    /// The key signs from now on; the one before is shown for `overlap` more.
    Activate {
        kid: String,
        overlap: Duration,
    },
    Retire {
        kid: String,
    },
    /// Whatever the key signed is void from now on. Where it is the one that signs, `successor` takes its place, and not the one
    /// that is shown: that is as old, and kept in the same place.
    Withdraw {
        kid: String,
        reason: WithdrawReason,
        successor: NewKey,
    },
}

/// A key's public half, not published yet.
#[derive(Clone, Debug)]
pub(crate) struct NewKey {
    pub(crate) kid: String,
    pub(crate) algorithm: String,
    pub(crate) public_key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such key")]
    KeyUnknown,
    #[error("the key exists already")]
    KeyExists,
    #[error("a retiring key does not sign again")]
    KeyRetiring,
    #[error("what the key signed is still good")]
    StillNeeded,
}

/// What follows from the command: nothing when it is so already.
///
/// # Errors
/// The key is unknown, or its time has not come.
pub(crate) fn decide(state: Option<&SigningKeys>, command: Command, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let none = SigningKeys::default();
    let keys = state.unwrap_or(&none);
    let phase = |kid: &str| keys.get(kid).map(|key| key.phase).ok_or(Refusal::KeyUnknown);
    match command {
        Command::Publish(new) => Ok(facts([publish(keys, new)?])),
        Command::RequestRotation => Ok(facts(request_rotation(keys))),
        Command::Replace { successor, overlap } => {
            let next = keys.next().map(|next| next.kid.clone());
            let published = match next {
                Some(_) => None,
                None => Some(publish(keys, successor.clone())?),
            };
            let activated = activate(keys, next.unwrap_or(successor.kid), now.plus(overlap));
            Ok(facts(published.into_iter().chain(activated)))
        }
        Command::Activate { kid, overlap } => match phase(&kid)? {
            Phase::Active { .. } => Ok(Vec::new()),
            Phase::Retiring { .. } => Err(Refusal::KeyRetiring),
            Phase::Published => Ok(facts(activate(keys, kid, now.plus(overlap)))),
        },
        Command::Retire { kid } => match phase(&kid)? {
            Phase::Retiring { until, .. } if now >= until => {
                let reason = RetireReason::Scheduled;
                Ok(facts([SigningKeyEvent::Retired { kid, reason }]))
            }
            Phase::Published | Phase::Active { .. } | Phase::Retiring { .. } => Err(Refusal::StillNeeded),
        },
        Command::Withdraw { kid, reason, successor } => {
            let reason = reason.into();
            let withdrawn = [SigningKeyEvent::Withdrawn {
                kid: kid.clone(),
                reason,
            }];
            match phase(&kid)? {
                Phase::Published | Phase::Retiring { .. } => Ok(facts(withdrawn)),
                Phase::Active { .. } => {
                    let activated = SigningKeyEvent::Activated {
                        kid: successor.kid.clone(),
                    };
                    let succeeded = [publish(keys, successor)?, activated];
                    Ok(facts(withdrawn.into_iter().chain(succeeded)))
                }
            }
        }
    }
}

fn facts(events: impl IntoIterator<Item = SigningKeyEvent>) -> Vec<Fact> {
    events.into_iter().map(|event| Fact::new(&event)).collect()
}

fn publish(keys: &SigningKeys, new: NewKey) -> Result<SigningKeyEvent, Refusal> {
    let NewKey {
        kid,
        algorithm,
        public_key,
    } = new;
    match keys.get(&kid) {
        Some(_) => Err(Refusal::KeyExists),
        None => Ok(SigningKeyEvent::Published {
            kid,
            algorithm,
            public_key,
        }),
    }
}

/// Nothing where no key signs, which the schedule sees to at once.
fn request_rotation(keys: &SigningKeys) -> Option<SigningKeyEvent> {
    let active = keys.active()?;
    match active.phase {
        Phase::Active {
            rotation_requested_at: None,
            ..
        } => Some(SigningKeyEvent::RotationRequested {
            kid: active.kid.clone(),
        }),
        Phase::Active { .. } | Phase::Published | Phase::Retiring { .. } => None,
    }
}

fn activate(keys: &SigningKeys, kid: String, until: Timestamp) -> impl Iterator<Item = SigningKeyEvent> {
    let former = keys.active().map(|former| SigningKeyEvent::Retiring {
        kid: former.kid.clone(),
        until,
    });
    former.into_iter().chain([SigningKeyEvent::Activated { kid }])
}
