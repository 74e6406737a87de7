//! Users: their account, their standing, and since when their sessions count.

mod decide;
mod event;

pub(crate) use decide::{Command, Refusal, Registration, decide};
pub(crate) use event::{
    DisableReason, EmailFact, LoginFact, PasswordFact, Profile, SessionsEnd, UserEvent, UserSource,
};

use super::aggregate::{Aggregate, OutOfPlace, Told};
use super::ids::{OrganizationId, SessionId, UserId};
use super::role::Role;
use super::sealed::SealedFact;
use event_store::{Lookup, Timestamp};
use serde::{Deserialize, Serialize};

/// An account. Everything personal is in the sealed facts, which are gone once it is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) organization_id: OrganizationId,
    pub(crate) project_scope: Option<String>,
    pub(crate) role: Role,
    pub(crate) source: UserSource,
    pub(crate) registered_at: Timestamp,
    /// Opens to an `EmailFact`.
    pub(crate) email: Option<SealedFact>,
    /// Opens to a `Profile`.
    pub(crate) profile: Option<SealedFact>,
    /// Opens to a `PasswordFact`.
    pub(crate) password: Option<SealedFact>,
    pub(crate) password_set_at: Option<Timestamp>,
    pub(crate) last_sign_in_at: Option<Timestamp>,
    pub(crate) sessions: SessionsEpoch,
}

/// What may become of an account. Erased is the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub(crate) enum Lifecycle {
    /// Nobody has shown yet that the e-mail address is theirs.
    Unverified,
    Active {
        verified_at: Timestamp,
    },
    Disabled {
        reason: DisableReason,
        since: Timestamp,
        /// What it was before, and will be again.
        verified_at: Option<Timestamp>,
    },
    Erased {
        at: Timestamp,
    },
}

/// Which of the user's sessions still count. A session remembers the epoch in which it began; ending all sessions begins another.
/// So it takes one event, and a login that races with it loses: it began in the epoch that has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionsEpoch {
    /// 0 at registration.
    pub(crate) epoch: u64,
    /// When the epoch began, if it is not the first.
    pub(crate) sessions_not_before: Option<Timestamp>,
    /// The one earlier session that was spared.
    pub(crate) except: Option<SessionId>,
}

impl User {
    /// Whether the user's credentials count at all.
    pub(crate) fn may_act(&self) -> bool {
        match self.lifecycle {
            Lifecycle::Unverified | Lifecycle::Active { .. } => true,
            Lifecycle::Disabled { .. } | Lifecycle::Erased { .. } => false,
        }
    }

    pub(crate) fn is_verified(&self) -> bool {
        match self.lifecycle {
            Lifecycle::Active { .. } => true,
            Lifecycle::Unverified | Lifecycle::Erased { .. } => false,
            Lifecycle::Disabled { verified_at, .. } => verified_at.is_some(),
        }
    }

    /// Whether a session that began in `epoch` has not been ended by an event of the user.
    pub(crate) fn admits(&self, session: SessionId, epoch: u64) -> bool {
        self.may_act() && (self.sessions.epoch == epoch || self.sessions.except == Some(session))
    }

    fn verified_at(&self) -> Option<Timestamp> {
        match self.lifecycle {
            Lifecycle::Active { verified_at } => Some(verified_at),
            Lifecycle::Disabled { verified_at, .. } => verified_at,
            Lifecycle::Unverified | Lifecycle::Erased { .. } => None,
        }
    }

    fn verify(&mut self, at: Timestamp) {
        match &mut self.lifecycle {
            Lifecycle::Disabled { verified_at, .. } => *verified_at = Some(at),
            Lifecycle::Unverified | Lifecycle::Active { .. } => self.lifecycle = Lifecycle::Active { verified_at: at },
            Lifecycle::Erased { .. } => {}
        }
    }

    fn end_sessions(&mut self, at: Timestamp, except: Option<SessionId>) {
        self.sessions = SessionsEpoch {
            epoch: self.sessions.epoch + 1,
            sessions_not_before: Some(at),
            except,
        };
    }

    fn erase(&mut self, at: Timestamp) {
        self.lifecycle = Lifecycle::Erased { at };
        self.email = None;
        self.profile = None;
        self.password = None;
        self.end_sessions(at, None);
    }
}

impl Aggregate for User {
    type Event = UserEvent;

    fn apply(state: Option<Self>, event: UserEvent, told: &Told) -> Result<Self, OutOfPlace> {
        let Some(mut user) = state else {
            return register(event, told);
        };
        if let Lifecycle::Erased { .. } = user.lifecycle {
            return Err(OutOfPlace("the user was erased before"));
        }
        match event {
            UserEvent::Registered { .. } => return Err(OutOfPlace("the user is registered already")),
            UserEvent::EmailVerified {} => user.verify(told.at),
            UserEvent::PasswordSet { .. } => {
                user.password.clone_from(&told.sealed);
                user.password_set_at = Some(told.at);
            }
            UserEvent::RoleChanged { role } => user.role = role,
            UserEvent::Disabled { reason } => {
                user.lifecycle = Lifecycle::Disabled {
                    reason,
                    since: told.at,
                    verified_at: user.verified_at(),
                };
                user.end_sessions(told.at, None);
            }
            UserEvent::Enabled {} => {
                let verified_at = user.verified_at();
                user.lifecycle =
                    verified_at.map_or(Lifecycle::Unverified, |verified_at| Lifecycle::Active { verified_at });
            }
            UserEvent::SessionsEnded { except, .. } => user.end_sessions(told.at, except),
            UserEvent::LoginSucceeded { .. } => user.last_sign_in_at = Some(told.at),
            UserEvent::PasswordResetRequested {}
            | UserEvent::PasswordResetCompleted {}
            | UserEvent::LoginFailed { .. } => {}
            UserEvent::Erased {} => user.erase(told.at),
        }
        Ok(user)
    }

    /// None: users are found by their id, and by the claim on their e-mail address.
    fn lookups(&self) -> Vec<Lookup> {
        Vec::new()
    }
}

fn register(event: UserEvent, told: &Told) -> Result<User, OutOfPlace> {
    let UserEvent::Registered {
        organization_id,
        project_scope,
        role,
        source,
        verified,
    } = event
    else {
        return Err(OutOfPlace("nothing happens to a user before the registration"));
    };
    let verified_at = verified.then_some(told.at);
    Ok(User {
        id: told
            .stream
            .parse()
            .map_err(|_| OutOfPlace("the stream's id is no user id"))?,
        lifecycle: verified_at.map_or(Lifecycle::Unverified, |verified_at| Lifecycle::Active { verified_at }),
        organization_id,
        project_scope,
        role,
        source,
        registered_at: told.at,
        email: told.sealed.clone(),
        profile: told.sealed.clone(),
        password: None,
        password_set_at: None,
        last_sign_in_at: None,
        sessions: SessionsEpoch::default(),
    })
}

#[cfg(test)]
pub(crate) mod tests;
