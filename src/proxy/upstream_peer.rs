//! Chooses an endpoint and describes the connection to it.

use super::context::RequestContext;
use crate::answer::Denied;
use crate::routes::route::Route;
use crate::upstreams::connector::AbortHandle;
use crate::upstreams::deadline::{self, Watch};
use crate::upstreams::endpoint::Endpoint;
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

/// Pool keys of connections that serve one upgrade request and nothing else: a refused upgrade's connection may be
/// pooled, but nobody asks for it again, and it ends with the upstream's pool time.
static NEXT_UPGRADE_GROUP: AtomicU64 = AtomicU64::new(1);

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
    // Without a name Pingora would not verify the certificate at all.
    let server_name = upstream.spec.tls.server_name.as_ref().unwrap_or(&endpoint.url.host);
    let mut peer = HttpPeer::new(address, endpoint.url.tls, server_name.clone());
    let options = &mut peer.options;
    options.connection_timeout = Some(route.timeouts.connect);
    options.total_connection_timeout = Some(route.timeouts.connect);
    options.read_timeout = deadline::read_timeout(&route.timeouts, route.stream.is_some());
    options.write_timeout = Some(route.timeouts.idle);
    options.idle_timeout = Some(upstream.spec.pool_idle);
    options.ca.clone_from(&upstream.ca);
    options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
    match gate {
        None => options.custom_l4 = Some(upstream.connector.clone()),
        Some(gate) => {
            options.http_upstream_request_policy = HttpUpstreamRequestPolicy::standard();
            options.custom_l4 = Some(Arc::new(GatedConnector {
                connector: Arc::clone(&upstream.connector),
                gate: Arc::clone(gate),
            }));
            peer.group_key = NEXT_UPGRADE_GROUP.fetch_add(1, Ordering::Relaxed);
        }
    }
    peer
}

/// The connection stands: its deadlines begin to count, and an upgrade's reads wait for the request's end.
pub(super) fn connected(session: &mut Session, reused: bool, digest: Option<&Digest>, ctx: &mut RequestContext) {
    ctx.exchange.reused = reused;
    ctx.exchange.upload = None;
    if let Some(gate) = &ctx.exchange.gate {
        gate.hold();
    }
    let Some(route) = ctx.route() else { return };
    let timeouts = route.timeouts;
    let connection = || digest.and_then(AbortHandle::from_digest);
    if deadline::needs_watch(&timeouts, route.stream.is_some()) {
        ctx.exchange.watch = connection().map(|connection| Watch::start(timeouts, ctx.started.into(), connection));
    }
    if session.req_header().version == Version::HTTP_2 && !session.is_body_done() {
        let limit = ctx.snapshot.settings.limits.client_idle;
        ctx.exchange.upload = connection().map(|connection| UploadWatch::start(limit, connection));
    }
}
