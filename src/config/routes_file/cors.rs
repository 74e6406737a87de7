//! `cors`: named policies.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Surroundings;
use crate::config::code;
use crate::filters::cors::{AllowedHeader, CorsPolicy, CorsSettings, OriginPattern};
use config_text::bounded::Patience;
use config_text::decode::{Decode, Entries, decode_word};
use config_text::diagnostic::Diagnostics;
use config_text::names::{NameKind, Named};
use config_text::written::decode_parsed;
use config_text::yaml::Node;
use http::HeaderName;

pub(super) const POLICIES: NameKind = NameKind {
    unknown: code::UNKNOWN_CORS_POLICY,
    what: "CORS policy",
    one: "a CORS policy",
    section: "cors",
    reserved: Some("none"),
};

config_text::record! {
    /// Which pages of other origins may call, and what they may send and read.
    pub(super) struct RawCorsPolicy as "a CORS policy" {
        /// `https://app.example.org`, or `https://*.example.org` for exactly one label.
        origins: needed Vec<OriginPattern>,
        /// What a preflight allows.
        methods: default(["GET", "HEAD", "POST"]) Vec<MethodName>,
        /// Request headers a preflight allows; a `*` at the end makes a prefix.
        request_headers: default([]) Vec<AllowedHeader>,
        /// Response headers a page may read.
        expose: default([]) Vec<FieldName>,
        /// Whether cookies and credentials may be sent.
        credentials: default(false) bool,
        /// How long browsers remember a preflight.
        max_age: default("2h") Patience,
    }
}

impl Decode for OriginPattern {
    const WHAT: &'static str = "an origin";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, Self::parse)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https?://[^/A-Z]+$" })
    }
}

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

#[derive(Clone, Copy, Debug)]
pub(super) struct MethodName(&'static str);

impl Decode for MethodName {
    const WHAT: &'static str = "a method";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let words = METHODS.map(|name| (name, Self(name)));
        decode_word(node, &words, cx)
    }

    fn schema() -> Value {
        json!({ "enum": METHODS })
    }
}

/// A header name as it was written.
#[derive(Clone, Debug)]
pub(super) struct FieldName(String);

impl Decode for FieldName {
    const WHAT: &'static str = "a header name";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            is_token(text).map(|()| Self(text.to_owned()))
        })
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

impl Decode for AllowedHeader {
    const WHAT: &'static str = "a header name";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| match text.strip_suffix('*') {
            Some("") => Err("a prefix comes before the `*`: with credentials a bare one means nothing".to_owned()),
            Some(prefix) => is_token(prefix).map(|()| Self::Prefix(prefix.to_owned())),
            None => is_token(text).map(|()| Self::Name(text.to_owned())),
        })
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

/// `*` is a token by RFC 9110, but here it would look like a wildcard that works.
fn is_token(text: &str) -> Result<(), String> {
    match HeaderName::from_bytes(text.as_bytes()) {
        Ok(_) if !text.contains('*') => Ok(()),
        Ok(_) | Err(_) => Err("a header name is letters, digits and dashes".to_owned()),
    }
}

pub(super) fn policies<'r>(
    written: &'r Entries<RawCorsPolicy>,
    around: &Surroundings<'_>,
    cx: &mut Diagnostics,
) -> Named<'r, RawCorsPolicy, Arc<CorsPolicy>> {
    Named::new(POLICIES, written, cx, |_, raw, _| {
        let policy = CorsPolicy::new(CorsSettings {
            origins: raw.origins.clone()?,
            methods: raw.methods.iter().map(|method| method.0.to_owned()).collect(),
            request_headers: raw.request_headers.clone(),
            expose: raw.expose.iter().map(|name| name.0.clone()).collect(),
            credentials: raw.credentials,
            max_age: raw.max_age.0,
        });
        Some(Arc::new(policy.with_origins(&around.development.cors_origins)))
    })
}
