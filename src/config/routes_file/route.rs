//! One entry of `routes`.

use serde_json::{Value, json};

use super::conditions::{RawConditions, conditions};
use super::header_edits::{RawRequestHeaders, RawResponseHeaders, response_edits};
use super::methods::{RawMethods, listed, targets};
use super::patterns::refuse_repeated;
use super::query::RawQuery;
use super::redirect::RawRedirect;
use super::respond::RawRespond;
use super::static_files::RawStatic;
use super::target::{EndpointName, Holder, RawTarget, Scope, target};
use super::timeouts::{Partial, RawTimeouts, longest};
use super::{Definitions, Surroundings};
use crate::config::code;
use crate::routes::conditions::Conditions;
use crate::routes::method::MethodSet;
use crate::routes::pattern::Pattern;
use crate::routes::route::{Route, RouteHosts, RouteId, Stream, Timeouts};
use crate::routes::target::Target;
use crate::routes::template::Template;
use config_text::decode::{Decode, Entries, OneOrMany};
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::units::ByteSize;
use config_text::written::{OrNone, Text, Written, decode_parsed};
use config_text::yaml::Node;

config_text::record! {
    /// Which requests it takes, and where they go.
    pub(super) struct RawRoute as "a route" {
        /// Unique; the label of the route's metrics and log lines.
        id: needed Spanned<RouteId>,
        /// One line for operators.
        about: optional String,
        /// Host groups, or `"*"` for every known host; `defaults.hosts` unless given.
        hosts: optional Written<RawHosts>,
        /// One pattern or several: exact, with `:param` for one segment, with `/*` at the end for the rest.
        path: needed OneOrMany<Spanned<Pattern>>,
        /// Conditions beyond host, path and method.
        when: optional Written<RawConditions>,
        /// Targets by method, or a list of methods for the target written on the route; any method unless given.
        methods: optional Written<RawMethods>,
        /// A CORS policy, or `none`; `defaults.cors` unless given.
        cors: optional OrNone<Text>,
        /// A longer body is answered 413; `defaults.body_limit` unless given.
        body_limit: optional ByteSize,
        /// Override the upstream's and `defaults.timeouts`.
        timeouts: optional RawTimeouts,
        /// A long-lived exchange: `websocket` or `sse`.
        stream: optional Spanned<StreamKind>,
        /// Whether the upstream gets the path as the client wrote it. Matching always uses the normalised form.
        raw: default(false) Spanned<bool>,
        /// Changes of the answer's headers.
        response_headers: optional RawResponseHeaders,
        /// An upstream. The path sent to it is the request's own; write `methods: { any: { to, path } }` for another.
        to: optional Written<Text>,
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
    /// `websocket`: upgrades are forwarded here, and nowhere else. `sse`: server-sent events. Both may be silent for
    /// 1h and have no total timeout, unless the route says otherwise.
    pub(super) enum StreamKind {
        WebSocket = "websocket",
        Sse = "sse",
    }
}

pub(super) type RawHosts = OneOrMany<Text>;

impl Decode for RouteId {
    const WHAT: &'static str = "a route's id";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, Self::parse)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[a-z0-9-]{1,64}$" })
    }
}

/// Without these keys a route would match other requests than were meant, and seem to clash with other routes.
const MATCHED_BY: [&str; 4] = ["hosts", "path", "when", "methods"];

/// What a route gets when it says nothing.
#[derive(Debug)]
pub(super) struct RouteDefaults {
    /// `None` when what was written for them was reported.
    pub(super) hosts: Option<RouteHosts>,
    pub(super) cors: Option<std::sync::Arc<crate::filters::cors::CorsPolicy>>,
    pub(super) body_limit: u64,
    pub(super) timeouts: Partial,
}

pub(super) fn route(
    holder: &Holder<RawRoute>,
    defaults: &RouteDefaults,
    definitions: &Definitions<'_>,
    around: &Surroundings<'_>,
    cx: &mut Diagnostics,
) -> Option<Route> {
    let raw = &holder.value;
    let patterns = raw.path.as_deref().unwrap_or_default();
    refuse_repeated(patterns, cx);
    let hosts = match &raw.hosts {
        Some(written) => route_hosts(written, definitions, cx),
        None => defaults.hosts.clone(),
    };
    let cors = match &raw.cors {
        Some(OrNone(Some(name))) => definitions
            .policies
            .resolve(name, cx)
            .map(|policy| Some(policy.clone())),
        Some(OrNone(None)) => Some(None),
        None => Some(defaults.cors.clone()),
    };
    let scope = Scope {
        patterns,
        definitions,
        around,
    };
    let methods = methods(holder, scope, cx);
    let when = match &raw.when {
        Some(written) => conditions(written, cx),
        None => Some(Conditions::default()),
    };
    let response_headers = response_edits(raw.response_headers.as_ref(), cx);
    if let Some(methods) = &methods {
        refuse_pointless(raw, methods, cx);
    }
    if holder.misspelt(&MATCHED_BY) {
        return None;
    }
    let methods = methods?;
    Some(Route {
        id: raw.id.as_ref()?.value.clone(),
        about: raw.about.clone(),
        hosts: hosts?,
        patterns: raw.path.as_ref()?.iter().map(|pattern| pattern.value.clone()).collect(),
        when: when?,
        timeouts: timeouts(raw, &methods, defaults, definitions),
        methods,
        cors: cors?,
        body_limit: raw.body_limit.map_or(defaults.body_limit, ByteSize::bytes),
        stream: raw.stream.as_ref().map(|kind| kind.value.into()),
        raw: raw.raw.value,
        response_headers,
    })
}

pub(super) fn route_hosts(
    written: &Written<RawHosts>,
    definitions: &Definitions<'_>,
    cx: &mut Diagnostics,
) -> Option<RouteHosts> {
    let names = written.value.as_ref()?;
    if let [all] = &names[..]
        && all.value == "*"
    {
        return Some(RouteHosts::Any);
    }
    let mut named = Vec::new();
    let mut whole = written.flawless;
    for name in names.iter() {
        if name.value == "*" {
            let message = "`*` means every known host and stands alone";
            cx.push(Diagnostic::error(code::INVALID_VALUE, name.span, message));
            continue;
        }
        match definitions.groups.resolve(name, cx) {
            Some(group) if named.contains(group) => {
                let message = format!("{} stands twice", name.shown_or("this group"));
                cx.push(Diagnostic::error(code::INVALID_VALUE, name.span, message));
            }
            Some(group) => named.push(*group),
            None => whole = false,
        }
    }
    whole.then_some(RouteHosts::Named(named))
}

fn methods(holder: &Holder<RawRoute>, scope: Scope<'_>, cx: &mut Diagnostics) -> Option<Vec<(MethodSet, Target)>> {
    let raw = &holder.value;
    let own = Holder {
        value: own_target(raw),
        keys: holder.keys.clone(),
    };
    let place = raw.id.as_ref().map_or(raw.span, |id| id.span);
    let whose = match &raw.id {
        Some(id) => Spanned::new(format!("the route `{}`", id.value), place),
        None => Spanned::new("the route".to_owned(), place),
    };
    let flawless = raw.methods.as_ref().is_none_or(|written| written.flawless);
    match raw.methods.as_ref().map(|written| (&written.value, written.span)) {
        Some((Some(RawMethods::Targets(written)), span)) => {
            let keys = own.value.choices().into_iter().chain(own.value.companions());
            for (key, key_span) in keys {
                let message = format!("{} has targets under `methods`, and `{key}` beside them", whose.value);
                let diagnostic = Diagnostic::error(code::CONFLICTING_TARGET, key_span, message);
                cx.push(
                    diagnostic
                        .label("belongs to one of the methods")
                        .note_at(span, "targets by method"),
                );
            }
            if written.is_empty() {
                let message = format!("{} has no method", whose.value);
                cx.push(Diagnostic::error(code::MISSING_TARGET, span, message));
            }
            targets(written, scope, cx)
        }
        Some((Some(RawMethods::List(written)), span)) => {
            let set = listed(written, cx);
            if set.is_empty() {
                let message = format!("{} has no method", whose.value);
                cx.push(Diagnostic::error(code::INVALID_VALUE, span, message));
            }
            let target = target(&own, &whose, scope, cx);
            target.filter(|_| flawless).map(|target| vec![(set, target)])
        }
        // Reported: whether the route's own keys make a target cannot be said.
        Some((None, _)) => None,
        None => target(&own, &whose, scope, cx).map(|target| vec![(MethodSet::ANY, target)]),
    }
}

/// The target written on the route itself. It has no `path`: that key is the route's pattern.
fn own_target(raw: &RawRoute) -> RawTarget {
    RawTarget {
        span: raw.span,
        to: raw.to.clone(),
        path: None,
        query: raw.query.clone(),
        request_headers: raw.request_headers.clone(),
        json_body: raw.json_body.clone(),
        json_body_limit: raw.json_body_limit.clone(),
        respond: raw.respond.clone(),
        redirect: raw.redirect.clone(),
        files: raw.files.clone(),
        endpoint: raw.endpoint.clone(),
    }
}

/// Keys that would be read and never applied.
fn refuse_pointless(raw: &RawRoute, methods: &[(MethodSet, Target)], cx: &mut Diagnostics) {
    let to_upstream = |(_, target): &(MethodSet, Target)| matches!(target, Target::Upstream(_));
    let keeps_path =
        |(_, target): &(MethodSet, Target)| matches!(target, Target::Upstream(upstream) if upstream.path.is_none());
    if let Some(stream) = &raw.stream
        && !methods.iter().any(to_upstream)
    {
        let message = "`stream` means nothing here";
        let diagnostic = Diagnostic::error(code::CONFLICTING_TARGET, stream.span, message);
        cx.push(diagnostic.label("no upstream is asked"));
    }
    if raw.raw.value && !methods.iter().any(keeps_path) {
        let message = "`raw` means nothing here";
        let diagnostic = Diagnostic::error(code::CONFLICTING_TARGET, raw.raw.span, message);
        cx.push(diagnostic.label("no upstream gets the client's own path"));
    }
}

fn timeouts(
    raw: &RawRoute,
    methods: &[(MethodSet, Target)],
    defaults: &RouteDefaults,
    definitions: &Definitions<'_>,
) -> Timeouts {
    let own = Partial::of(raw.timeouts.as_ref());
    let own = if raw.stream.is_some() { own.of_stream() } else { own };
    let indices = methods.iter().filter_map(|(_, target)| match target {
        Target::Upstream(target) => Some(target.upstream),
        Target::Respond(_) | Target::Redirect(_) | Target::Static(_) | Target::Endpoint(_) => None,
    });
    let with_upstreams = indices.map(|index| {
        let upstream = definitions.upstreams.timeouts[index.0];
        own.or(upstream).or(defaults.timeouts).complete()
    });
    with_upstreams
        .reduce(longest)
        .unwrap_or_else(|| own.or(defaults.timeouts).complete())
}

impl From<StreamKind> for Stream {
    fn from(kind: StreamKind) -> Self {
        match kind {
            StreamKind::WebSocket => Self::WebSocket,
            StreamKind::Sse => Self::Sse,
        }
    }
}
