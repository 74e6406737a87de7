//! What a method leads to: exactly one of `to`, `respond`, `redirect`, `static` and `endpoint`.

use std::borrow::Cow;

use super::header_edits::{RawRequestHeaders, request_edits};
use super::patterns::check_parameters;
use super::query::{RawQuery, query_edits};
use super::redirect::{RawRedirect, redirect};
use super::respond::{RawRespond, fixed_response};
use super::static_files::{RawStatic, static_files};
use super::{Definitions, Surroundings};
use crate::config::code;
use crate::routes::path::NormalPath;
use crate::routes::pattern::Pattern;
use crate::routes::target::{Endpoint, JsonBody, Target, UpstreamTarget};
use crate::routes::template::Template;
use config_text::decode::{Decode, Entries};
use config_text::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use config_text::suggest::closest;
use config_text::units::ByteSize;
use config_text::written::{Text, Written};
use config_text::yaml::{Kind, Node};

/// A body that gets fields put into it is held in memory.
const JSON_BODY_LIMIT: ByteSize = ByteSize::from_bytes(1 << 20);

const TARGET_KEYS: [&str; 5] = ["to", "respond", "redirect", "static", "endpoint"];

config_text::record! {
    /// Where a request goes: exactly one of `to`, `respond`, `redirect`, `static` and `endpoint`.
    pub(super) struct RawTarget as "a target" {
        /// An upstream.
        to: optional Written<Text>,
        /// The path sent to the upstream, with the pattern's `:param` and `:splat`; without it, the request's own path.
        path: optional Written<Spanned<Template>>,
        /// Changes of the query sent to the upstream.
        query: optional Written<RawQuery>,
        /// Changes of the headers sent to the upstream.
        request_headers: optional Written<RawRequestHeaders>,
        /// Fields put into the JSON object of the body; any other body is answered 400.
        json_body: optional Written<Entries<Spanned<Template>>>,
        /// A longer body than this is answered 413 where `json_body` is used; 1MiB unless given.
        json_body_limit: optional Written<ByteSize>,
        /// A fixed response.
        respond: optional Written<RawRespond>,
        /// A redirect.
        redirect: optional Written<RawRedirect>,
        /// Static files.
        files as "static": optional Written<RawStatic>,
        /// An answer of the edge itself.
        endpoint: optional Written<EndpointName>,
    }
}

config_text::choice! {
    /// What the edge answers itself.
    pub(super) enum EndpointName {
        Health = "health",
        HealthFull = "health-full",
        Status = "status",
        RoutePolicy = "route-policy",
    }
}

/// A mapping that holds a target, and every key that was written there, known or not.
#[derive(Clone, Debug)]
pub(super) struct Holder<T> {
    pub(super) value: T,
    pub(super) keys: Vec<String>,
}

impl<T> Holder<T> {
    /// Whether a key that stands here was probably meant to be one of these. It has been reported as unknown.
    pub(super) fn misspelt(&self, meant: &[&str]) -> bool {
        let near = |key: &String| !meant.contains(&key.as_str()) && closest(key, meant.iter().copied()).is_some();
        self.keys.iter().any(near)
    }
}

impl<T: Decode> Decode for Holder<T> {
    const WHAT: &'static str = T::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let keys = match &node.kind {
            Kind::Mapping(entries) => entries.iter().map(|(key, _)| key.value.clone()).collect(),
            Kind::Scalar(_) | Kind::Sequence(_) | Kind::Reported => Vec::new(),
        };
        let value = T::decode(node, cx)?;
        Some(Self { value, keys })
    }

    fn schema() -> serde_json::Value {
        T::schema()
    }
}

/// What a target is read against.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) patterns: &'a [Spanned<Pattern>],
    pub(super) definitions: &'a Definitions<'a>,
    pub(super) around: &'a Surroundings<'a>,
}

impl RawTarget {
    /// The keys that make a target, with their places.
    pub(super) fn choices(&self) -> Vec<(&'static str, Span)> {
        let spans = [
            self.to.as_ref().map(|written| written.span),
            self.respond.as_ref().map(|written| written.span),
            self.redirect.as_ref().map(|written| written.span),
            self.files.as_ref().map(|written| written.span),
            self.endpoint.as_ref().map(|written| written.span),
        ];
        let written = TARGET_KEYS.into_iter().zip(spans);
        written.filter_map(|(key, span)| Some((key, span?))).collect()
    }

    /// The keys that mean something only beside `to`.
    pub(super) fn companions(&self) -> Vec<(&'static str, Span)> {
        let spans = [
            ("path", self.path.as_ref().map(|written| written.span)),
            ("query", self.query.as_ref().map(|written| written.span)),
            (
                "request_headers",
                self.request_headers.as_ref().map(|written| written.span),
            ),
            ("json_body", self.json_body.as_ref().map(|written| written.span)),
            (
                "json_body_limit",
                self.json_body_limit.as_ref().map(|written| written.span),
            ),
        ];
        spans.into_iter().filter_map(|(key, span)| Some((key, span?))).collect()
    }
}

/// The one target of the mapping; `None`, and reported, when there is none or several.
pub(super) fn target(
    holder: &Holder<RawTarget>,
    whose: &Spanned<String>,
    scope: Scope<'_>,
    cx: &mut Diagnostics,
) -> Option<Target> {
    let raw = &holder.value;
    let choices = raw.choices();
    if choices.is_empty() && !holder.misspelt(&TARGET_KEYS) {
        cx.push(missing(whose, raw.companions().first()));
    }
    if let [first, others @ ..] = choices.as_slice() {
        for other in others {
            cx.push(conflict(whose, *first, *other));
        }
        if raw.to.is_none() {
            for companion in raw.companions() {
                cx.push(pointless(*first, companion));
            }
        }
    }
    let mut made: Vec<Option<Target>> = Vec::new();
    if let Some(to) = &raw.to {
        made.push(upstream_target(to, raw, scope, cx).map(Target::Upstream));
    }
    if let Some(respond) = &raw.respond {
        let respond = respond.value.as_ref().and_then(|raw| fixed_response(raw, cx));
        made.push(respond.map(Target::Respond));
    }
    if let Some(written) = &raw.redirect {
        let redirect = written.value.as_ref().and_then(|raw| redirect(raw, scope.patterns, cx));
        made.push(redirect.map(Target::Redirect));
    }
    if let Some(files) = &raw.files {
        let files = files.value.as_ref();
        let files = files.and_then(|raw| static_files(raw, scope.patterns, scope.around, cx));
        made.push(files.map(Target::Static));
    }
    if let Some(endpoint) = &raw.endpoint {
        made.push(endpoint.value.map(|name| Target::Endpoint(name.into())));
    }
    match made.len() {
        1 => made.pop().flatten(),
        _ => None,
    }
}

fn missing(whose: &Spanned<String>, companion: Option<&(&'static str, Span)>) -> Diagnostic {
    let message = format!("{} does not say where requests go", whose.value);
    let diagnostic = Diagnostic::error(code::MISSING_TARGET, whose.span, message)
        .label("no `to`, `respond`, `redirect`, `static` or `endpoint`");
    match companion {
        Some((key, span)) => diagnostic.note_at(*span, format!("`{key}` needs a `to` beside it")),
        None => diagnostic,
    }
}

fn conflict(whose: &Spanned<String>, (first_key, first): (&str, Span), (key, span): (&str, Span)) -> Diagnostic {
    let message = format!("{} has two targets, `{first_key}` and `{key}`", whose.value);
    Diagnostic::error(code::CONFLICTING_TARGET, span, message)
        .label("keep one of them")
        .note_at(first, "the other")
}

fn pointless((target_key, target): (&str, Span), (key, span): (&str, Span)) -> Diagnostic {
    let message = format!("`{key}` means nothing beside `{target_key}`");
    Diagnostic::error(code::CONFLICTING_TARGET, span, message)
        .label("changes what an upstream gets")
        .note_at(target, "no upstream is asked here")
}

fn upstream_target(
    to: &Written<Text>,
    raw: &RawTarget,
    scope: Scope<'_>,
    cx: &mut Diagnostics,
) -> Option<UpstreamTarget> {
    let upstream = to
        .value
        .as_ref()
        .and_then(|name| scope.definitions.upstreams.names.resolve(name, cx));
    let path = raw.path.as_ref().and_then(|path| path.value.as_ref());
    if let Some(path) = path {
        check_parameters(path, scope.patterns, cx);
        check_path(path, cx);
    }
    let query = raw.query.as_ref().and_then(|query| query.value.as_ref());
    let query = query_edits(query, scope.patterns, cx);
    let headers = raw.request_headers.as_ref().and_then(|headers| headers.value.as_ref());
    let headers = request_edits(headers, scope.around, cx);
    let json_body = json_body(raw, scope.patterns, cx);
    let upstream = upstream?;
    Some(UpstreamTarget {
        upstream: upstream.index,
        path: path.map(|path| path.value.clone()),
        query,
        request_headers: upstream.request_headers.followed_by(&headers),
        json_body,
    })
}

/// What the template makes of any capture must already be in the form that the router and the upstream agree on.
fn check_path(path: &Spanned<Template>, cx: &mut Diagnostics) {
    let filled = path.fill(|_| Cow::Borrowed("x"));
    let problem = match NormalPath::parse(filled.as_bytes()) {
        Ok(normal) if normal.as_str() == filled => return,
        Ok(_) if filled.contains('?') => "a path has no query: use `query: { set: … }`".to_owned(),
        Ok(normal) if path.parameters().next().is_none() => format!("not in canonical form, which is `{normal}`"),
        Ok(normal) => format!("not in canonical form, which is `{normal}` where `x` stands for a parameter"),
        Err(error) => error.to_string(),
    };
    let message = "this is not a path for an upstream";
    cx.push(Diagnostic::error(code::INVALID_VALUE, path.span, message).label(problem));
}

fn json_body(raw: &RawTarget, patterns: &[Spanned<Pattern>], cx: &mut Diagnostics) -> Option<JsonBody> {
    let Some(written) = &raw.json_body else {
        if let Some(limit) = &raw.json_body_limit {
            let message = "`json_body_limit` needs the key `json_body`";
            cx.push(Diagnostic::error(code::MISSING_KEY, limit.span, message).label("no `json_body` beside this"));
        }
        return None;
    };
    let fields = written.value.as_ref()?;
    if fields.is_empty() {
        let message = "`json_body` puts no field into the body";
        cx.push(Diagnostic::error(code::INVALID_VALUE, written.span, message).help("name a field, or remove the key"));
    }
    for (_, template) in fields.iter() {
        check_parameters(template, patterns, cx);
    }
    let limit = raw.json_body_limit.as_ref().and_then(|limit| limit.value);
    let fields = fields
        .iter()
        .map(|(name, template)| (name.value.clone(), template.value.clone()));
    Some(JsonBody {
        fields: fields.collect(),
        limit: limit.unwrap_or(JSON_BODY_LIMIT).bytes(),
    })
}

impl From<EndpointName> for Endpoint {
    fn from(name: EndpointName) -> Self {
        match name {
            EndpointName::Health => Self::Health,
            EndpointName::HealthFull => Self::HealthFull,
            EndpointName::Status => Self::Status,
            EndpointName::RoutePolicy => Self::RoutePolicy,
        }
    }
}
