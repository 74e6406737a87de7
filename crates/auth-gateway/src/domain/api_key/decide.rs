//! What may be done to API keys, and what follows.

use super::event::{ApiKeyEvent, KeyOrigin, RevokeReason};
use super::refusal::{MAX_DESCRIPTION_CHARS, MAX_FORMER_HASHES, MAX_NAME_CHARS, Refusal};
use super::settings::{ServiceAccess, ServiceScopes, Settings};
use super::{ApiKey, Phase};
use crate::domain::fact::Fact;
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::key_hash::KeyHash;
use event_store::Timestamp;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Create(Box<Creation>),
    /// The settings as they shall be, whole.
    Update {
        settings: Box<Settings>,
    },
    /// The hash that counts so far goes on for `overlap`, and dies then.
    Rotate {
        hash: KeyHash,
        overlap: Duration,
    },
    Revoke {
        reason: RevokeReason,
    },
    Delete,
    ChangeServiceScopes {
        service: ServiceAccess,
        service_scopes: Option<ServiceScopes>,
    },
}

/// A new key, or one of an older system.
#[derive(Clone, Debug)]
pub(crate) struct Creation {
    pub(crate) origin: KeyOrigin,
    pub(crate) user_id: UserId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) hash: KeyHash,
    pub(crate) settings: Settings,
    pub(crate) service: ServiceAccess,
    pub(crate) service_scopes: Option<ServiceScopes>,
}

/// What follows from the command: nothing when it is so already. A deleted key is as unknown as one that never was.
///
/// # Errors
/// The key's phase does not allow it, or its settings are unfit.
pub(crate) fn decide(state: Option<&ApiKey>, command: Command, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let (key, command) = match (state, command) {
        (None, Command::Create(creation)) => return create(*creation, now),
        (Some(_), Command::Create(_)) => return Err(Refusal::KeyExists),
        (None, _) => return Err(Refusal::KeyUnknown),
        (Some(key), command) => (key, command),
    };
    match (key.phase, command) {
        (Phase::Deleted { .. }, Command::Delete) | (Phase::Revoked { .. }, Command::Revoke { .. }) => Ok(Vec::new()),
        (Phase::Deleted { .. }, _) => Err(Refusal::KeyUnknown),
        (Phase::Live | Phase::Revoked { .. }, Command::Delete) => Ok(vec![Fact::new(&ApiKeyEvent::Deleted {})]),
        (Phase::Revoked { .. }, _) => Err(Refusal::KeyRevoked),
        (Phase::Live, command) => change(key, command, now),
    }
}

fn change(key: &ApiKey, command: Command, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let event = match command {
        Command::Update { settings } if *settings == key.settings => return Ok(Vec::new()),
        Command::Update { settings } => {
            let is_new_expiry = settings.expires_at != key.settings.expires_at;
            check(&settings, is_new_expiry.then_some(now))?;
            ApiKeyEvent::Updated { settings: *settings }
        }
        Command::Rotate { hash, overlap } => {
            check_rotation(key, &hash, now)?;
            let old_valid_until = now.plus(overlap);
            ApiKeyEvent::Rotated { hash, old_valid_until }
        }
        Command::Revoke { reason } => ApiKeyEvent::Revoked { reason },
        Command::ChangeServiceScopes {
            service,
            service_scopes,
        } => ApiKeyEvent::ServiceScopesChanged {
            service,
            service_scopes,
        },
        Command::Create(_) => return Err(Refusal::KeyExists),
        Command::Delete => ApiKeyEvent::Deleted {},
    };
    Ok(vec![Fact::new(&event)])
}

fn check_rotation(key: &ApiKey, hash: &KeyHash, now: Timestamp) -> Result<(), Refusal> {
    if key.settings.expires_at.is_some_and(|expires_at| now >= expires_at) {
        return Err(Refusal::KeyExpired);
    }
    let mut alive = key.former.iter().filter(|former| former.valid_until > now);
    if *hash == key.hash || alive.clone().any(|former| former.hash == *hash) {
        return Err(Refusal::HashInUse);
    }
    match alive.nth(MAX_FORMER_HASHES - 1) {
        Some(_) => Err(Refusal::TooManyRotations),
        None => Ok(()),
    }
}

fn create(creation: Creation, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    check(&creation.settings, Some(now))?;
    let Creation {
        origin,
        user_id,
        organization_id,
        hash,
        settings,
        service,
        service_scopes,
    } = creation;
    let event = match origin {
        KeyOrigin::Created => ApiKeyEvent::Created {
            user_id,
            organization_id,
            hash,
            settings,
            service,
            service_scopes,
        },
        KeyOrigin::Imported => ApiKeyEvent::Imported {
            user_id,
            organization_id,
            hash,
            settings,
            service,
            service_scopes,
        },
    };
    Ok(vec![Fact::new(&event)])
}

/// `now`: given when the expiry is new, and must lie ahead.
fn check(settings: &Settings, now: Option<Timestamp>) -> Result<(), Refusal> {
    let name = settings.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(Refusal::NameUnfit);
    }
    let description = settings.description.as_deref().unwrap_or_default();
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(Refusal::DescriptionTooLong);
    }
    if settings.permissions.is_empty() {
        return Err(Refusal::NoPermissions);
    }
    match (settings.expires_at, now) {
        (Some(expires_at), Some(now)) if expires_at <= now => Err(Refusal::ExpiryPassed),
        _ => Ok(()),
    }
}
