//! What may be done to users, and what follows.

use super::event::{DisableReason, LoginFact, PasswordCause, PasswordFact, SessionsEnd, UserEvent, UserSource};
use super::{Lifecycle, User};
use crate::domain::device::Device;
use crate::domain::email_address::EmailAddress;
use crate::domain::fact::Fact;
use crate::domain::ids::{OrganizationId, SessionId, UserId};
use crate::domain::login::LoginFailure;
use crate::domain::role::Role;
use crate::domain::sealed::SealedFact;
use event_store::Timestamp;
use serde_json::json;

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Register(Registration),
    VerifyEmail,
    /// The owner's own change, or an administrator's import. Ends all sessions but `except`.
    ChangePassword {
        password_hash: String,
        except: Option<SessionId>,
    },
    /// The same password under stronger parameters; nothing else changes. Nothing at all where the hash that was compared
    /// is no longer the current one.
    RehashPassword {
        compared: SealedFact,
        password_hash: String,
    },
    RequestPasswordReset {
        device: Device,
    },
    /// With a token which only the address's owner can have: so the address counts as verified. Ends all sessions.
    CompletePasswordReset {
        password_hash: String,
        device: Device,
    },
    ChangeRole {
        role: Role,
    },
    Disable {
        reason: DisableReason,
    },
    Enable,
    EndSessions {
        except: Option<SessionId>,
        reason: SessionsEnd,
    },
    RecordLogin {
        session: SessionId,
        login: LoginFact,
    },
    RecordFailedLogin {
        reason: LoginFailure,
        login: LoginFact,
    },
    Erase,
}

/// A new account.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) id: UserId,
    pub(crate) organization_id: OrganizationId,
    pub(crate) email: EmailAddress,
    pub(crate) verified: bool,
    pub(crate) name: Option<String>,
    /// PHC string; `None`: the account has no password yet.
    pub(crate) password_hash: Option<String>,
    pub(crate) role: Role,
    pub(crate) project_scope: Option<String>,
    pub(crate) source: UserSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such user")]
    NoSuchUser,
    #[error("the user exists already")]
    UserExists,
    #[error("the user is disabled")]
    Disabled,
    #[error("the user was erased")]
    Erased,
}

/// What follows from the command: nothing when it is so already.
///
/// # Errors
/// The account's standing does not allow it.
pub(crate) fn decide(state: Option<&User>, command: Command, _now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let user = match (state, command) {
        (None, Command::Register(registration)) => return Ok(register(registration)),
        (Some(_), Command::Register(_)) => return Err(Refusal::UserExists),
        (None, _) => return Err(Refusal::NoSuchUser),
        (Some(user), command) => (user, command),
    };
    let (user, command) = user;
    match (user.lifecycle, command) {
        (Lifecycle::Erased { .. }, Command::Erase) => Ok(Vec::new()),
        (Lifecycle::Erased { .. }, _) => Err(Refusal::Erased),
        (Lifecycle::Disabled { .. }, Command::Enable) => Ok(vec![Fact::new(&UserEvent::Enabled {})]),
        (Lifecycle::Disabled { .. }, Command::Disable { .. }) | (_, Command::Enable) => Ok(Vec::new()),
        (_, Command::Disable { reason }) => Ok(vec![Fact::new(&UserEvent::Disabled { reason })]),
        (_, Command::Erase) => Ok(vec![Fact::new(&UserEvent::Erased {})]),
        (_, Command::ChangeRole { role }) => Ok(change_role(user, role)),
        (_, Command::RecordFailedLogin { reason, login }) => Ok(vec![failed_login(user.id, reason, login)]),
        (Lifecycle::Disabled { .. }, _) => Err(Refusal::Disabled),
        (Lifecycle::Unverified | Lifecycle::Active { .. }, command) => Ok(change(user, command)),
    }
}

/// What the owner of an account in good standing may do, or have done.
fn change(user: &User, command: Command) -> Vec<Fact> {
    let id = user.id;
    match command {
        Command::VerifyEmail => verify(user),
        Command::ChangePassword { password_hash, except } => vec![
            password_set(id, password_hash, PasswordCause::Changed),
            sessions_ended(except, SessionsEnd::PasswordChanged),
        ],
        Command::RehashPassword { compared, .. } if user.password.as_ref() != Some(&compared) => Vec::new(),
        Command::RehashPassword { password_hash, .. } => vec![password_set(id, password_hash, PasswordCause::Rehashed)],
        Command::RequestPasswordReset { device } => {
            vec![Fact::new(&UserEvent::PasswordResetRequested {}).about(id, &device)]
        }
        Command::CompletePasswordReset { password_hash, device } => {
            let mut facts = verify(user);
            facts.push(Fact::new(&UserEvent::PasswordResetCompleted {}).about(id, &device));
            facts.push(password_set(id, password_hash, PasswordCause::Reset));
            facts.push(sessions_ended(None, SessionsEnd::PasswordReset));
            facts
        }
        Command::EndSessions { except, reason } => vec![sessions_ended(except, reason)],
        Command::RecordLogin { session, login } => vec![succeeded_login(id, session, login)],
        // Decided before, whatever the standing.
        Command::Register(_)
        | Command::ChangeRole { .. }
        | Command::Disable { .. }
        | Command::Enable
        | Command::RecordFailedLogin { .. }
        | Command::Erase => Vec::new(),
    }
}

fn register(registration: Registration) -> Vec<Fact> {
    let id = registration.id;
    let registered = Fact::new(&UserEvent::Registered {
        organization_id: registration.organization_id,
        project_scope: registration.project_scope,
        role: registration.role,
        source: registration.source,
        verified: registration.verified,
    });
    let personal = json!({ "email": registration.email, "name": registration.name });
    let password = registration.password_hash;
    let password = password.map(|hash| password_set(id, hash, PasswordCause::Registered));
    std::iter::once(registered.about(id, &personal))
        .chain(password)
        .collect()
}

fn verify(user: &User) -> Vec<Fact> {
    match user.is_verified() {
        true => Vec::new(),
        false => vec![Fact::new(&UserEvent::EmailVerified {})],
    }
}

fn change_role(user: &User, role: Role) -> Vec<Fact> {
    match user.role == role {
        true => Vec::new(),
        false => vec![Fact::new(&UserEvent::RoleChanged { role })],
    }
}

fn password_set(user: UserId, password_hash: String, cause: PasswordCause) -> Fact {
    Fact::new(&UserEvent::PasswordSet { cause }).about(user, &PasswordFact { password_hash })
}

fn sessions_ended(except: Option<SessionId>, reason: SessionsEnd) -> Fact {
    Fact::new(&UserEvent::SessionsEnded { except, reason })
}

fn succeeded_login(user: UserId, session_id: SessionId, login: LoginFact) -> Fact {
    Fact::new(&UserEvent::LoginSucceeded {
        session_id,
        method: login.method,
        client_id: login.client_id,
        platform: login.platform,
    })
    .about(user, &login.device)
}

fn failed_login(user: UserId, reason: LoginFailure, login: LoginFact) -> Fact {
    Fact::new(&UserEvent::LoginFailed {
        method: login.method,
        reason,
        client_id: login.client_id,
        platform: login.platform,
    })
    .about(user, &login.device)
}
