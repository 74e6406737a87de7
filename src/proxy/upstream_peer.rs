//! Chooses an endpoint and describes the connection to it.

use super::context::RequestContext;
use crate::answer::Denied;
use crate::routes::route::Route;
use crate::upstreams::deadline::{self, Watch};
use crate::upstreams::endpoint::Endpoint;
use crate::upstreams::handles::Handles;
use crate::upstreams::registry::Upstream;
use crate::upstreams::upgrade_gate::{GatedConnector, UpgradeGate};
use crate::upstreams::upload::UploadWatch;
use http::Version;
use pingora_core::protocols::Digest;
use pingora_core::upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy};
use pingora_proxy::Session;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Pool keys of connections that are not for Pingora to share. It may pool one, but nobody asks for it again. A refused
/// upgrade's ends with the upstream's pool time; a TLS connection is taken back.
static NEXT_UNSHARED_GROUP: AtomicU64 = AtomicU64::new(1);

pub(super) async fn choose(_session: &Session, ctx: &mut RequestContext) -> Result<HttpPeer, Denied> {
    let Some(target) = ctx.upstream_target() else {
        return Err(Denied::Internal);
    };
    let upstream = Arc::clone(ctx.snapshot.registry.get(target.upstream));
    let (endpoint, address) = next_reachable(&upstream, &mut ctx.exchange.tried).await?;
    ctx.exchange.gate = ctx.is_upgrade.then(|| Arc::new(UpgradeGate::default()));
    ctx.exchange.started = Some(Instant::now());
    let Some(route) = ctx.route() else {
        return Err(Denied::Internal);
    };
    Ok(peer(&upstream, &endpoint, address, route, ctx.exchange.gate.as_ref()))
}

/// The next endpoint that is up and resolves.
async fn next_reachable(
    upstream: &Upstream,
    tried: &mut Vec<Arc<Endpoint>>,
) -> Result<(Arc<Endpoint>, SocketAddr), Denied> {
    loop {
        let refused = if tried.is_empty() {
            Denied::NoHealthyUpstream
        } else {
            Denied::UpstreamUnavailable
        };
        let endpoint = upstream.choose(tried).map_err(|_| refused)?;
        tried.push(Arc::clone(&endpoint));
        match endpoint.address().await {
            Ok(address) => return Ok((endpoint, address)),
            Err(error) => log::warn!("upstream {} endpoint {}: {error}", upstream.spec.name, endpoint.url),
        }
    }
}

fn peer(
    upstream: &Upstream,
    endpoint: &Endpoint,
    address: SocketAddr,
    route: &Route,
    gate: Option<&Arc<UpgradeGate>>,
) -> HttpPeer {
    // Plain to Pingora, always: TLS is the connector's.
    let mut peer = HttpPeer::new(address, false, String::new());
    if gate.is_some() || endpoint.url.is_tls() {
        peer.group_key = NEXT_UNSHARED_GROUP.fetch_add(1, Ordering::Relaxed);
    }
    let options = &mut peer.options;
    options.connection_timeout = Some(route.timeouts.connect);
    options.total_connection_timeout = Some(route.timeouts.connect);
    options.read_timeout = deadline::read_timeout(&route.timeouts, route.stream.is_some());
    options.write_timeout = Some(route.timeouts.idle);
    options.idle_timeout = Some(upstream.spec.pool_idle);
    options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
    match gate {
        None => options.custom_l4 = Some(endpoint.connector.clone()),
        Some(gate) => {
            options.http_upstream_request_policy = HttpUpstreamRequestPolicy::standard();
            options.custom_l4 = Some(Arc::new(GatedConnector {
                connector: Arc::clone(&endpoint.connector),
                gate: Arc::clone(gate),
            }));
        }
    }
    peer
}

/// The connection stands: its deadlines begin to count, and an upgrade's reads wait for the request's end.
pub(super) fn connected(session: &mut Session, reused: bool, digest: Option<&Digest>, ctx: &mut RequestContext) {
    let handles = digest.and_then(Handles::of);
    ctx.exchange.loan = handles.and_then(|handles| handles.loan.clone());
    ctx.exchange.reused = reused || ctx.exchange.loan.as_ref().is_some_and(|loan| loan.is_reused());
    ctx.exchange.upload = None;
    if let Some(gate) = &ctx.exchange.gate {
        gate.hold();
    }
    let Some(route) = ctx.route() else { return };
    let timeouts = route.timeouts;
    let connection = || handles.map(|handles| Arc::clone(&handles.abort));
    if deadline::needs_watch(&timeouts, route.stream.is_some()) {
        ctx.exchange.watch = connection().map(|connection| Watch::start(timeouts, ctx.started.into(), connection));
    }
    if session.req_header().version == Version::HTTP_2 && !session.is_body_done() {
        let limit = ctx.snapshot.settings.limits.client_idle;
        ctx.exchange.upload = connection().map(|connection| UploadWatch::start(limit, connection));
    }
}

/// The request is over, and Pingora has kept its connection or closed it.
pub(super) fn over(ctx: &mut RequestContext) {
    if let Some(loan) = ctx.exchange.loan.take() {
        loan.end();
    }
}
