//! What a configuration comes to once it is valid: the daemon's settings and the route map. Nothing past the loader
//! checks any of it again.

use crate::filters::client_address::TrustedProxies;
use crate::filters::cors::CorsPolicy;
use crate::filters::security_headers::SecurityHeaders;
use crate::routes::table::RouteTable;
use crate::upstreams::spec::UpstreamSpec;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// `conf/gateway.yaml`, valid.
#[derive(Debug, Clone)]
pub(crate) struct GatewaySettings {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) admin: AdminSettings,
    /// Worker threads; 0 is one per core.
    pub(crate) workers: usize,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) health_full: Audience,
    pub(crate) access_log: AccessLogSettings,
    pub(crate) limits: Limits,
    pub(crate) drain: Drain,
    /// Idle upstream connections kept in all.
    pub(crate) upstream_pool: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AdminSettings {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) socket: Option<PathBuf>,
}

/// Who may read `/health/full`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Loopback, private and link-local addresses.
    Private,
    Anyone,
    Networks(Vec<IpNet>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccessLogSettings {
    pub(crate) to: AccessLogTarget,
    /// Lines that may wait for a slow writer; more are dropped and counted.
    pub(crate) queue: usize,
    /// Query parameters whose values never reach the log.
    pub(crate) redact_query: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AccessLogTarget {
    Off,
    Stdout,
    File(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// From a request's first byte to the end of its head.
    pub(crate) header_timeout: Duration,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    /// Between two requests of a connection.
    pub(crate) keepalive: Duration,
    /// Between two reads or writes within a request.
    pub(crate) client_idle: Duration,
}

/// How long a stopping daemon waits for what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drain {
    pub(crate) requests: Duration,
    pub(crate) streams: Duration,
}

/// `routes.yaml`, valid.
#[derive(Debug)]
pub(crate) struct RouteMap {
    pub(crate) table: RouteTable,
    /// In the order of `UpstreamIndex`.
    pub(crate) upstreams: Vec<UpstreamSpec>,
    pub(crate) security_headers: SecurityHeaders,
    /// Dresses refusals that no route is responsible for.
    pub(crate) default_cors: Option<Arc<CorsPolicy>>,
    /// The first 16 hexadecimal digits of the SHA-256 of the file.
    pub(crate) hash: String,
}

/// Both files, valid and consistent.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) settings: GatewaySettings,
    pub(crate) map: RouteMap,
}
