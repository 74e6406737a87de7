//! The four bodies a refusal can have. Which one a client gets is a property of the route.

use super::Refusal;
use http::StatusCode;
use identity_contract::{ErrorCode, IntrospectionAnswer, IntrospectionError};
use serde_json::{Map, Value, json};

/// The body of a refusal on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// `{error, code, message, request_id, …}`.
    #[default]
    Rest,
    /// `{error, error_description}` (RFC 6749 section 5.2).
    OAuth,
    /// `{valid: false, identity: null, error: {code, message, retryable}}`, of `/v1/auth/introspect`.
    Identity,
    /// The first, and `success: false`: of `/v1/auth/resolve`.
    Resolution,
}

impl Refusal {
    /// The body in the route's shape. `request_id` is the text of `X-Request-ID`.
    pub fn body(&self, shape: Shape, request_id: &str) -> Value {
        match shape {
            Shape::Rest => Value::Object(self.rest(request_id)),
            Shape::Resolution => {
                let mut body = self.rest(request_id);
                body.insert("success".to_owned(), json!(false));
                Value::Object(body)
            }
            Shape::OAuth => json!({"error": self.oauth_error(), "error_description": self.message()}),
            Shape::Identity => {
                let error = IntrospectionError::new(self.identity_code(), self.message());
                serde_json::to_value(IntrospectionAnswer::Invalid(error)).expect("texts and a flag")
            }
        }
    }

    fn rest(&self, request_id: &str) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("error".to_owned(), json!(self.to_string()));
        body.insert("code".to_owned(), json!(self.code()));
        body.insert("message".to_owned(), json!(self.message()));
        body.insert("request_id".to_owned(), json!(request_id));
        for (name, value) in self.extra() {
            body.insert(name.to_owned(), value);
        }
        body
    }

    /// Anything that is not about the credential asked about is the caller's, the request's or the gateway's fault.
    fn identity_code(&self) -> ErrorCode {
        match (self, self.status()) {
            (Self::SessionInvalid | Self::ApiKeyInvalid { .. } | Self::CredentialInvalid, _) => {
                ErrorCode::InvalidCredential
            }
            (Self::CredentialExpired, _) => ErrorCode::ExpiredCredential,
            (Self::OtherProject, _) => ErrorCode::UnauthorizedProjectScope,
            (_, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => ErrorCode::InvalidClient,
            (_, StatusCode::TOO_MANY_REQUESTS) => ErrorCode::GatewayUnavailable,
            (_, status) if status.is_server_error() => ErrorCode::GatewayUnavailable,
            _ => ErrorCode::InvalidRequest,
        }
    }
}
