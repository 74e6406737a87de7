//! The three bodies a refusal can have. Which one a client gets is a property of the route.

use super::Refusal;
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
}

impl Refusal {
    /// The body in the route's shape. `request_id` is the text of `X-Request-ID`.
    pub fn body(&self, shape: Shape, request_id: &str) -> Value {
        match shape {
            Shape::Rest => self.rest(request_id),
            Shape::OAuth => json!({"error": self.oauth_error(), "error_description": self.message()}),
            Shape::Identity => json!({
                "valid": false,
                "identity": null,
                "error": {
                    "code": self.identity_code(),
                    "message": self.message(),
                    "retryable": self.retry_after().is_some(),
                },
            }),
        }
    }

    fn rest(&self, request_id: &str) -> Value {
        let mut body = Map::new();
        body.insert("error".to_owned(), json!(self.to_string()));
        body.insert("code".to_owned(), json!(self.code()));
        body.insert("message".to_owned(), json!(self.message()));
        body.insert("request_id".to_owned(), json!(request_id));
        for (name, value) in self.extra() {
            body.insert(name.to_owned(), value);
        }
        Value::Object(body)
    }

    /// The envelope has six codes; anything that is not about the credential is the request or the gateway.
    fn identity_code(&self) -> &'static str {
        match self.status().as_u16() {
            401 => "invalid_credential",
            403 => "unauthorized_project_scope",
            429 | 500..=599 => "gateway_unavailable",
            _ => "invalid_request",
        }
    }
}
