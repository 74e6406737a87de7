//! What happens to sessions.

use crate::domain::ids::{ClientId, TokenId, UserId};
use crate::domain::key_hash::KeyHash;
use crate::domain::platform::Platform;
use crate::domain::role::Role;
use event_store::Timestamp;
use identity_contract::{AuthMethod, ScopeSet};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload")]
pub(crate) enum SessionEvent {
    /// Personal: `Device`.
    #[serde(rename = "session.started")]
    Started {
        user_id: UserId,
        #[serde(default)]
        user_epoch: u64,
        client_id: Option<ClientId>,
        platform: Platform,
        method: AuthMethod,
        scopes: ScopeSet,
        role: Option<Role>,
        project_scope: Option<String>,
        expires_at: Timestamp,
        idle_ms: Option<u64>,
        handle: Option<KeyHash>,
        issue: Option<TokenIssue>,
    },
    /// The refresh token was exchanged for the next.
    #[serde(rename = "session.refreshed")]
    Refreshed { generation: u32, issue: TokenIssue },
    /// A refresh token was presented that had been used up. Personal: `Device`, the presenter's.
    #[serde(rename = "session.replay_detected")]
    ReplayDetected { presented: u32, current: u32 },
    #[serde(rename = "session.ended")]
    Ended { reason: EndReason },
}

/// What an access token is rebuilt from, to the byte (with the session's state and the key).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenIssue {
    pub(crate) jti: TokenId,
    /// Seconds since the epoch, as in the claim.
    pub(crate) iat: i64,
    /// The signing key.
    pub(crate) kid: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndReason {
    Logout,
    /// Its user ended it from elsewhere.
    ByOwner,
    ByAdministrator,
    /// A refresh token was used twice.
    Replayed,
    /// Another login took its place in the same browser.
    Superseded,
    /// A client gave its tokens back (RFC 7009).
    Revoked,
    /// Its time was over.
    Expired,
}
