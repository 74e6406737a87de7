//! What the auth gateway answers.

use super::request::SecretText;
use crate::{Identity, Instant};
use serde::{Deserialize, Serialize};

/// `{"valid":true,"identity":{…},"error":null,…}` or `{"valid":false,"identity":null,"error":{…}}`; any other mixture of them
/// is unreadable, so that a reader never finds an identity in a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub enum IntrospectionAnswer {
    Valid(Box<ValidIdentity>),
    Invalid(IntrospectionError),
}

/// A valid credential's holder, and how long a reader may rely on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidIdentity {
    pub identity: Identity,
    /// For upstreams, which can check by themselves that the identity came from the auth gateway; `None` when the caller may
    /// not have one.
    pub assertion: Option<Assertion>,
    /// Until when the answer may be kept, at the latest: before the credential's and the assertion's expiry.
    pub cache_until: Instant,
}

/// A short-lived JWT about the identity, signed by the auth gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// The compact JWT (RFC 7519), for the header `X-Identity-Assertion`.
    pub token: SecretText,
    /// Its `aud`.
    pub audience: String,
    /// Its `exp`.
    pub expires_at: Instant,
}

/// Why there is no identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntrospectionError {
    pub code: ErrorCode,
    /// For people; tells nothing about other credentials than the one asked about.
    pub message: String,
    /// Whether the same question may be answered otherwise in a moment.
    pub retryable: bool,
}

/// Kinds of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The question cannot be understood.
    InvalidRequest,
    /// The caller itself did not prove that it may ask (RFC 6749 section 5.2).
    InvalidClient,
    /// Unknown, revoked, malformed, or not meant for the caller or the audience.
    InvalidCredential,
    ExpiredCredential,
    UnsupportedAuthMethod,
    /// Bound to another project.
    UnauthorizedProjectScope,
    /// Asking the same again may help: the database is away, say.
    GatewayUnavailable,
    /// A kind newer than its reader. Never written.
    #[serde(other)]
    Unknown,
}

impl IntrospectionError {
    /// A refusal; only unavailability can be retried.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retryable: code == ErrorCode::GatewayUnavailable,
        }
    }
}

/// The answer as it is written.
#[derive(Clone, Serialize, Deserialize)]
struct Wire {
    valid: bool,
    identity: Option<Identity>,
    error: Option<IntrospectionError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assertion: Option<Assertion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_until: Option<Instant>,
}

impl From<IntrospectionAnswer> for Wire {
    fn from(answer: IntrospectionAnswer) -> Self {
        match answer {
            IntrospectionAnswer::Valid(valid) => Self {
                valid: true,
                identity: Some(valid.identity),
                error: None,
                assertion: valid.assertion,
                cache_until: Some(valid.cache_until),
            },
            IntrospectionAnswer::Invalid(error) => Self {
                valid: false,
                identity: None,
                error: Some(error),
                assertion: None,
                cache_until: None,
            },
        }
    }
}

/// An answer which says two things at once.
#[derive(Debug, thiserror::Error)]
#[error("`valid`, `identity`, `cache_until` and `error` contradict each other")]
struct Contradiction;

impl TryFrom<Wire> for IntrospectionAnswer {
    type Error = Contradiction;

    fn try_from(wire: Wire) -> Result<Self, Contradiction> {
        match (wire.valid, wire.identity, wire.error, wire.cache_until) {
            (true, Some(identity), None, Some(cache_until)) => Ok(Self::Valid(Box::new(ValidIdentity {
                identity,
                assertion: wire.assertion,
                cache_until,
            }))),
            (false, None, Some(error), None) if wire.assertion.is_none() => Ok(Self::Invalid(error)),
            _ => Err(Contradiction),
        }
    }
}
