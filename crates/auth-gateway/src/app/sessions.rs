//! A user's sessions: seen, and ended one by one or all at once.

use std::net::IpAddr;

use event_store::Timestamp;

use super::caller::{Actor, Caller};
use super::journal::Loaded;
use super::{App, Refusal};
use crate::crypto::claims::AccessClaims;
use crate::crypto::secret_text::SecretText;
use crate::domain::device::Device;
use crate::domain::ids::{SessionId, UserId};
use crate::domain::session::{self, EndReason, Session, USER_LOOKUP};
use crate::domain::user::{self, SessionsEnd, User};

/// A live session as its owner sees it.
#[derive(Clone, Debug)]
pub(crate) struct SeenSession {
    pub(crate) session: Session,
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
    pub(crate) last_used_at: Timestamp,
}

impl App {
    /// The user's live sessions, newest first.
    pub(crate) async fn sessions_of(&self, user: &User) -> Result<Vec<SeenSession>, Refusal> {
        let now = self.clock.now();
        let mut seen: Vec<SeenSession> = Vec::new();
        for Loaded { state: session, .. } in self
            .journal
            .find_all::<Session>(USER_LOOKUP, user.id.0.as_bytes())
            .await?
        {
            // Most of them, of a program that signs in again and again: not worth a question.
            if now >= session.expires_at {
                continue;
            }
            let last_used = self.usage.last_used(session.id.0, now).await?;
            if !session.is_live(now, last_used, user) {
                continue;
            }
            let device = match &session.device {
                Some(fact) => self
                    .subjects
                    .open::<Device>(&user.id.to_string(), fact, now)
                    .await?
                    .unwrap_or_default(),
                None => Device::default(),
            };
            let last_used_at = last_used.unwrap_or(session.refreshed_at).max(session.refreshed_at);
            let address = device.address.and_then(|text| text.parse().ok());
            seen.push(SeenSession {
                session,
                address,
                user_agent: device.user_agent,
                last_used_at,
            });
        }
        Ok(seen)
    }

    /// Ends one session; of `owner` only, when one is given.
    pub(crate) async fn end_session(
        &self,
        id: SessionId,
        owner: Option<UserId>,
        reason: EndReason,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let decided = |state: Option<&Session>| match state {
            Some(session) if owner.is_none_or(|owner| owner == session.user_id) => {
                Ok(session::decide(state, session::Command::End { reason }, now)?)
            }
            _ => Err(Refusal::NotFound("session")),
        };
        self.journal
            .change(&id.stream(), caller, now, decided, |change| change)
            .await?;
        Ok(())
    }

    /// Ends the session of an access token that has expired: who signs out late still has a refresh token. False when there
    /// was nothing to end.
    pub(crate) async fn end_lapsed_session(&self, token: &SecretText, caller: &Caller) -> Result<bool, Refusal> {
        let keys = self.keys.valid(self.clock.now())?;
        let Ok(claims) = self.expectations.verify_lapsed::<AccessClaims>(&keys, token.expose()) else {
            return Ok(false);
        };
        let (Ok(session), Ok(user)) = (claims.sid.parse::<SessionId>(), claims.sub.parse::<UserId>()) else {
            return Ok(false);
        };
        let caller = caller.acting_as(Actor::User(user.to_string()));
        match self.end_session(session, Some(user), EndReason::Logout, &caller).await {
            Ok(()) => Ok(true),
            Err(Refusal::NotFound(_) | Refusal::SessionEnded) => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// Ends all sessions of a user, except one if it is named.
    pub(crate) async fn end_sessions(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: SessionsEnd,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let decided =
            |state: Option<&User>| Ok(user::decide(state, user::Command::EndSessions { except, reason }, now)?);
        self.journal
            .change(&user.stream(), caller, now, decided, |change| change)
            .await?;
        Ok(())
    }
}
