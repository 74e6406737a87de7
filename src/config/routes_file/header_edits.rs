//! `request_headers` and `response_headers`: what is set, defaulted, removed and let through.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::Surroundings;
use crate::config::code;
use crate::filters::header_edits::HeaderEdits;
use crate::filters::identity_headers::is_identity;
use config_text::decode::{Decode, Entries};
use config_text::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use config_text::secret::reveal;
use config_text::yaml::{Kind, Node};

/// What a message's framing and a connection's life depend on (RFC 9110 section 7.6.1).
const FRAMING: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "content-length",
    "upgrade",
    "te",
    "trailer",
];

/// Written, or removed, after every edit.
const EDGES_OWN: [&str; 14] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-forwarded",
    "x-forwarded-prefix",
    "x-request-id",
    "traceparent",
    "tracestate",
];

config_text::record! {
    /// Changes of the request's headers, made in this order: allow, remove, default, set.
    pub(super) struct RawRequestHeaders as "a `request_headers` section" {
        /// Replaces whatever the client sent.
        set: default({}) Entries<RawHeaderValue>,
        /// Only when the client sent none.
        default: default({}) Entries<RawHeaderValue>,
        /// Dropped if the client sent them.
        remove: default([]) Vec<Spanned<String>>,
        /// If present, every other header of the client is dropped.
        allow: optional Vec<Spanned<String>>,
    }
}

config_text::record! {
    /// Changes of the answer's headers, made in this order: remove, default, set.
    pub(super) struct RawResponseHeaders as "a `response_headers` section" {
        /// Replaces whatever the upstream sent.
        set: default({}) Entries<RawLiteral>,
        /// Only when the upstream sent none.
        default: default({}) Entries<RawLiteral>,
        /// Dropped if the upstream sent them.
        remove: default([]) Vec<Spanned<String>>,
    }
}

config_text::record! {
    /// A value from outside the file: the systemd credential of that name, else the file named by the variable `NAME_FILE`,
    /// else the variable `NAME`.
    pub(super) struct RawSecret as "a secret" {
        /// The secret's name.
        secret: needed Spanned<String>,
        /// Put before it, such as `"Bearer "`.
        prefix: default("") String,
    }
}

#[derive(Clone, Debug)]
pub(super) enum RawHeaderValue {
    Literal(RawLiteral),
    Secret(RawSecret),
}

impl Decode for RawHeaderValue {
    const WHAT: &'static str = "a header value";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        match &node.kind {
            Kind::Mapping(_) => RawSecret::decode(node, cx).map(Self::Secret),
            Kind::Scalar(_) | Kind::Sequence(_) | Kind::Reported => RawLiteral::decode(node, cx).map(Self::Literal),
        }
    }

    fn schema() -> Value {
        json!({ "anyOf": [HeaderValue::schema(), RawSecret::schema()] })
    }
}

/// A header value as it was written. Whether it may be shown, should it be wrong, depends on the header.
#[derive(Clone, Debug)]
pub(super) struct RawLiteral(Node);

impl Decode for RawLiteral {
    const WHAT: &'static str = HeaderValue::WHAT;

    fn decode(node: &Node, _: &mut Diagnostics) -> Option<Self> {
        Some(Self(node.clone()))
    }

    fn schema() -> Value {
        HeaderValue::schema()
    }
}

impl RawLiteral {
    /// `None`, and reported, for a credential and for what is no header value.
    fn value(&self, name: &HeaderName, cx: &mut Diagnostics) -> Option<HeaderValue> {
        let harmless = match &self.0.kind {
            Kind::Scalar(scalar) => scalar.text.is_empty(),
            Kind::Sequence(_) => false,
            Kind::Mapping(_) | Kind::Reported => true,
        };
        if harmless || !carries_credentials(name.as_str()) {
            return HeaderValue::decode(&self.0, cx);
        }
        let message = format!("the header `{name}` carries a credential, and its value stands here");
        cx.push(
            Diagnostic::error(code::INLINE_SECRET, self.0.span, message)
                .label("written in the file, or filled in as an ordinary variable")
                .help(format!(
                    "name it, and supply it from outside: `{name}: {{ secret: NAME }}`"
                )),
        );
        cx.conceal(self.0.span);
        None
    }
}

/// Which way the edited message goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Response,
}

pub(super) fn request_edits(
    raw: Option<&RawRequestHeaders>,
    around: &Surroundings<'_>,
    cx: &mut Diagnostics,
) -> HeaderEdits {
    let Some(raw) = raw else {
        return HeaderEdits::default();
    };
    let pairs = |written: &Entries<RawHeaderValue>, cx: &mut Diagnostics| {
        let named = unique_names(written, Direction::Request, cx);
        let values = named.into_iter().filter_map(|(name, key, raw)| {
            refuse_identity(&name, key.span, cx);
            let value = value(&name, raw, around, cx)?;
            Some((name, value))
        });
        values.collect()
    };
    let passed = &around.development.pass_request_headers;
    HeaderEdits {
        set: pairs(&raw.set, cx),
        default: pairs(&raw.default, cx),
        remove: removed(&raw.remove, Direction::Request, cx),
        allow: raw.allow.as_ref().map(|names| {
            let names = names.iter().filter_map(|name| parse_name(name, cx));
            let mut names: Vec<HeaderName> = names.collect();
            names.extend(passed.iter().cloned());
            names
        }),
    }
}

pub(super) fn response_edits(raw: Option<&RawResponseHeaders>, cx: &mut Diagnostics) -> HeaderEdits {
    let Some(raw) = raw else {
        return HeaderEdits::default();
    };
    HeaderEdits {
        set: response_headers(&raw.set, cx),
        default: response_headers(&raw.default, cx),
        remove: removed(&raw.remove, Direction::Response, cx),
        allow: None,
    }
}

/// Headers of an answer with literal values.
pub(super) fn response_headers(written: &Entries<RawLiteral>, cx: &mut Diagnostics) -> Vec<(HeaderName, HeaderValue)> {
    let named = unique_names(written, Direction::Response, cx);
    let values = named.into_iter().filter_map(|(name, _, literal)| {
        let value = literal.value(&name, cx)?;
        Some((name, value))
    });
    values.collect()
}

/// The names of a mapping, parsed; one that differs from another only in case is a duplicate.
fn unique_names<'r, T>(
    written: &'r Entries<T>,
    direction: Direction,
    cx: &mut Diagnostics,
) -> Vec<(HeaderName, &'r Spanned<String>, &'r T)> {
    let mut seen: HashMap<HeaderName, Span> = HashMap::new();
    let mut named = Vec::new();
    for (key, value) in written.iter() {
        let Some(name) = editable_name(key, direction, cx) else {
            continue;
        };
        if let Some(first) = seen.get(&name) {
            let message = format!("the header `{name}` appears twice");
            let diagnostic = Diagnostic::error(code::DUPLICATE_KEY, key.span, message);
            cx.push(diagnostic.label("second time").note_at(*first, "first time"));
        } else {
            seen.insert(name.clone(), key.span);
            named.push((name, key, value));
        }
    }
    named
}

fn removed(written: &[Spanned<String>], direction: Direction, cx: &mut Diagnostics) -> Vec<HeaderName> {
    written
        .iter()
        .filter_map(|name| editable_name(name, direction, cx))
        .collect()
}

fn parse_name(name: &Spanned<String>, cx: &mut Diagnostics) -> Option<HeaderName> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).ok();
    if parsed.is_none() {
        let message = "this is not a header name";
        let label = "a header name is letters, digits and dashes";
        cx.push(Diagnostic::error(code::INVALID_VALUE, name.span, message).label(label));
    }
    parsed
}

/// A header that a route may edit, and whose edit would reach the other side.
fn editable_name(name: &Spanned<String>, direction: Direction, cx: &mut Diagnostics) -> Option<HeaderName> {
    let parsed = parse_name(name, cx)?;
    let Some(reason) = untouchable(&parsed, direction) else {
        return Some(parsed);
    };
    let message = format!("the header `{parsed}` cannot be edited");
    cx.push(Diagnostic::error(code::INVALID_VALUE, name.span, message).help(reason));
    None
}

fn untouchable(name: &HeaderName, direction: Direction) -> Option<&'static str> {
    let name = name.as_str();
    if FRAMING.contains(&name) {
        return Some("it belongs to one connection and frames its messages; the edge writes it as needed");
    }
    match direction {
        Direction::Request if name == "host" => Some("use the upstream's `host_header`"),
        Direction::Request if EDGES_OWN.contains(&name) => Some("the edge writes or removes it on every request"),
        Direction::Response if matches!(name, "server" | "x-request-id" | "traceparent") => {
            Some("the edge writes it on every answer")
        }
        Direction::Response if name.starts_with("access-control-") => {
            Some("name a policy under `cors`, and the route's `cors: <policy>`")
        }
        Direction::Request | Direction::Response => None,
    }
}

/// Identity is proved, never configured.
fn refuse_identity(name: &HeaderName, span: Span, cx: &mut Diagnostics) {
    if is_identity(name.as_str()) {
        let message = format!("the header `{name}` tells an upstream who the caller is");
        let help = "only a verified identity may be sent on: remove this line";
        cx.push(Diagnostic::error(code::INVALID_VALUE, span, message).help(help));
    }
}

fn value(
    name: &HeaderName,
    raw: &RawHeaderValue,
    around: &Surroundings<'_>,
    cx: &mut Diagnostics,
) -> Option<HeaderValue> {
    match raw {
        RawHeaderValue::Literal(literal) => literal.value(name, cx),
        RawHeaderValue::Secret(raw) => secret(raw, around, cx),
    }
}

/// Names under which a credential is expected.
pub(super) fn carries_credentials(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let plain = name.replace(['-', '_'], "");
    matches!(
        name.as_str(),
        "authorization" | "proxy-authorization" | "cookie" | "set-cookie"
    ) || ["secret", "token", "password", "apikey"]
        .iter()
        .any(|word| plain.contains(word))
}

fn secret(raw: &RawSecret, around: &Surroundings<'_>, cx: &mut Diagnostics) -> Option<HeaderValue> {
    let name = raw.secret.as_ref()?;
    let secret = reveal(name, around.environment, cx)?;
    let text = format!("{}{}", raw.prefix, secret.expose_secret());
    let Ok(mut value) = HeaderValue::from_str(&text) else {
        let message = format!("the secret `{}` cannot be sent in a header", name.value);
        let label = "its value has a line break or a character that is not ASCII";
        cx.push(Diagnostic::error(code::UNSET_SECRET, name.span, message).label(label));
        return None;
    };
    value.set_sensitive(true);
    Some(value)
}
