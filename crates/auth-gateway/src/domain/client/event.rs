//! What happens to clients. Nothing of it is personal.

use crate::domain::key_hash::KeyHash;
use event_store::Timestamp;
use identity_contract::ScopeSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload")]
pub(crate) enum ClientEvent {
    #[serde(rename = "client.registered")]
    Registered {
        kind: ClientKind,
        settings: ClientSettings,
        /// Of the secret of a confidential client.
        hash: Option<KeyHash>,
    },
    #[serde(rename = "client.secret_rotated")]
    SecretRotated { hash: KeyHash, old_valid_until: Timestamp },
    #[serde(rename = "client.disabled")]
    Disabled {},
}

/// Whether the client can keep a secret (RFC 6749 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientKind {
    Confidential,
    Public,
}

/// What administrators choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientSettings {
    pub(crate) name: String,
    /// The most that a credential issued to it may allow.
    pub(crate) allowed_scopes: ScopeSet,
    #[serde(default)]
    pub(crate) capabilities: BTreeSet<Capability>,
    /// Whose credentials it learns about; without any, those of the whole platform.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) audiences: BTreeSet<String>,
    /// Compared as whole strings (RFC 9700 section 2.1).
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
}

/// What a client may ask of the auth gateway in its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Capability {
    /// Who a credential stands for.
    Introspect,
    /// To follow the revocation feed.
    Feed,
    /// To read the audit log.
    Audit,
}
