//! An answer of the edge's own.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

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

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}
