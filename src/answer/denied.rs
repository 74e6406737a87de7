//! The one table from failure to response. No other place of the edge chooses an error status.
//!
//! The wording is read by clients in the field, some of which send their credentials past the gateway when they see
//! certain phrases; a test holds every text here against that list.

use crate::filters::host::InvalidHost;
use crate::filters::json_body::NotAnObject;
use crate::routes::method::MethodSet;
use crate::routes::path::InvalidPath;
use http::StatusCode;

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    #[error("{0}")]
    InvalidPath(#[from] InvalidPath),
    #[error("{0}")]
    InvalidHost(#[from] InvalidHost),
    #[error("{0}")]
    InvalidRequest(&'static str),
    #[error("the request head is larger than {max_bytes} bytes or has more than {max_fields} fields")]
    HeadTooLarge { max_bytes: usize, max_fields: usize },
    #[error("this gateway does not serve the requested host")]
    UnknownHost,
    #[error("no route of this gateway serves the path")]
    NoSuchRoute,
    #[error("no such file")]
    NoSuchFile,
    #[error("the path does not answer this method; it answers {allow}")]
    MethodNotAllowed { allow: MethodSet },
    #[error("this origin may not open a WebSocket here")]
    OriginNotAllowed,
    #[error("this endpoint answers private addresses only")]
    PrivateEndpoint,
    #[error("the request body is larger than {limit} bytes")]
    BodyTooLarge { limit: u64 },
    #[error("{0}")]
    InvalidJsonBody(#[from] NotAnObject),
    #[error("the requested range lies outside the file")]
    RangeNotSatisfiable { length: u64 },
    #[error("the request body did not arrive in time")]
    RequestTimeout,
    #[error("the service behind this path is down")]
    NoHealthyUpstream,
    #[error("the service behind this path could not be reached")]
    UpstreamUnavailable,
    #[error("the service behind this path could not be verified over TLS")]
    UpstreamTlsFailed,
    #[error("the service behind this path gave a broken answer")]
    UpstreamBadResponse,
    #[error("the service behind this path did not answer in time")]
    UpstreamTimeout,
    #[error("a fixed answer of the route map")]
    Configured { status: StatusCode },
    #[error("the gateway failed to handle the request")]
    Internal,
}

/// Seconds after which a client may try again what failed for want of a service.
const RETRY_AFTER: u32 = 5;

impl Denied {
    pub(crate) fn status(&self) -> StatusCode {
        self.row().0
    }

    /// `UPPER_SNAKE`, stable; clients and logs read it.
    pub(crate) fn code(&self) -> &'static str {
        self.row().1
    }

    fn row(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidPath(_) => (StatusCode::BAD_REQUEST, "INVALID_PATH"),
            Self::InvalidHost(_) => (StatusCode::BAD_REQUEST, "INVALID_HOST"),
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, "INVALID_REQUEST"),
            Self::InvalidJsonBody(_) => (StatusCode::BAD_REQUEST, "INVALID_JSON_BODY"),
            Self::OriginNotAllowed => (StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED"),
            Self::PrivateEndpoint => (StatusCode::FORBIDDEN, "PRIVATE_ENDPOINT"),
            Self::NoSuchRoute => (StatusCode::NOT_FOUND, "NO_SUCH_ROUTE"),
            Self::NoSuchFile => (StatusCode::NOT_FOUND, "NO_SUCH_FILE"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
            Self::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE"),
            Self::RangeNotSatisfiable { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_NOT_SATISFIABLE"),
            Self::UnknownHost => (StatusCode::MISDIRECTED_REQUEST, "MISDIRECTED_REQUEST"),
            Self::HeadTooLarge { .. } => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "HEAD_TOO_LARGE"),
            Self::Configured { status } => (*status, configured_code(*status)),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
            Self::UpstreamUnavailable => (StatusCode::BAD_GATEWAY, "UPSTREAM_UNAVAILABLE"),
            Self::UpstreamTlsFailed => (StatusCode::BAD_GATEWAY, "UPSTREAM_TLS_FAILED"),
            Self::UpstreamBadResponse => (StatusCode::BAD_GATEWAY, "UPSTREAM_BAD_RESPONSE"),
            Self::NoHealthyUpstream => (StatusCode::SERVICE_UNAVAILABLE, "NO_HEALTHY_UPSTREAM"),
            Self::UpstreamTimeout => (StatusCode::GATEWAY_TIMEOUT, "UPSTREAM_TIMEOUT"),
        }
    }

    /// Seconds for `Retry-After`, where the failure passes by itself.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER)
    }

    /// The sentence for `detail`, `error` and `message`.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Configured { status } => configured_sentence(*status).to_owned(),
            other => other.to_string(),
        }
    }
}

fn configured_code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "NO_SUCH_ROUTE",
        StatusCode::GONE => "GONE",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        _ => "REFUSED",
    }
}

fn configured_sentence(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "no route of this gateway serves the path",
        StatusCode::GONE => "this path is no longer served",
        StatusCode::FORBIDDEN => "this path is not open to clients",
        StatusCode::SERVICE_UNAVAILABLE => "this path is out of service",
        _ => "this gateway does not serve the request",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Denied> {
        vec![
            Denied::InvalidPath(InvalidPath::EncodedSlash),
            Denied::InvalidHost(InvalidHost::Missing),
            Denied::InvalidRequest("two lengths"),
            Denied::InvalidJsonBody(NotAnObject),
            Denied::OriginNotAllowed,
            Denied::PrivateEndpoint,
            Denied::NoSuchRoute,
            Denied::NoSuchFile,
            Denied::MethodNotAllowed {
                allow: MethodSet::parse("GET").expect("valid"),
            },
            Denied::RequestTimeout,
            Denied::BodyTooLarge { limit: 1 },
            Denied::RangeNotSatisfiable { length: 1 },
            Denied::UnknownHost,
            Denied::HeadTooLarge {
                max_bytes: 1,
                max_fields: 1,
            },
            Denied::Configured {
                status: StatusCode::NOT_FOUND,
            },
            Denied::Internal,
            Denied::UpstreamUnavailable,
            Denied::UpstreamTlsFailed,
            Denied::UpstreamBadResponse,
            Denied::NoHealthyUpstream,
            Denied::UpstreamTimeout,
        ]
    }

    #[test]
    fn no_text_makes_a_client_send_its_credentials_past_the_gateway() {
        let phrases = [
            "authentication required",
            "invalid jwt",
            "missing authorization header",
            "token is not active or has expired",
            "cannot get /",
            "route_not_found",
        ];
        for denied in all() {
            let text = format!("{} {}", denied.sentence(), denied.code()).to_lowercase();
            assert!(phrases.iter().all(|phrase| !text.contains(phrase)), "{text}");
        }
    }

    #[test]
    fn every_refusal_is_an_error_status_with_an_upper_snake_code() {
        for denied in all() {
            assert!(
                denied.status().is_client_error() || denied.status().is_server_error(),
                "{denied:?}"
            );
            assert!(
                denied.code().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'),
                "{denied:?}"
            );
            assert!(!denied.sentence().is_empty());
        }
    }
}
