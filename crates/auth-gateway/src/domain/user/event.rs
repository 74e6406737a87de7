//! What happens to users, and the personal facts that go with it.

use crate::domain::device::Device;
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::{ClientId, OrganizationId, SessionId};
use crate::domain::login::LoginFailure;
use crate::domain::platform::Platform;
use crate::domain::role::Role;
use identity_contract::AuthMethod;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload")]
pub(crate) enum UserEvent {
    /// Personal: `Profile` and `EmailFact` in one.
    #[serde(rename = "user.registered")]
    Registered {
        organization_id: OrganizationId,
        project_scope: Option<String>,
        #[serde(default)]
        role: Role,
        source: UserSource,
        /// Whether the address was known to be the user's.
        #[serde(default)]
        verified: bool,
    },
    #[serde(rename = "user.email_verified")]
    EmailVerified {},
    /// Personal: `PasswordFact`.
    #[serde(rename = "user.password_set")]
    PasswordSet { cause: PasswordCause },
    /// Personal: `Device`.
    #[serde(rename = "user.password_reset_requested")]
    PasswordResetRequested {},
    /// Personal: `Device`.
    #[serde(rename = "user.password_reset_completed")]
    PasswordResetCompleted {},
    #[serde(rename = "user.role_changed")]
    RoleChanged { role: Role },
    #[serde(rename = "user.disabled")]
    Disabled { reason: DisableReason },
    #[serde(rename = "user.enabled")]
    Enabled {},
    #[serde(rename = "user.sessions_ended")]
    SessionsEnded {
        except: Option<SessionId>,
        reason: SessionsEnd,
    },
    /// Personal: `Device`.
    #[serde(rename = "login.succeeded")]
    LoginSucceeded {
        session_id: SessionId,
        method: AuthMethod,
        client_id: Option<ClientId>,
        platform: Platform,
    },
    /// Personal: `Device`.
    #[serde(rename = "login.failed")]
    LoginFailed {
        method: AuthMethod,
        reason: LoginFailure,
        client_id: Option<ClientId>,
        platform: Platform,
    },
    #[serde(rename = "user.erased")]
    Erased {},
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserSource {
    Signup,
    Admin,
    Import,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PasswordCause {
    /// The first one.
    Registered,
    Changed,
    Reset,
    /// The same password, hashed anew with stronger parameters.
    Rehashed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisableReason {
    ByAdministrator,
    /// The owner asked for it.
    ByOwner,
    Compromised,
}

/// Why all sessions ended at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionsEnd {
    ByOwner,
    ByAdministrator,
    PasswordChanged,
    PasswordReset,
}

/// Personal: what a user tells of themselves. Read from the personal part of a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Profile {
    pub(crate) name: Option<String>,
    pub(crate) avatar_url: Option<String>,
    /// A language tag (RFC 5646).
    pub(crate) locale: Option<String>,
    /// A name of the IANA time zone database.
    pub(crate) timezone: Option<String>,
}

/// Personal: the address. Read from the personal part of a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EmailFact {
    pub(crate) email: EmailAddress,
}

/// Personal: the password's hash in PHC string form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PasswordFact {
    pub(crate) password_hash: String,
}

impl fmt::Debug for PasswordFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordFact(…)")
    }
}

/// A login as it is recorded, whether it succeeded or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginFact {
    pub(crate) method: AuthMethod,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) platform: Platform,
    pub(crate) device: Device,
}
