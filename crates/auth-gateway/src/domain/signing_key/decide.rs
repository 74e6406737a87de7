//! What may be done to signing keys, and what follows.

use super::event::{RetireReason, SigningKeyEvent};
use super::{Phase, SigningKeys};
use crate::domain::fact::Fact;
use event_store::Timestamp;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Publish {
        kid: String,
        algorithm: String,
        public_key: String,
    },
    /// The key signs from now on; the one before is shown for `overlap` more.
    Activate {
        kid: String,
        overlap: Duration,
    },
    Retire {
        kid: String,
    },
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
        Command::Publish { kid, .. } if keys.get(&kid).is_some() => Err(Refusal::KeyExists),
        Command::Publish {
            kid,
            algorithm,
            public_key,
        } => Ok(vec![Fact::new(&SigningKeyEvent::Published {
            kid,
            algorithm,
            public_key,
        })]),
        Command::Activate { kid, overlap } => match phase(&kid)? {
            Phase::Active { .. } => Ok(Vec::new()),
            Phase::Retiring { .. } => Err(Refusal::KeyRetiring),
            Phase::Published => Ok(activate(keys, kid, now.plus(overlap))),
        },
        Command::Retire { kid } => match phase(&kid)? {
            Phase::Retiring { until, .. } if now >= until => {
                let reason = RetireReason::Scheduled;
                Ok(vec![Fact::new(&SigningKeyEvent::Retired { kid, reason })])
            }
            Phase::Published | Phase::Active { .. } | Phase::Retiring { .. } => Err(Refusal::StillNeeded),
        },
    }
}

fn activate(keys: &SigningKeys, kid: String, until: Timestamp) -> Vec<Fact> {
    let former = keys.active().map(|former| SigningKeyEvent::Retiring {
        kid: former.kid.clone(),
        until,
    });
    let activated = SigningKeyEvent::Activated { kid };
    former.iter().chain([&activated]).map(Fact::new).collect()
}
