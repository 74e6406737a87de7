//! Sessions: one login, its cookie, and its family of refresh tokens, which is a counter.

mod decide;
mod event;

pub(crate) use decide::{Command, Opening, Refusal, decide};
pub(crate) use event::{EndReason, SessionEvent, TokenIssue};

use super::aggregate::{Aggregate, OutOfPlace, Told};
use super::ids::{ClientId, SessionId, UserId};
use super::key_hash::KeyHash;
use super::platform::Platform;
use super::role::Role;
use super::sealed::SealedFact;
use super::user::User;
use event_store::{Lookup, Timestamp};
use identity_contract::{AuthMethod, ScopeSet};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The kind of the lookup by the cookie's handle.
pub(crate) const HANDLE_LOOKUP: &str = "session_handle";
/// The kind of the lookup by user, for lists.
pub(crate) const USER_LOOKUP: &str = "session_user";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    /// The user's epoch in which it began; see `SessionsEpoch`.
    pub(crate) user_epoch: u64,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) platform: Platform,
    pub(crate) method: AuthMethod,
    pub(crate) scopes: ScopeSet,
    /// The user's role at the login.
    pub(crate) role: Option<Role>,
    pub(crate) project_scope: Option<String>,
    pub(crate) started_at: Timestamp,
    /// The absolute end, however much it is used.
    pub(crate) expires_at: Timestamp,
    /// It ends after being unused for so long, in milliseconds.
    pub(crate) idle_ms: Option<u64>,
    /// SHA-256 of the cookie's handle.
    pub(crate) handle: Option<KeyHash>,
    /// Opens to a `Device`.
    pub(crate) device: Option<SealedFact>,
    /// Of the refresh token that counts: 1 for the login's.
    pub(crate) generation: u32,
    /// The access token issued together with it.
    pub(crate) issue: Option<TokenIssue>,
    /// When that was.
    pub(crate) refreshed_at: Timestamp,
    pub(crate) phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub(crate) enum Phase {
    Open,
    Ended { at: Timestamp, reason: EndReason },
}

/// What a presented refresh token deserves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    /// It is the one that counts: it is used up, and another takes its place.
    Rotate { next: u32 },
    /// It was used up a moment ago, and its client asks again: the same successor, built from the same facts.
    Repeat { generation: u32, issue: TokenIssue },
    /// Somebody else has used it: the whole family ends.
    Replay,
}

impl Session {
    /// What becomes of a genuine refresh token of this session. Whether the session is live is another question, asked first.
    pub(crate) fn presented(&self, generation: u32, now: Timestamp, grace: Duration) -> Presented {
        if generation == self.generation {
            return match generation.checked_add(1) {
                Some(next) => Presented::Rotate { next },
                None => Presented::Replay,
            };
        }
        let is_former = generation.checked_add(1) == Some(self.generation);
        match &self.issue {
            Some(issue) if is_former && now < self.refreshed_at.plus(grace) => Presented::Repeat {
                generation: self.generation,
                issue: issue.clone(),
            },
            _ => Presented::Replay,
        }
    }

    /// Whether it counts: open, in time, and not ended by an event of its user. `last_seen` counts when it is later than the
    /// last refresh. At the moment of an expiry it is over.
    pub(crate) fn is_live(&self, now: Timestamp, last_seen: Option<Timestamp>, user: &User) -> bool {
        let used_at = last_seen.map_or(self.refreshed_at, |seen| seen.max(self.refreshed_at));
        let is_idle = self
            .idle_ms
            .is_some_and(|idle| now >= used_at.plus(Duration::from_millis(idle)));
        self.phase == Phase::Open
            && now < self.expires_at
            && !is_idle
            && user.id == self.user_id
            && user.admits(self.id, self.user_epoch)
    }
}

impl Aggregate for Session {
    type Event = SessionEvent;

    fn apply(state: Option<Self>, event: SessionEvent, told: &Told) -> Result<Self, OutOfPlace> {
        let Some(mut session) = state else {
            return start(event, told);
        };
        match (&session.phase, event) {
            (_, SessionEvent::Started { .. }) => return Err(OutOfPlace("the session has started already")),
            (Phase::Ended { .. }, _) => return Err(OutOfPlace("the session has ended")),
            (Phase::Open, SessionEvent::Refreshed { generation, issue }) => {
                session.generation = generation;
                session.issue = Some(issue);
                session.refreshed_at = told.at;
            }
            (Phase::Open, SessionEvent::ReplayDetected { .. }) => {}
            (Phase::Open, SessionEvent::Ended { reason }) => session.phase = Phase::Ended { at: told.at, reason },
        }
        Ok(session)
    }

    /// Once ended it is found by its id alone.
    fn lookups(&self) -> Vec<Lookup> {
        if self.phase != Phase::Open {
            return Vec::new();
        }
        let lookup = |kind: &'static str, key: Vec<u8>| Lookup { kind: kind.into(), key };
        let handle = self.handle.map(|handle| lookup(HANDLE_LOOKUP, handle.0.to_vec()));
        let user = lookup(USER_LOOKUP, self.user_id.0.as_bytes().to_vec());
        handle.into_iter().chain([user]).collect()
    }
}

fn start(event: SessionEvent, told: &Told) -> Result<Session, OutOfPlace> {
    let SessionEvent::Started {
        user_id,
        user_epoch,
        client_id,
        platform,
        method,
        scopes,
        role,
        project_scope,
        expires_at,
        idle_ms,
        handle,
        issue,
    } = event
    else {
        return Err(OutOfPlace("nothing happens to a session before it starts"));
    };
    Ok(Session {
        id: told
            .stream
            .parse()
            .map_err(|_| OutOfPlace("the stream's id is no session id"))?,
        user_id,
        user_epoch,
        client_id,
        platform,
        method,
        scopes,
        role,
        project_scope,
        started_at: told.at,
        expires_at,
        idle_ms,
        handle,
        device: told.sealed.clone(),
        generation: 1,
        issue,
        refreshed_at: told.at,
        phase: Phase::Open,
    })
}

#[cfg(test)]
pub(crate) mod tests;
