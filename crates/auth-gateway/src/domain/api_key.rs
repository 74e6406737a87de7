//! API keys: long-lived credentials of a user, found by their hash.

mod decide;
mod event;
mod refusal;
mod settings;

pub(crate) use decide::{Command, Creation, decide};
pub(crate) use event::{ApiKeyEvent, KeyOrigin, RevokeReason};
pub(crate) use refusal::Refusal;
pub(crate) use settings::{
    AccessLevel, Binding, KeyContext, RateLimit, ServiceAccess, ServiceScopes, Settings, requested_permissions,
};

use super::aggregate::{Aggregate, OutOfPlace, Told};
use super::fact::Fact;
use super::ids::{ApiKeyId, OrganizationId, UserId};
use super::key_hash::KeyHash;
use event_store::{Lookup, Timestamp};
use serde::{Deserialize, Serialize};

/// The kind of the lookup by hash.
pub(crate) const HASH_LOOKUP: &str = "api_key_hash";
/// The kind of the lookup by user, for lists.
pub(crate) const USER_LOOKUP: &str = "api_key_user";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ApiKey {
    pub(crate) id: ApiKeyId,
    pub(crate) user_id: UserId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) origin: KeyOrigin,
    pub(crate) settings: Settings,
    pub(crate) service: ServiceAccess,
    pub(crate) service_scopes: Option<ServiceScopes>,
    pub(crate) hash: KeyHash,
    /// Replaced, and not dead yet when the last rotation happened.
    pub(crate) former: Vec<FormerHash>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) rotated_at: Option<Timestamp>,
    pub(crate) phase: Phase,
}

/// A hash from before a rotation. At `valid_until` it is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormerHash {
    pub(crate) hash: KeyHash,
    pub(crate) valid_until: Timestamp,
}

/// Deleted is the end; a revoked key can only be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub(crate) enum Phase {
    Live,
    Revoked { at: Timestamp, reason: RevokeReason },
    Deleted { at: Timestamp },
}

/// Evidence that a hash opens a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// When it will not any more, if nothing happens before.
    pub(crate) until: Option<Timestamp>,
    /// The key was rotated, and its holder should learn the new one.
    pub(crate) is_former: bool,
}

/// Why a hash opens no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Dead {
    #[error("the key is another")]
    OtherKey,
    #[error("the key was revoked")]
    Revoked,
    #[error("the key was deleted")]
    Deleted,
    #[error("the key has expired")]
    Expired,
    #[error("the key was rotated")]
    Rotated,
}

impl ApiKey {
    /// The key that `facts` make: what the log's fold will come to.
    ///
    /// # Errors
    /// They make none.
    pub(crate) fn made(id: ApiKeyId, facts: &[Fact], at: Timestamp) -> Result<Self, &'static str> {
        let told = Told {
            stream: id.to_string(),
            at,
            sealed: None,
        };
        let mut key = None;
        for fact in facts {
            let event = fact.event().map_err(|_| "a fact is no event of a key")?;
            key = Some(Self::apply(key, event, &told).map_err(|OutOfPlace(why)| why)?);
        }
        key.ok_or("no facts")
    }

    /// Whether the hash opens the key. At the moment of its deadline a key is dead.
    ///
    /// # Errors
    /// Why it does not.
    pub(crate) fn accepts(&self, hash: &KeyHash, now: Timestamp) -> Result<Accepted, Dead> {
        match self.phase {
            Phase::Live => {}
            Phase::Revoked { .. } => return Err(Dead::Revoked),
            Phase::Deleted { .. } => return Err(Dead::Deleted),
        }
        let expires_at = self.settings.expires_at;
        if expires_at.is_some_and(|expires_at| now >= expires_at) {
            return Err(Dead::Expired);
        }
        if *hash == self.hash {
            return Ok(Accepted {
                until: expires_at,
                is_former: false,
            });
        }
        let former = self
            .former
            .iter()
            .find(|former| former.hash == *hash)
            .ok_or(Dead::OtherKey)?;
        if now >= former.valid_until {
            return Err(Dead::Rotated);
        }
        let until = expires_at.map_or(former.valid_until, |expires_at| expires_at.min(former.valid_until));
        Ok(Accepted {
            until: Some(until),
            is_former: true,
        })
    }

    /// `is_active` of the HTTP interface.
    pub(crate) fn is_active(&self, now: Timestamp) -> bool {
        self.accepts(&self.hash, now).is_ok()
    }

    fn rotate(&mut self, hash: KeyHash, old_valid_until: Timestamp, at: Timestamp) {
        // No hash outlives the deadline of a later one: a rotation without overlap leaves the new key alone.
        for former in &mut self.former {
            former.valid_until = former.valid_until.min(old_valid_until);
        }
        self.former.push(FormerHash {
            hash: self.hash,
            valid_until: old_valid_until,
        });
        self.former
            .retain(|former| former.valid_until > at && former.hash != hash);
        self.hash = hash;
        self.rotated_at = Some(at);
    }
}

impl Aggregate for ApiKey {
    type Event = ApiKeyEvent;

    fn apply(state: Option<Self>, event: ApiKeyEvent, told: &Told) -> Result<Self, OutOfPlace> {
        let Some(mut key) = state else {
            return create(event, told);
        };
        match (key.phase, event) {
            (_, ApiKeyEvent::Created { .. } | ApiKeyEvent::Imported { .. }) => {
                return Err(OutOfPlace("the key exists already"));
            }
            (Phase::Deleted { .. }, _) => return Err(OutOfPlace("the key was deleted before")),
            (_, ApiKeyEvent::Deleted {}) => key.phase = Phase::Deleted { at: told.at },
            (Phase::Revoked { .. }, _) => return Err(OutOfPlace("the key was revoked before")),
            (Phase::Live, ApiKeyEvent::Updated { settings }) => key.settings = settings,
            (Phase::Live, ApiKeyEvent::Rotated { hash, old_valid_until }) => key.rotate(hash, old_valid_until, told.at),
            (Phase::Live, ApiKeyEvent::Revoked { reason }) => key.phase = Phase::Revoked { at: told.at, reason },
            (
                Phase::Live,
                ApiKeyEvent::ServiceScopesChanged {
                    service,
                    service_scopes,
                },
            ) => {
                key.service = service;
                key.service_scopes = service_scopes;
            }
        }
        key.updated_at = told.at;
        Ok(key)
    }

    /// A deleted key is found by its id alone; one that opens nothing, not by its hash.
    fn lookups(&self) -> Vec<Lookup> {
        let by_hash = |hash: &KeyHash| Lookup {
            kind: HASH_LOOKUP.into(),
            key: hash.0.to_vec(),
        };
        let by_user = Lookup {
            kind: USER_LOOKUP.into(),
            key: self.user_id.0.as_bytes().to_vec(),
        };
        match self.phase {
            Phase::Deleted { .. } => Vec::new(),
            Phase::Revoked { .. } => vec![by_user],
            Phase::Live => {
                let hashes = self.former.iter().map(|former| &former.hash).chain([&self.hash]);
                hashes.map(by_hash).chain([by_user]).collect()
            }
        }
    }
}

fn create(event: ApiKeyEvent, told: &Told) -> Result<ApiKey, OutOfPlace> {
    let origin = match event {
        ApiKeyEvent::Imported { .. } => KeyOrigin::Imported,
        _ => KeyOrigin::Created,
    };
    let (ApiKeyEvent::Created {
        user_id,
        organization_id,
        hash,
        settings,
        service,
        service_scopes,
    }
    | ApiKeyEvent::Imported {
        user_id,
        organization_id,
        hash,
        settings,
        service,
        service_scopes,
    }) = event
    else {
        return Err(OutOfPlace("nothing happens to a key before it is made"));
    };
    Ok(ApiKey {
        id: told
            .stream
            .parse()
            .map_err(|_| OutOfPlace("the stream's id is no key id"))?,
        user_id,
        organization_id,
        origin,
        settings,
        service,
        service_scopes,
        hash,
        former: Vec::new(),
        created_at: told.at,
        updated_at: told.at,
        rotated_at: None,
        phase: Phase::Live,
    })
}

#[cfg(test)]
pub(crate) mod tests;
