//! The revocation feed: what is no longer valid, in the order in which it happened, as server-sent events.
//!
//! A reader resumes with `Last-Event-ID`, the position of the last event it has seen; between events come comments, so that a
//! reader notices a dead connection.

use crate::Instant;
use serde::{Deserialize, Serialize};

pub const REVOCATION_FEED_PATH: &str = "/v1/auth/revocations";
/// The name of the feed's events.
const EVENT: &str = "revocation";

/// Something is no longer what answers given before `position` said about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Revocation {
    /// The event's place in the auth gateway's log: 1-based, rising; not every position is a revocation.
    pub position: u64,
    pub at: Instant,
    pub kind: RevocationKind,
    /// Of the session, token family, user, API key, client or signing key.
    pub id: String,
}

/// What a revocation is about. A reader drops every answer that names it, and asks again before it serves or keeps open a
/// stream for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationKind {
    /// The session and every token issued in it.
    Session,
    /// The refresh tokens of one login, after one of them was replayed; the id is the session's.
    TokenFamily,
    /// Any of the user's credentials may be void: password changed, sessions ended, role changed, disabled or erased.
    User,
    /// The key was revoked, deleted, rotated or changed.
    ApiKey,
    /// Credentials issued to the client, and the client's own.
    Client,
    /// The key that has this `kid` was withdrawn: any token may be one that somebody else signed with it.
    SigningKey,
}

/// Why the data of an event of the feed is no revocation. Its reader trusts none of its answers until it has caught up again.
#[derive(Debug, thiserror::Error)]
#[error("the revocation feed sent what is no revocation: {0}")]
pub struct UnreadableRevocation(#[from] serde_json::Error);

impl Revocation {
    /// The event as the feed writes it (HTML standard, section 9.2.6), the empty line at its end included.
    #[must_use]
    pub fn to_sse(&self) -> String {
        let data = serde_json::to_string(self).expect("numbers and text can be written as JSON");
        format!("id: {}\nevent: {EVENT}\ndata: {data}\n\n", self.position)
    }

    /// Reads the `data` of an event.
    ///
    /// # Errors
    /// It is no revocation, or of an unknown kind.
    pub fn from_data(data: &str) -> Result<Self, UnreadableRevocation> {
        Ok(serde_json::from_str(data)?)
    }
}

#[cfg(test)]
mod tests;
