//! Why a use case did not happen. Which status, code and words a client gets for it is for `http/error.rs` to say.

use std::time::Duration;

use event_store::{AppendError, Unavailable};

use super::api_keys::key_set::KEY_SET;
use crate::crypto::password_policy::Weakness;

#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// Wrong password or no such account: nobody may tell which.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    #[error("the e-mail address has not been verified yet")]
    EmailNotVerified,
    #[error("too many attempts; try again in {} s", retry_after.as_secs().max(1))]
    TooManyAttempts { retry_after: Duration },
    #[error("{0}")]
    WeakPassword(Weakness),
    #[error("sign-up is closed")]
    SignUpClosed,
    #[error("the link is not valid any more")]
    LinkExpired,
    /// The credential is unknown, malformed, revoked or not meant for this.
    #[error("the credential is not valid")]
    InvalidCredential,
    #[error("the credential has expired")]
    ExpiredCredential,
    #[error("the session has ended")]
    SessionEnded,
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    #[error("this is no refresh token")]
    NotARefreshToken,
    #[error("the account is of another project")]
    OtherProject,
    #[error("more scopes than the owner has")]
    ScopesBeyondOwner,
    #[error("not allowed")]
    NotAllowed,
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("this {0} exists already")]
    Exists(&'static str),
    #[error("no more than {0} API keys a user")]
    TooManyKeys(usize),
    /// A rule of the domain says no; the text is for the caller.
    #[error("{0}")]
    Rule(String),
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// Somebody else kept changing the same thing.
    #[error("others keep changing this; try again")]
    Contended,
    /// Too many password hashes wait.
    #[error("busy; try again")]
    Busy,
    #[error("the database does not answer")]
    Unavailable(#[source] Unavailable),
    /// What is stored can not be: for the log, not for the caller.
    #[error("{0}")]
    Inconsistent(String),
}

impl Refusal {
    pub(crate) fn inconsistent(what: impl Into<String>) -> Self {
        Self::Inconsistent(what.into())
    }
}

impl From<Unavailable> for Refusal {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Unavailable(unavailable) => Self::Unavailable(unavailable),
            AppendError::WrongVersion { .. } => Self::Contended,
            AppendError::RecordGone { .. } => Self::LinkExpired,
            // Who asks again is told more.
            AppendError::CountedOften { .. } => Self::TooManyAttempts {
                retry_after: Duration::from_secs(1),
            },
            AppendError::ClaimTaken { kind, .. } if kind == KEY_SET => Self::Contended,
            AppendError::ClaimTaken { .. } => Self::Exists("account"),
            AppendError::KeyReused => Self::IdempotencyKeyReused,
            error @ (AppendError::Inconsistent | AppendError::Unfoldable(_) | AppendError::Malformed(_)) => {
                Self::inconsistent(error.to_string())
            }
        }
    }
}
