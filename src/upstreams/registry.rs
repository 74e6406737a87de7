//! All upstreams of the running configuration, and the choice of an endpoint.

use super::connector::Connector;
use super::endpoint::{Endpoint, EndpointState};
use super::idle::{IdleConnections, Room};
use super::spec::{EndpointUrl, UpstreamSpec};
use super::tls::{self, TlsClient};
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use std::cell::LazyCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) spec: UpstreamSpec,
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    turn: AtomicUsize,
}

/// The upstreams, in the order of the route map's indices.
#[derive(Debug)]
pub(crate) struct Registry {
    upstreams: Vec<Arc<Upstream>>,
    room: Room,
}

/// No endpoint of the upstream is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no endpoint is up")]
pub(crate) struct NoHealthyEndpoint;

/// The state view of an upstream.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UpstreamState {
    pub(crate) name: String,
    pub(crate) critical: bool,
    pub(crate) service: Option<String>,
    /// `up` when any endpoint is.
    pub(crate) up: bool,
    pub(crate) checked: bool,
    pub(crate) endpoints: Vec<EndpointState>,
}

impl Upstream {
    fn new(spec: UpstreamSpec, roots: impl FnOnce() -> Arc<RootCertStore>, room: &Room) -> Self {
        let tls = LazyCell::new(|| tls::client_config(roots()));
        let live = |backup: bool| {
            let connector = |url: &EndpointUrl| connector(&spec, url, &tls, room);
            move |url: &EndpointUrl| Arc::new(Endpoint::new(url.clone(), backup, connector(url)))
        };
        let primaries = spec.endpoints.iter().map(live(false));
        let endpoints = primaries.chain(spec.backup.iter().map(live(true))).collect();
        Self {
            endpoints,
            turn: AtomicUsize::new(0),
            spec,
        }
    }

    /// The next endpoint that is up and not yet `tried`: primaries in turn, backups when no primary is left.
    pub(crate) fn choose(&self, tried: &[Arc<Endpoint>]) -> Result<Arc<Endpoint>, NoHealthyEndpoint> {
        self.choose_among(false, tried)
            .or_else(|| self.choose_among(true, tried))
            .ok_or(NoHealthyEndpoint)
    }

    fn choose_among(&self, backup: bool, tried: &[Arc<Endpoint>]) -> Option<Arc<Endpoint>> {
        let is_tried = |endpoint: &Arc<Endpoint>| tried.iter().any(|other| Arc::ptr_eq(other, endpoint));
        let usable = || {
            self.endpoints
                .iter()
                .filter(|endpoint| endpoint.backup == backup && endpoint.is_up() && !is_tried(endpoint))
        };
        let count = usable().count();
        let turn = if count > 1 {
            self.turn.fetch_add(1, Ordering::Relaxed) % count
        } else {
            0
        };
        usable().nth(turn).map(Arc::clone)
    }

    /// Whether another attempt has somewhere to go.
    pub(crate) fn has_untried(&self, tried: &[Arc<Endpoint>]) -> bool {
        self.choose(tried).is_ok()
    }

    pub(crate) fn is_up(&self) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.is_up())
    }

    pub(crate) fn state(&self) -> UpstreamState {
        UpstreamState {
            name: self.spec.name.clone(),
            critical: self.spec.critical,
            service: self.spec.service.clone(),
            up: self.is_up(),
            checked: self.spec.health.is_some(),
            endpoints: self.endpoints.iter().map(|endpoint| endpoint.state()).collect(),
        }
    }
}

/// The upstream's TLS configuration is made for its first https endpoint.
fn connector<F>(spec: &UpstreamSpec, url: &EndpointUrl, tls: &LazyCell<Arc<ClientConfig>, F>, room: &Room) -> Connector
where
    F: FnOnce() -> Arc<ClientConfig>,
{
    let Some(own_name) = &url.tls_name else {
        return Connector::plain();
    };
    let name = spec.tls.server_name.as_ref().unwrap_or(own_name);
    let client = TlsClient::new(tls, name.clone());
    Connector::tls(client, IdleConnections::new(spec.pool_idle, room))
}

impl Registry {
    /// No upstreams, and room for so many idle TLS connections to those that come.
    pub(crate) fn with_room(idle_connections: usize) -> Self {
        Self {
            upstreams: Vec::new(),
            room: Arc::new(Semaphore::new(idle_connections)),
        }
    }

    /// A registry for new specs, each with the certificates of its `ca_file`. It keeps the live state of every upstream
    /// whose spec did not change.
    pub(crate) fn renewed(&self, specs: Vec<(UpstreamSpec, Option<Arc<RootCertStore>>)>) -> Self {
        let system_roots = LazyCell::new(tls::system_roots);
        let renew = |(spec, own_roots): (UpstreamSpec, Option<Arc<RootCertStore>>)| {
            // A file of certificates may have changed under its name.
            let may_stay = own_roots.is_none();
            let unchanged = self.upstreams.iter().find(|old| may_stay && old.spec == spec);
            let roots = || own_roots.unwrap_or_else(|| Arc::clone(&system_roots));
            let new = || Arc::new(Upstream::new(spec, roots, &self.room));
            unchanged.cloned().unwrap_or_else(new)
        };
        Self {
            upstreams: specs.into_iter().map(renew).collect(),
            room: Arc::clone(&self.room),
        }
    }

    pub(crate) fn get(&self, index: crate::routes::target::UpstreamIndex) -> &Arc<Upstream> {
        // The configuration makes indices and upstreams from one list.
        &self.upstreams[index.0]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.upstreams.iter()
    }
}
