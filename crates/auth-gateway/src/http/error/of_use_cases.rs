//! What use cases refuse, as lines of the one table.

use super::Refusal;
use crate::app;

impl Refusal {
    /// Of the credential that introspection is asked about.
    pub(crate) fn of_introspection(refusal: app::Refusal) -> Self {
        match refusal {
            app::Refusal::ExpiredCredential => Self::CredentialExpired,
            app::Refusal::InvalidCredential | app::Refusal::SessionEnded => Self::CredentialInvalid,
            other => other.into(),
        }
    }
}

impl From<app::Refusal> for Refusal {
    fn from(refusal: app::Refusal) -> Self {
        use app::Refusal as Fact;
        match refusal {
            Fact::InvalidCredentials => Self::InvalidCredentials,
            Fact::EmailNotVerified => Self::EmailNotVerified,
            Fact::TooManyAttempts { retry_after } => Self::TooManyAttempts { retry_after },
            Fact::WeakPassword(weakness) => Self::WeakPassword(weakness.to_string()),
            Fact::LinkExpired => Self::InvalidCode,
            Fact::InvalidCredential | Fact::ExpiredCredential | Fact::SessionEnded => Self::SessionInvalid,
            Fact::InvalidRefreshToken => Self::InvalidRefreshToken,
            Fact::NotARefreshToken => Self::InvalidTokenType,
            Fact::SignUpClosed | Fact::NotAllowed => Self::Forbidden,
            Fact::OtherProject => Self::OtherProject,
            Fact::NotFound("API key") => Self::KeyNotFound,
            Fact::NotFound(_) => Self::NotFound,
            Fact::Exists("API key") => Self::KeyExists,
            Fact::Exists(_) | Fact::Contended => Self::Conflict,
            fact @ (Fact::ScopesBeyondOwner | Fact::TooManyKeys(_)) => Self::InvalidRequest(fact.to_string()),
            Fact::Rule(text) => Self::InvalidRequest(text),
            Fact::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            Fact::Busy => Self::Overloaded,
            Fact::Unavailable(error) => {
                tracing::error!(%error, "the database does not answer");
                Self::Unavailable
            }
            Fact::Inconsistent(what) => {
                tracing::error!(what, "what is stored can not be");
                Self::Internal
            }
        }
    }
}
