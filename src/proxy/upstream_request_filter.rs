//! The request as the upstream gets it. Pingora has removed hop-by-hop fields before; what is written here stays.

use super::context::{Body, RequestContext};
use super::rewrite::Forwarding;
use crate::answer::Denied;
use crate::connection::ConnectionState;
use crate::filters::client_address::Forwarded;
use crate::filters::host;
use pingora_http::RequestHeader;
use pingora_proxy::Session;

pub(super) fn rewrite(session: &Session, request: &mut RequestHeader, ctx: &mut RequestContext) -> Result<(), Denied> {
    // A retry sends the body from its beginning.
    let collected = ctx
        .upstream_target()
        .and_then(|target| target.json_body.as_ref())
        .map(|_| Vec::new());
    ctx.body = Body {
        received: 0,
        limit: ctx.body.limit,
        collected,
    };
    let (Some(route), Some(target), Some(path), Some(endpoint), Some(client), Some(trace)) = (
        ctx.route(),
        ctx.upstream_target(),
        ctx.path.as_deref(),
        ctx.exchange.tried.last(),
        &ctx.client,
        &ctx.trace,
    ) else {
        return Err(Denied::Internal);
    };
    let asked_host = host::as_written(session.req_header());
    // A connection that is upgraded has no next request to keep anything for.
    let forwarded = match ConnectionState::of(session).filter(|_| !ctx.is_upgrade) {
        Some(connection) => connection.forwarded(client, asked_host.as_ref()),
        None => Forwarded::of(client, asked_host.as_ref(), None),
    };
    let upstream = ctx.snapshot.registry.get(target.upstream);
    let forwarding = Forwarding {
        spec: &upstream.spec,
        endpoint: &endpoint.url,
        route,
        target,
        path,
        forwarded: &forwarded,
        request_id: &ctx.request_id,
        trace,
    };
    forwarding.write(session.req_header(), request, |name| ctx.capture(name))
}
