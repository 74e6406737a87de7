//! The one table from failure to response: no other place of this program chooses an error status, a code or a text.
//!
//! Clients in the field read `error` or `message`; the command line reads `code`. Some of them send their credentials to
//! another server when they see certain phrases (`tests.rs` has the list), so no text here contains one. The code
//! `ROUTE_NOT_FOUND` is on that list too, but part of this program's contract: those clients look for it only in answers
//! about memories, which this program never gives.

mod of_use_cases;
mod rendering;

pub use rendering::Shape;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

/// Why a request is not served. An endpoint returns one; the `answer` middleware gives it a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("Not found")]
    NoSuchRoute,
    #[error("This path does not answer the method")]
    MethodNotAllowed,
    #[error("Request body is required")]
    BodyMissing,
    #[error("Request body is invalid")]
    BodyMalformed(String),
    #[error("Request body is too large")]
    BodyTooLarge { limit: usize },
    #[error("Request body must be JSON or a form")]
    UnsupportedMediaType,
    #[error("Request body did not arrive in time")]
    BodyTooSlow,
    /// Which field, and what it must be; never its value.
    #[error("Request is invalid")]
    InvalidRequest(String),
    #[error("Email and password are required")]
    MissingCredentials,
    #[error("Invalid email or password")]
    InvalidCredentials,
    /// The password was right: its owner may know.
    #[error("Email address is not verified yet")]
    EmailNotVerified,
    #[error("Email is required")]
    MissingEmail,
    #[error("Email address is invalid")]
    InvalidEmail,
    /// Why the password can't be taken, for its owner.
    #[error("Password can't be used")]
    WeakPassword(String),
    #[error("The link or code is invalid or was used before")]
    InvalidCode,
    #[error("Bearer token is required")]
    MissingToken,
    #[error("No token provided")]
    TokenMissing,
    #[error("Session is not valid")]
    SessionInvalid,
    /// Of the credential that introspection is asked about.
    #[error("The credential is not valid")]
    CredentialInvalid,
    #[error("The credential has expired")]
    CredentialExpired,
    #[error("The credential belongs to another project")]
    OtherProject,
    /// Only known services may ask, each what it may; introspection also answers holders about their own credential.
    #[error("This takes a service's own credential")]
    ClientInvalid,
    #[error("Session can't be checked now")]
    SessionUnavailable,
    #[error("Refresh token is required")]
    MissingRefreshToken,
    #[error("Refresh token is not valid")]
    InvalidRefreshToken,
    #[error("This token can't be used to refresh")]
    InvalidTokenType,
    #[error("No such session")]
    SessionNotFound,
    #[error("No such user")]
    UserNotFound,
    #[error("API key is required")]
    ApiKeyMissing,
    #[error("API key is not valid")]
    ApiKeyInvalid { reason: &'static str },
    #[error("API key not found")]
    KeyNotFound,
    #[error("An API key with this name exists already")]
    KeyExists,
    #[error("Sign in to use this")]
    AuthRequired,
    #[error("The request carries two different credentials")]
    ConflictingCredentials,
    #[error("The credential can't be read")]
    MalformedCredential,
    #[error("Insufficient scope")]
    ScopeInsufficient {
        required: Vec<String>,
        provided: Vec<String>,
    },
    #[error("Not allowed")]
    Forbidden,
    #[error("This origin may not use a session here")]
    OriginNotAllowed,
    #[error("Not found")]
    NotFound,
    #[error("It was changed by somebody else meanwhile")]
    Conflict,
    #[error("This idempotency key belongs to another request")]
    IdempotencyKeyReused,
    /// The address asks too often.
    #[error("Too many requests")]
    RateLimited { retry_after: Duration },
    /// The account, or the pair of account and address, was guessed at too often.
    #[error("Too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error("The service is busy")]
    Overloaded,
    #[error("The service is not available now")]
    Unavailable,
    #[error("The service did not answer in time")]
    TookTooLong,
    #[error("Internal server error")]
    Internal,
}

/// Which `WWW-Authenticate` an answer carries (RFC 6750 section 3; RFC 6749 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Challenge {
    None,
    /// A service is to prove itself (RFC 7617).
    Basic,
    /// No usable credential came.
    Bearer,
    /// One came and is not valid.
    InvalidToken,
    InsufficientScope,
}

/// After this time a client may try again what failed for want of a service.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Status, `code`, and `error` of the OAuth shape (RFC 6749 section 5.2; RFC 6750 section 3.1).
type Row = (StatusCode, &'static str, &'static str);

impl Refusal {
    pub fn status(&self) -> StatusCode {
        self.row().0
    }

    /// `UPPER_SNAKE`, stable; clients and logs read it.
    pub fn code(&self) -> &'static str {
        self.row().1
    }

    fn oauth_error(&self) -> &'static str {
        self.row().2
    }

    #[rustfmt::skip]
    fn row(&self) -> Row {
        match self {
            Self::BodyMissing | Self::BodyMalformed(_) => (StatusCode::BAD_REQUEST, "INVALID_BODY", "invalid_request"),
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "INVALID_REQUEST", "invalid_request"),
            Self::MissingCredentials => (StatusCode::BAD_REQUEST, "MISSING_CREDENTIALS", "invalid_request"),
            Self::MissingEmail => (StatusCode::BAD_REQUEST, "MISSING_EMAIL", "invalid_request"),
            Self::InvalidEmail => (StatusCode::BAD_REQUEST, "INVALID_EMAIL", "invalid_request"),
            Self::WeakPassword(_) => (StatusCode::BAD_REQUEST, "WEAK_PASSWORD", "invalid_request"),
            Self::InvalidCode => (StatusCode::BAD_REQUEST, "INVALID_CODE", "invalid_grant"),
            Self::MissingToken => (StatusCode::BAD_REQUEST, "MISSING_TOKEN", "invalid_request"),
            Self::MissingRefreshToken => (StatusCode::BAD_REQUEST, "MISSING_REFRESH_TOKEN", "invalid_request"),
            Self::InvalidTokenType => (StatusCode::BAD_REQUEST, "INVALID_TOKEN_TYPE", "invalid_grant"),
            Self::ApiKeyMissing => (StatusCode::BAD_REQUEST, "API_KEY_MISSING", "invalid_request"),
            Self::ConflictingCredentials => (StatusCode::BAD_REQUEST, "CONFLICTING_CREDENTIALS", "invalid_request"),
            Self::MalformedCredential => (StatusCode::BAD_REQUEST, "MALFORMED_CREDENTIAL", "invalid_request"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "AUTH_INVALID_CREDENTIALS", "invalid_grant"),
            Self::TokenMissing => (StatusCode::UNAUTHORIZED, "AUTH_TOKEN_MISSING", "invalid_request"),
            Self::AuthRequired => (StatusCode::UNAUTHORIZED, "AUTH_REQUIRED", "invalid_request"),
            Self::SessionInvalid => (StatusCode::UNAUTHORIZED, "SESSION_INVALID", "invalid_token"),
            Self::CredentialInvalid => (StatusCode::UNAUTHORIZED, "CREDENTIAL_INVALID", "invalid_token"),
            Self::CredentialExpired => (StatusCode::UNAUTHORIZED, "CREDENTIAL_EXPIRED", "invalid_token"),
            Self::ClientInvalid => (StatusCode::UNAUTHORIZED, "CLIENT_INVALID", "invalid_client"),
            Self::OtherProject => (StatusCode::FORBIDDEN, "PROJECT_SCOPE_UNAUTHORIZED", "access_denied"),
            Self::InvalidRefreshToken => (StatusCode::UNAUTHORIZED, "INVALID_REFRESH_TOKEN", "invalid_grant"),
            Self::SessionNotFound => (StatusCode::UNAUTHORIZED, "SESSION_NOT_FOUND", "invalid_grant"),
            Self::UserNotFound => (StatusCode::UNAUTHORIZED, "USER_NOT_FOUND", "invalid_grant"),
            Self::ApiKeyInvalid { .. } => (StatusCode::UNAUTHORIZED, "API_KEY_INVALID", "invalid_token"),
            Self::EmailNotVerified => (StatusCode::FORBIDDEN, "EMAIL_NOT_VERIFIED", "access_denied"),
            Self::ScopeInsufficient { .. } => (StatusCode::FORBIDDEN, "SCOPE_INSUFFICIENT", "insufficient_scope"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN", "access_denied"),
            Self::OriginNotAllowed => (StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", "access_denied"),
            Self::NoSuchRoute => (StatusCode::NOT_FOUND, "ROUTE_NOT_FOUND", "invalid_request"),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND", "invalid_request"),
            Self::KeyNotFound => (StatusCode::NOT_FOUND, "KEY_NOT_FOUND", "invalid_request"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "invalid_request"),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "invalid_request"),
            Self::KeyExists => (StatusCode::CONFLICT, "KEY_EXISTS", "invalid_request"),
            Self::Conflict => (StatusCode::CONFLICT, "CONFLICT", "invalid_request"),
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", "invalid_request"),
            Self::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", "invalid_request"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "invalid_request"),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "slow_down"),
            Self::TooManyAttempts { .. } => (StatusCode::TOO_MANY_REQUESTS, "AUTH_RATE_LIMITED", "slow_down"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "server_error"),
            Self::SessionUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "SESSION_UNAVAILABLE", "temporarily_unavailable"),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED", "temporarily_unavailable"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", "temporarily_unavailable"),
            Self::TookTooLong => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_TIMEOUT", "temporarily_unavailable"),
        }
    }

    /// A sentence that adds to `error` where there is something to add.
    fn message(&self) -> String {
        match self {
            Self::BodyMalformed(detail) | Self::InvalidRequest(detail) | Self::WeakPassword(detail) => detail.clone(),
            Self::BodyTooLarge { limit } => format!("Request body is larger than {limit} bytes"),
            Self::ScopeInsufficient { required, .. } => format!("The request needs the scopes: {}", required.join(" ")),
            other => other.to_string(),
        }
    }

    /// Members that only this refusal has.
    fn extra(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::ScopeInsufficient { required, provided } => {
                let missing: Vec<&String> = required.iter().filter(|scope| !provided.contains(scope)).collect();
                vec![
                    ("required", json!(required)),
                    ("provided", json!(provided)),
                    ("missing", json!(missing)),
                ]
            }
            Self::ApiKeyInvalid { reason } => vec![("valid", json!(false)), ("reason", json!(reason))],
            Self::RateLimited { retry_after } | Self::TooManyAttempts { retry_after } => {
                vec![("retry_after", json!(whole_seconds(*retry_after)))]
            }
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::TooManyAttempts { retry_after } => Some(*retry_after),
            other => (other.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
        }
    }

    fn challenge(&self) -> Challenge {
        match self {
            Self::ClientInvalid => Challenge::Basic,
            Self::SessionInvalid | Self::ApiKeyInvalid { .. } => Challenge::InvalidToken,
            Self::ScopeInsufficient { .. } => Challenge::InsufficientScope,
            other if other.status() == StatusCode::UNAUTHORIZED => Challenge::Bearer,
            _ => Challenge::None,
        }
    }

    /// `WWW-Authenticate`, except for the realm's name nothing that a client did not send or may not know.
    fn challenge_value(&self) -> Option<HeaderValue> {
        const REALM: &str = r#"Bearer realm="lanonasis""#;
        let text = match (self.challenge(), self) {
            (Challenge::None, _) => return None,
            (Challenge::Basic, _) => r#"Basic realm="lanonasis", charset="UTF-8""#.to_owned(),
            (Challenge::Bearer, _) => REALM.to_owned(),
            (Challenge::InvalidToken, _) => format!(r#"{REALM}, error="invalid_token""#),
            (Challenge::InsufficientScope, Self::ScopeInsufficient { required, .. }) => {
                format!(r#"{REALM}, error="insufficient_scope", scope="{}""#, required.join(" "))
            }
            (Challenge::InsufficientScope, _) => format!(r#"{REALM}, error="insufficient_scope""#),
        };
        HeaderValue::try_from(text).ok()
    }
}

/// Rounded up, so that who waits this long is not refused again.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    seconds.max(1)
}

impl IntoResponse for Refusal {
    /// Status and headers; the body is written by the `answer` middleware, which knows the request's id and the route's
    /// shape.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge_value() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(wait) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
