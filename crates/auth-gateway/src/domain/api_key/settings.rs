//! What the owner of an API key chooses. Names are those of the HTTP interface.

use super::refusal::Refusal;
use event_store::Timestamp;
use identity_contract::{Scope, ScopeSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// What its owner calls it; at most 200 characters.
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) access_level: AccessLevel,
    pub(crate) key_context: KeyContext,
    /// What it may do, never more than its owner could when it was made; narrowed again whenever it is used.
    pub(crate) permissions: ScopeSet,
    pub(crate) project_scope: Option<String>,
    pub(crate) binding: Option<Binding>,
    pub(crate) expires_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccessLevel {
    Public,
    #[default]
    Authenticated,
    Team,
    Admin,
    Enterprise,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyContext {
    #[default]
    Personal,
    Team,
    Enterprise,
}

/// Which of the platform's third-party services the key may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ServiceAccess {
    #[default]
    All,
    /// Those in `ServiceScopes`.
    Specific,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceScopes {
    pub(crate) service_keys: Vec<String>,
    #[serde(default)]
    pub(crate) rate_limits: BTreeMap<String, RateLimit>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RateLimit {
    pub(crate) per_minute: Option<u32>,
    pub(crate) per_day: Option<u32>,
}

/// The only callers that may use the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Binding {
    /// Empty: any.
    pub(crate) audiences: Vec<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) installation_id: Option<String>,
    pub(crate) public_key_pem: Option<String>,
    pub(crate) public_key_jwk: Option<Value>,
    pub(crate) require_request_signature: bool,
}

impl Settings {
    /// Whether it was made for the context, whose memories it then has by its very name.
    pub(crate) fn has_memories_of(&self, context: KeyContext) -> bool {
        let memories = context.memories();
        self.permissions.iter().any(|scope| *scope == memories)
    }
}

impl KeyContext {
    /// What keys of the context have besides.
    pub(crate) fn memories(self) -> Scope {
        let memories = match self {
            Self::Personal => "memories:personal:*",
            Self::Team => "memories:team:*",
            Self::Enterprise => "memories:*",
        };
        memories.parse().expect("a scope of the platform")
    }
}

/// The permissions that a request for a key asks for: where it says nothing of scopes, `legacy:full_access`, which clients of old
/// count on; a context that is named adds its memories. The caller narrows them to the owner's (`ScopeSet::granted_within`).
///
/// # Errors
/// The scopes are an empty list: who asks for none must not get all.
pub(crate) fn requested_permissions(
    scopes: Option<ScopeSet>,
    context: Option<KeyContext>,
) -> Result<ScopeSet, Refusal> {
    let mut permissions = scopes.unwrap_or_else(|| ScopeSet::from_iter([Scope::legacy_full_access()]));
    if permissions.is_empty() {
        return Err(Refusal::NoScopes);
    }
    if let Some(context) = context {
        permissions.insert(context.memories());
    }
    Ok(permissions)
}
