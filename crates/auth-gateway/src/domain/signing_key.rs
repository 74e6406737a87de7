//! The keys that sign tokens: published before they sign, and shown for as long as what they signed may live.

mod decide;
mod event;
mod reason;
mod schedule;

pub(crate) use decide::{Command, NewKey, Refusal, decide};
pub(crate) use event::SigningKeyEvent;
pub(crate) use reason::WithdrawReason;
pub(crate) use schedule::{Schedule, Signs, Step, Successor, due, successor};

use super::aggregate::{Aggregate, OutOfPlace, Told};
use event_store::{Lookup, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

/// All keys that are neither retired nor withdrawn, oldest first; one stream for the installation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SigningKeys {
    pub(crate) keys: Vec<SigningKey>,
}

/// A key's public half. The private half is a record, wrapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SigningKey {
    /// RFC 7517 section 4.5; unique.
    pub(crate) kid: String,
    /// RFC 7518 section 3.1 and RFC 8037: `EdDSA`.
    pub(crate) algorithm: String,
    /// In base64url, as in a JWK's `x` (RFC 8037 section 2).
    pub(crate) public_key: String,
    pub(crate) published_at: Timestamp,
    pub(crate) phase: Phase,
}

/// Retired and withdrawn keys are in the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Shown, so that caches know it before it signs.
    Published,
    /// Signs; there is at most one.
    Active {
        since: Timestamp,
        /// Another one is to take over before the schedule says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rotation_requested_at: Option<Timestamp>,
    },
    /// Signs no more; what it signed is still good until then.
    Retiring { since: Timestamp, until: Timestamp },
}

/// The stream of the installation's keys.
pub(crate) fn stream() -> StreamId {
    StreamId::new("signing_keys", "default")
}

impl SigningKeys {
    /// The key that signs.
    pub(crate) fn active(&self) -> Option<&SigningKey> {
        self.keys.iter().find(|key| matches!(key.phase, Phase::Active { .. }))
    }

    /// The keys to show in the JWKS, and to verify with: at its end a retiring key counts no more.
    pub(crate) fn valid(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        let is_valid = move |key: &&SigningKey| match key.phase {
            Phase::Published | Phase::Active { .. } => true,
            Phase::Retiring { until, .. } => now < until,
        };
        self.keys.iter().filter(is_valid)
    }

    /// The key that is shown and waits to sign: the one that has waited longest.
    fn next(&self) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.phase == Phase::Published)
    }

    pub(crate) fn get(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    fn get_mut(&mut self, kid: &str) -> Result<&mut SigningKey, OutOfPlace> {
        let found = self.keys.iter_mut().find(|key| key.kid == kid);
        found.ok_or(OutOfPlace("there is no such key"))
    }
}

impl Aggregate for SigningKeys {
    type Event = SigningKeyEvent;

    fn apply(state: Option<Self>, event: SigningKeyEvent, told: &Told) -> Result<Self, OutOfPlace> {
        let mut keys = state.unwrap_or_default();
        match event {
            SigningKeyEvent::Published { kid, .. } if keys.get(&kid).is_some() => {
                return Err(OutOfPlace("the key is published already"));
            }
            SigningKeyEvent::Published {
                kid,
                algorithm,
                public_key,
            } => keys.keys.push(SigningKey {
                kid,
                algorithm,
                public_key,
                published_at: told.at,
                phase: Phase::Published,
            }),
            SigningKeyEvent::RotationRequested { kid } => match &mut keys.get_mut(&kid)?.phase {
                Phase::Active {
                    rotation_requested_at, ..
                } => *rotation_requested_at = Some(told.at),
                Phase::Published | Phase::Retiring { .. } => return Err(OutOfPlace("the key does not sign")),
            },
            SigningKeyEvent::Activated { kid } => {
                if keys.active().is_some() {
                    return Err(OutOfPlace("another key is active"));
                }
                keys.get_mut(&kid)?.phase = Phase::Active {
                    since: told.at,
                    rotation_requested_at: None,
                };
            }
            SigningKeyEvent::Retiring { kid, until } => {
                keys.get_mut(&kid)?.phase = Phase::Retiring { since: told.at, until };
            }
            SigningKeyEvent::Retired { kid, .. } | SigningKeyEvent::Withdrawn { kid, .. } => {
                keys.get_mut(&kid)?;
                keys.keys.retain(|key| key.kid != kid);
            }
        }
        Ok(keys)
    }

    /// None: the stream has a fixed name.
    fn lookups(&self) -> Vec<Lookup> {
        Vec::new()
    }
}

#[cfg(test)]
pub(crate) mod tests;
