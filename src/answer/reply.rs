//! An answer of the edge's own.

use super::Denied;
use crate::filters::request_id::RequestId;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

#[derive(Debug)]
pub(crate) enum ReplyBody {
    Empty,
    Full(Bytes),
    /// `length` bytes from the file's present position.
    File {
        file: tokio::fs::File,
        length: u64,
    },
}

/// What an answer is for: its headers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// What the route promises: gets the route's own response headers.
    Answer,
    /// Also lists methods and headers.
    Preflight,
    Refusal,
}

/// An answer, before the headers that every answer gets.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: ReplyBody,
    pub(crate) purpose: Purpose,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, body: ReplyBody) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
            purpose: Purpose::Answer,
        }
    }

    pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Self {
        Self::new(status, ReplyBody::Full(Bytes::from(body.to_string()))).with(header::CONTENT_TYPE, JSON)
    }

    /// The refusal of a request, in the one shape every client in the field reads (RFC 9457 and their own fields).
    pub(crate) fn refusal(denied: &Denied, request_id: &RequestId) -> Self {
        let sentence = denied.sentence();
        let body = json!({
            "type": "about:blank",
            "title": denied.status().canonical_reason().unwrap_or("Error"),
            "status": denied.status().as_u16(),
            "detail": sentence,
            "error": sentence,
            "code": denied.code(),
            "message": sentence,
            "request_id": request_id.as_str(),
        });
        let mut reply = Self {
            purpose: Purpose::Refusal,
            ..Self::json(denied.status(), &body)
        };
        reply.headers = vec![(header::CONTENT_TYPE, PROBLEM_JSON), (header::CACHE_CONTROL, NO_STORE)];
        if let Some(seconds) = denied.retry_after() {
            reply = reply.with(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let special = match denied {
            Denied::MethodNotAllowed { allow } => HeaderValue::try_from(allow.to_string())
                .ok()
                .map(|allow| (header::ALLOW, allow)),
            Denied::RangeNotSatisfiable { length } => HeaderValue::try_from(format!("bytes */{length}"))
                .ok()
                .map(|range| (header::CONTENT_RANGE, range)),
            _ => None,
        };
        reply.headers.extend(special);
        reply
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}
