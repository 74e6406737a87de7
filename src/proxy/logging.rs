//! The end of a request: its access-log line and its metrics.

use super::context::RequestContext;
use crate::filters::client_address::ClientAddress;
use crate::filters::host::Host;
use crate::filters::trace_context::TraceContext;
use crate::live::Gateway;
use crate::telemetry::access_log::Entry;
use http::StatusCode;
use pingora_core::Error;
use pingora_proxy::Session;
use std::sync::Arc;

/// What nginx calls a request whose client went before an answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;

pub(super) fn finish(gateway: &Arc<Gateway>, session: &Session, error: Option<&Error>, ctx: &mut RequestContext) {
    let written = session.response_written().map(|response| response.status);
    let status = written.map_or(CLIENT_CLOSED_REQUEST, |status| status.as_u16());
    let duration = ctx.started.elapsed();
    let broken = error.is_some()
        && written.is_some_and(|status| status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS);
    let request = session.req_header();
    record(gateway, ctx, &request.method, status, duration);
    if gateway.access_log.is_off() {
        return;
    }
    let time_to_head = ctx
        .exchange
        .started
        .zip(ctx.exchange.head_at)
        .map(|(from, to)| to.duration_since(from));
    // Of a request that was refused before its host was looked at, it is looked at now.
    let unseen = ctx.host.is_none().then(|| Host::of(request).ok()).flatten();
    gateway.access_log.write(&Entry {
        request_id: ctx.request_id.as_str(),
        trace_id: ctx.trace.as_ref().map(TraceContext::trace_id),
        client_ip: ctx.client.as_ref().map(ClientAddress::as_str),
        method: Some(request.method.as_str()),
        host: ctx.host.as_deref().or(unseen.as_ref().map(Host::as_str)),
        path: ctx.path.as_deref(),
        raw_path: Some(request.raw_path()),
        query: request.uri.query(),
        protocol: Some(request.version),
        route: ctx.route().map(|route| route.id.as_str()),
        status,
        refusal: ctx.refused_as,
        broken,
        bytes_sent: session.body_bytes_sent() as u64,
        bytes_received: session.body_bytes_read() as u64,
        duration,
        upstream: ctx
            .upstream_target()
            .map(|target| ctx.snapshot.map.upstreams[target.upstream.0].name.as_str()),
        endpoint: ctx.exchange.tried.last().map(|endpoint| endpoint.url.authority_text()),
        upstream_status: ctx.exchange.status,
        upstream_duration: time_to_head,
        attempts: ctx.exchange.tried.len(),
        reused: ctx.exchange.reused,
        user_agent: request
            .headers
            .get(http::header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok()),
    });
}

fn record(gateway: &Gateway, ctx: &RequestContext, method: &http::Method, status: u16, duration: std::time::Duration) {
    let route_index = ctx.matched.as_ref().map(|matched| matched.route).or(ctx.refusing_route);
    let metrics = route_index.and_then(|index| ctx.snapshot.route_metrics.get(index));
    let is_stream = ctx.stream.is_some();
    metrics
        .unwrap_or(&gateway.metrics.unrouted)
        .observe(Some(method), status, duration, is_stream);
    if let (Some(from), Some(to), Some(target)) = (ctx.exchange.started, ctx.exchange.head_at, ctx.upstream_target()) {
        ctx.snapshot.upstream_durations[target.upstream.0].observe(to.duration_since(from).as_secs_f64());
    }
    if let Some(group) = ctx.host_group().filter(|group| group.successor.is_some()) {
        gateway.metrics.deprecated_host(&group.name);
    }
}
