//! `upstreams`: groups of endpoints that serve the same thing.

use http::HeaderValue;
use http::uri::{Authority, PathAndQuery};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};

use super::Surroundings;
use super::header_edits::{RawRequestHeaders, request_edits};
use super::timeouts::{Partial, RawTimeouts};
use crate::config::certificates::certificates;
use crate::config::code;
use crate::filters::header_edits::HeaderEdits;
use crate::routes::path::NormalPath;
use crate::routes::target::UpstreamIndex;
use crate::upstreams::spec::{EndpointUrl, HealthCheck, HostHeader, UpstreamSpec, UpstreamTls};
use config_text::bounded::{Count, TimeLimit};
use config_text::decode::{Decode, Entries, OneOrMany};
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::files::Base;
use config_text::names::{NameKind, Named};
use config_text::written::{Text, decode_parsed};
use config_text::yaml::{Kind, Node};

pub(super) const UPSTREAMS: NameKind = NameKind {
    unknown: code::UNKNOWN_UPSTREAM,
    what: "upstream",
    one: "an upstream",
    section: "upstreams",
    reserved: None,
};

config_text::record! {
    /// Endpoints that serve the same thing, and how they are spoken to.
    pub(super) struct RawUpstream as "an upstream" {
        /// Base URLs such as `http://127.0.0.1:4000`, used in turn.
        endpoints: needed OneOrMany<EndpointUrl>,
        /// Used when no endpoint is healthy.
        backup: default([]) Vec<EndpointUrl>,
        /// Put before every path sent to this upstream, the health check's too.
        base_path: default("") BasePath,
        /// The `Host` it gets: `upstream` for the endpoint's own, `client` for the one the client asked for, or a host name.
        host_header: default("upstream") HostHeader,
        /// For https endpoints.
        tls: optional RawTls,
        /// How it is checked; without it, it is never checked and counts as up.
        health: optional RawHealth,
        /// Whether the platform is down without it: `/health` then answers 503.
        critical: default(false) bool,
        /// Its name under `services` in `/health`; without it, it is not listed there.
        service: optional Spanned<String>,
        /// How long an idle connection to it is kept.
        pool_idle: default("60s") TimeLimit,
        /// Override `defaults.timeouts`.
        timeouts: optional RawTimeouts,
        /// Changes of the headers of every request to it, before the target's own.
        request_headers: optional RawRequestHeaders,
    }
}

config_text::record! {
    /// TLS towards https endpoints.
    pub(super) struct RawTls as "a `tls` section" {
        /// The name asked for and verified, when it is not the endpoint's host.
        server_name: optional ServerNameText,
        /// A PEM file with the certificates to trust instead of the system's.
        ca_file: optional Text,
    }
}

config_text::record! {
    /// A regular GET; 2xx and 3xx are healthy.
    pub(super) struct RawHealth as "a health check" {
        /// The path asked for.
        path: needed CheckPath,
        /// From one check to the next.
        interval: default("10s") TimeLimit,
        /// How long the answer may take.
        timeout: default("2s") TimeLimit,
        /// Failures in a row that make an endpoint unhealthy.
        unhealthy_after: default(3) Count<1, 1000>,
        /// Successes in a row that make it healthy again.
        healthy_after: default(1) Count<1, 1000>,
    }
}

impl Decode for EndpointUrl {
    const WHAT: &'static str = "a base URL";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        if matches!(&node.kind, Kind::Scalar(scalar) if scalar.text.contains('@')) {
            let message = "a base URL has no user name and password";
            let help =
                "name the credential in `request_headers`: `authorization: { secret: NAME, prefix: \"Basic \" }`";
            cx.push(Diagnostic::error(code::INLINE_SECRET, node.span, message).help(help));
            cx.conceal(node.span);
            return None;
        }
        decode_parsed(node, cx, Self::WHAT, Self::parse)
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https?://" })
    }
}

/// Empty, or canonical without a trailing slash.
#[derive(Clone, Debug)]
pub(super) struct BasePath(String);

impl Decode for BasePath {
    const WHAT: &'static str = "a base path";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            if text.is_empty() {
                return Ok(Self(String::new()));
            }
            let normal = NormalPath::parse(text.as_bytes()).map_err(|error| error.to_string())?;
            let trimmed = normal.as_str().trim_end_matches('/');
            match trimmed == text.trim_end_matches('/') {
                true => Ok(Self(trimmed.to_owned())),
                false => Err(format!("not in canonical form, which is `{trimmed}`")),
            }
        })
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^(/.*)?$" })
    }
}

impl Decode for HostHeader {
    const WHAT: &'static str = "`upstream`, `client` or a host name";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| match text {
            "upstream" => Ok(Self::Upstream),
            "client" => Ok(Self::Client),
            name => literal_host(name).map(Self::Literal),
        })
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

fn literal_host(text: &str) -> Result<HeaderValue, String> {
    let problem = || "a host is a name, with a port if need be".to_owned();
    let authority: Authority = text.parse().map_err(|_| problem())?;
    let bare = !text.contains('@') && !authority.host().is_empty();
    let value = HeaderValue::from_str(text).ok().filter(|_| bare);
    value.ok_or_else(problem)
}

#[derive(Clone, Debug)]
pub(super) struct ServerNameText(ServerName<'static>);

impl Decode for ServerNameText {
    const WHAT: &'static str = "a server name";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            let problem = |_| "a server name is a host name or an address, without a port".to_owned();
            ServerName::try_from(text.to_owned()).map(Self).map_err(problem)
        })
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

#[derive(Clone, Debug)]
pub(super) struct CheckPath(String);

impl Decode for CheckPath {
    const WHAT: &'static str = "a path";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            let valid = text.starts_with('/') && text.parse::<PathAndQuery>().is_ok();
            let problem = || "a path begins with a slash and has no spaces".to_owned();
            valid.then(|| Self(text.to_owned())).ok_or_else(problem)
        })
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^/" })
    }
}

/// What targets need to know of an upstream.
#[derive(Debug)]
pub(super) struct UpstreamDefinition {
    pub(super) index: UpstreamIndex,
    pub(super) request_headers: HeaderEdits,
}

/// The upstreams in file order, and what their names stand for.
#[derive(Debug)]
pub(super) struct Upstreams<'r> {
    pub(super) specs: Vec<UpstreamSpec>,
    /// Their own, without the defaults.
    pub(super) timeouts: Vec<Partial>,
    pub(super) names: Named<'r, RawUpstream, UpstreamDefinition>,
}

pub(super) fn upstreams<'r>(
    written: &'r Entries<RawUpstream>,
    defaults: Partial,
    around: &Surroundings<'_>,
    cx: &mut Diagnostics,
) -> Upstreams<'r> {
    let mut specs = Vec::new();
    let mut timeouts = Vec::new();
    let names = Named::new(UPSTREAMS, written, cx, |name, raw, cx| {
        let spec = spec(name, raw, defaults, around, cx)?;
        let definition = UpstreamDefinition {
            index: UpstreamIndex(specs.len()),
            request_headers: spec.request_headers.clone(),
        };
        specs.push(spec);
        timeouts.push(Partial::of(raw.timeouts.as_ref()));
        Some(definition)
    });
    Upstreams { specs, timeouts, names }
}

fn spec(
    name: &Spanned<String>,
    raw: &RawUpstream,
    defaults: Partial,
    around: &Surroundings<'_>,
    cx: &mut Diagnostics,
) -> Option<UpstreamSpec> {
    if let Some(service) = raw.service.as_ref().filter(|service| service.is_empty()) {
        let message = "a service has a name";
        cx.push(Diagnostic::error(code::INVALID_VALUE, service.span, message));
    }
    let request_headers = request_edits(raw.request_headers.as_ref(), around, cx);
    let tls = raw.tls.as_ref().map(|tls| UpstreamTls {
        server_name: tls.server_name.as_ref().map(|name| name.0.clone()),
        ca_file: tls
            .ca_file
            .as_ref()
            .and_then(|file| certificates(Base::File(around.folder), file, cx)),
    });
    let endpoints: Vec<EndpointUrl> = raw.endpoints.as_ref()?.to_vec();
    if let Some(tls) = &raw.tls
        && !endpoints.iter().chain(&raw.backup).any(EndpointUrl::is_tls)
    {
        let message = format!("`{}` has TLS settings and no https endpoint", name.value);
        let diagnostic = Diagnostic::error(code::INVALID_VALUE, tls.span, message);
        cx.push(diagnostic.help("write the endpoints with `https://`, or remove the section"));
    }
    Some(UpstreamSpec {
        name: name.value.clone(),
        endpoints,
        backup: raw.backup.clone(),
        base_path: raw.base_path.0.clone(),
        host_header: raw.host_header.clone(),
        tls: tls.unwrap_or_default(),
        health: raw.health.as_ref().and_then(health),
        critical: raw.critical,
        service: raw.service.as_ref().map(|service| service.value.clone()),
        pool_idle: raw.pool_idle.0,
        timeouts: Partial::of(raw.timeouts.as_ref()).or(defaults).complete(),
        request_headers,
    })
}

fn health(raw: &RawHealth) -> Option<HealthCheck> {
    // The bounds of a `Count` fit.
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(HealthCheck {
        path: raw.path.as_ref()?.0.clone(),
        interval: raw.interval.0,
        timeout: raw.timeout.0,
        unhealthy_after: count(raw.unhealthy_after.0),
        healthy_after: count(raw.healthy_after.0),
    })
}
