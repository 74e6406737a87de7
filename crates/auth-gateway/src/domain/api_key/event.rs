//! What happens to API keys. Nothing of it is personal; the owner is a user id.

use super::settings::{ServiceAccess, ServiceScopes, Settings};
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::key_hash::KeyHash;
use event_store::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload")]
pub(crate) enum ApiKeyEvent {
    #[serde(rename = "api_key.created")]
    Created {
        user_id: UserId,
        organization_id: OrganizationId,
        hash: KeyHash,
        settings: Settings,
        #[serde(default)]
        service: ServiceAccess,
        service_scopes: Option<ServiceScopes>,
    },
    /// A key of an older system, known by its hash alone.
    #[serde(rename = "api_key.imported")]
    Imported {
        user_id: UserId,
        organization_id: OrganizationId,
        hash: KeyHash,
        settings: Settings,
        #[serde(default)]
        service: ServiceAccess,
        service_scopes: Option<ServiceScopes>,
    },
    /// The settings as they are now, whole.
    #[serde(rename = "api_key.updated")]
    Updated { settings: Settings },
    #[serde(rename = "api_key.rotated")]
    Rotated { hash: KeyHash, old_valid_until: Timestamp },
    #[serde(rename = "api_key.revoked")]
    Revoked { reason: RevokeReason },
    #[serde(rename = "api_key.deleted")]
    Deleted {},
    #[serde(rename = "api_key.service_scopes_changed")]
    ServiceScopesChanged {
        service: ServiceAccess,
        service_scopes: Option<ServiceScopes>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyOrigin {
    Created,
    Imported,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RevokeReason {
    ByOwner,
    ByAdministrator,
    Compromised,
}
