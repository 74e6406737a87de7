//! `gateway.yaml`: from its text to the daemon's settings.

use std::net::SocketAddr;
use std::path::Path;

use http::HeaderName;
use serde_json::{Value, json};

use super::routes_file::Development;
use super::settings::{AccessLogSettings, AccessLogTarget, AdminSettings, Audience, Drain, GatewaySettings, Limits};
use crate::config::code;
use crate::filters::client_address::TrustedProxies;
use crate::filters::cors::OriginPattern;
use config_text::addresses::Network;
use config_text::bounded::{Count, Patience, TimeLimit};
use config_text::decode::{Decode, OneOrMany};
use config_text::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use config_text::version::{self, Version};
use config_text::written::{OrOff, Text, decode_parsed};
use config_text::yaml::{Kind, Node};

/// The room for a path in the address of a Unix socket, without its end mark.
const MAX_SOCKET_PATH: usize = 107;

config_text::record! {
    /// The daemon: where it listens, whom it trusts, what it writes. Which request goes where is in the route map.
    pub(crate) struct RawGateway as "the gateway configuration" {
        /// The version of this format.
        version: needed Version,
        /// The route map, relative to this file.
        routes: needed Text,
        /// Addresses with ports; port 0 takes a free one.
        listen: needed OneOrMany<Spanned<SocketAddr>>,
        /// Liveness, readiness, metrics and state. Never reachable from outside.
        admin: default({}) RawAdmin,
        /// Worker threads; 0 is one per core.
        workers: default(0) Count<0, 1024>,
        /// Addresses and networks that may say who the client is. From anyone else forwarding headers are discarded.
        trusted_proxies: default([]) Vec<Network>,
        /// Who may read `/health/full`: `private` for loopback and private addresses, `anyone`, or a list of networks.
        health_full: default("private") RawAudience,
        /// One JSON line a request.
        access_log: default({}) RawAccessLog,
        /// Bounds of what clients may do.
        limits: default({}) RawLimits,
        /// How long a stopping daemon waits for what is under way.
        drain: default({}) RawDrain,
        /// Idle connections kept to upstreams, in all.
        upstream_pool: default(128) Count<1, 1_000_000>,
        /// Loosens rules for work on one machine; only accepted when every listener is on loopback.
        development: optional RawDevelopment,
    }
}

config_text::record! {
    /// The listener for operators.
    pub(crate) struct RawAdmin as "the `admin` section" {
        /// An address with a port, or `off`.
        listen: default("127.0.0.1:9090") Spanned<OrOff<SocketAddr>>,
        /// The Unix socket that takes `onasis-gateway reload`, or `off`.
        socket: default("/run/onasis-gateway/admin.sock") OrOff<Text>,
    }
}

config_text::record! {
    /// One JSON line a request.
    pub(crate) struct RawAccessLog as "the `access_log` section" {
        /// `"-"` for standard output, a file, or `off`.
        path: default("-") OrOff<Text>,
        /// Lines that may wait for a slow writer; more are dropped and counted.
        queue: default(8192) Count<1, 1_000_000>,
        /// Query parameters whose values never reach the log.
        redact_query: default([
            "access_token", "refresh_token", "id_token", "token", "code", "code_verifier", "client_secret", "state",
            "api_key", "apikey", "key", "user_code", "otp", "password", "email"
        ]) Vec<String>,
    }
}

config_text::record! {
    /// Bounds of what clients may do.
    pub(crate) struct RawLimits as "the `limits` section" {
        /// From a request's first byte to the end of its headers.
        header_timeout: default("10s") TimeLimit,
        /// Open connections, in all.
        connections: default(20000) Count<1, { usize::MAX }>,
        /// Open connections of one client address.
        connections_per_address: default(1000) Count<1, { usize::MAX }>,
        /// How long a connection may wait for its next request.
        keepalive: default("75s") TimeLimit,
        /// How long a client may stop sending or reading within a request.
        client_idle: default("60s") TimeLimit,
    }
}

config_text::record! {
    /// How long a stopping daemon waits for what is under way.
    pub(crate) struct RawDrain as "the `drain` section" {
        /// For requests.
        requests: default("60s") Patience,
        /// For WebSockets and event streams.
        streams: default("45m") Patience,
    }
}

config_text::record! {
    /// Loosens rules for work on one machine.
    pub(crate) struct RawDevelopment as "the `development` section" {
        /// Origins added to every CORS policy.
        cors_origins: default([]) Vec<OriginPattern>,
        /// Request headers added to every `allow` list.
        pass_request_headers: default([]) Vec<PassedHeader>,
    }
}

config_text::choice! {
    enum AudienceWord {
        Private = "private",
        Anyone = "anyone",
    }
}

#[derive(Clone, Debug)]
pub(crate) struct RawAudience(Audience);

impl Decode for RawAudience {
    const WHAT: &'static str = "`private`, `anyone` or a list of networks";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let audience = match &node.kind {
            Kind::Sequence(_) => {
                let networks: Vec<Network> = Vec::decode(node, cx)?;
                Audience::Networks(networks.into_iter().map(|network| network.0).collect())
            }
            Kind::Scalar(_) | Kind::Mapping(_) | Kind::Reported => match AudienceWord::decode(node, cx)? {
                AudienceWord::Private => Audience::Private,
                AudienceWord::Anyone => Audience::Anyone,
            },
        };
        Some(Self(audience))
    }

    fn schema() -> Value {
        json!({ "anyOf": [AudienceWord::schema(), Vec::<Network>::schema()] })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PassedHeader(HeaderName);

impl Decode for PassedHeader {
    const WHAT: &'static str = "a header name";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            let name = HeaderName::from_bytes(text.as_bytes());
            name.map(Self)
                .map_err(|_| "a header name is letters, digits and dashes".to_owned())
        })
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

/// What the file comes to. Settings are `None` when one of their parts was reported.
#[derive(Debug)]
pub(crate) struct GatewayFile {
    pub(crate) settings: Option<GatewaySettings>,
    pub(crate) development: Development,
    pub(crate) routes: Option<Text>,
}

pub(crate) fn schema() -> Value {
    RawGateway::schema()
}

/// `folder` is where relative paths begin.
pub(crate) fn gateway_file(node: &Node, folder: &Path, cx: &mut Diagnostics) -> Option<GatewayFile> {
    if !version::is_supported(node, cx) {
        return None;
    }
    let raw = RawGateway::decode(node, cx)?;
    refuse_repeated_addresses(&raw, cx);
    let development = match &raw.development {
        Some(written) => development(written, &raw, cx),
        None => Development::default(),
    };
    let socket = raw.admin.socket.0.as_ref().map(|socket| {
        let path = folder.join(&socket.value);
        if path.as_os_str().len() > MAX_SOCKET_PATH {
            let message = format!("a socket's path is at most {MAX_SOCKET_PATH} bytes long");
            cx.push(Diagnostic::error(code::INVALID_VALUE, socket.span, message));
        }
        path
    });
    let settings = match (&raw.version, &raw.routes, &raw.listen) {
        (Some(Version), Some(_), Some(listen)) => Some(GatewaySettings {
            listen: listen.iter().map(|address| address.value).collect(),
            admin: AdminSettings {
                listen: raw.admin.listen.value.0,
                socket,
            },
            workers: raw.workers.0,
            trusted_proxies: TrustedProxies::new(raw.trusted_proxies.iter().map(|network| network.0).collect()),
            health_full: raw.health_full.0.clone(),
            access_log: access_log(&raw.access_log, folder),
            limits: Limits {
                header_timeout: raw.limits.header_timeout.0,
                connections: raw.limits.connections.0,
                connections_per_address: raw.limits.connections_per_address.0,
                keepalive: raw.limits.keepalive.0,
                client_idle: raw.limits.client_idle.0,
            },
            drain: Drain {
                requests: raw.drain.requests.0,
                streams: raw.drain.streams.0,
            },
            upstream_pool: raw.upstream_pool.0,
        }),
        (None, _, _) | (_, None, _) | (_, _, None) => None,
    };
    Some(GatewayFile {
        settings,
        development,
        routes: raw.routes,
    })
}

fn access_log(raw: &RawAccessLog, folder: &Path) -> AccessLogSettings {
    let to = match &raw.path.0 {
        None => AccessLogTarget::Off,
        Some(path) if path.value == "-" => AccessLogTarget::Stdout,
        Some(path) => AccessLogTarget::File(folder.join(&path.value)),
    };
    AccessLogSettings {
        to,
        queue: raw.queue.0,
        redact_query: raw.redact_query.clone(),
    }
}

/// The listeners with their places, the admin's last.
fn listeners(raw: &RawGateway) -> Vec<Spanned<SocketAddr>> {
    let admin = &raw.admin.listen;
    let admin = admin.value.0.map(|address| Spanned::new(address, admin.span));
    let public = raw.listen.as_deref().unwrap_or_default();
    public.iter().cloned().chain(admin).collect()
}

fn refuse_repeated_addresses(raw: &RawGateway, cx: &mut Diagnostics) {
    let all = listeners(raw);
    for (position, address) in all.iter().enumerate() {
        let first = all[..position].iter().find(|first| first.value == address.value);
        // Port 0 is another port each time.
        let Some(first) = first.filter(|first| first.port() != 0) else {
            continue;
        };
        let message = format!("{} is listened on twice", address.value);
        // A default has the place of the section that it is missing from.
        let diagnostic = if address.span == raw.admin.span {
            Diagnostic::error(code::INVALID_VALUE, first.span, message)
                .label("the admin listener is here, as `admin.listen` says nothing else")
        } else {
            Diagnostic::error(code::INVALID_VALUE, address.span, message)
                .label("second time")
                .note_at(first.span, "first time")
        };
        cx.push(diagnostic);
    }
}

fn development(written: &RawDevelopment, raw: &RawGateway, cx: &mut Diagnostics) -> Development {
    let exposed = |address: &&Spanned<SocketAddr>| !address.ip().to_canonical().is_loopback();
    if let Some(address) = listeners(raw).iter().find(exposed) {
        cx.push(exposed_development(written.span, address));
    }
    Development {
        cors_origins: written.cors_origins.clone(),
        pass_request_headers: written.pass_request_headers.iter().map(|name| name.0.clone()).collect(),
    }
}

fn exposed_development(section: Span, address: &Spanned<SocketAddr>) -> Diagnostic {
    let message = "`development` is for daemons that only this machine can reach";
    Diagnostic::error(code::DEVELOPMENT_EXPOSED, section, message)
        .label("loosens rules that protect the platform")
        .note_at(address.span, format!("{} is not a loopback address", address.value))
        .help("remove the section, or listen on a loopback address")
}

#[cfg(test)]
mod tests;
