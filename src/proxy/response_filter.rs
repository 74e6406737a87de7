//! The answer on its way to the client: the headers every answer carries, and the marks of a stream.

use super::context::RequestContext;
use crate::filters::cors::{self, CorsPolicy};
use crate::filters::header_case;
use crate::filters::request_id::X_REQUEST_ID;
use crate::filters::trace_context::TRACEPARENT;
use crate::live::{Gateway, OpenGuard};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, Version, header};
use pingora_core::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::Instant;

const SERVER: HeaderValue = HeaderValue::from_static("onasis-gateway");
const DEPRECATED: HeaderValue = HeaderValue::from_static("true");
const DEPRECATION: &str = "Deprecation";
/// About the connection to the upstream, or an offer of a protocol the edge does not speak.
const UPSTREAM_ONLY: [HeaderName; 3] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::ALT_SVC,
];

/// The upstream's head is here; interim heads do not count.
pub(super) fn head_arrived(response: &ResponseHeader, ctx: &mut RequestContext) {
    if let Some(watch) = &ctx.exchange.watch {
        watch.touch();
    }
    if response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    ctx.exchange.head_at = Some(Instant::now());
    ctx.exchange.status = Some(response.status.as_u16());
    if let Some(watch) = &ctx.exchange.watch {
        watch.head_seen();
    }
}

/// An answer that a deadline cut off must not look complete, even when only the connection's end would tell.
pub(super) fn body_arrived(body: Option<&Bytes>, end_of_stream: bool, ctx: &RequestContext) -> Result<()> {
    if end_of_stream && ctx.exchange.expired().is_some() && !ctx.is_upgrade {
        return Error::e_explain(ErrorType::ReadTimedout, "the upstream's answer was cut off")
            .map_err(|error: Box<Error>| error.into_up());
    }
    if let (Some(watch), Some(_)) = (&ctx.exchange.watch, body) {
        watch.touch();
    }
    Ok(())
}

pub(super) fn rewrite(
    gateway: &Arc<Gateway>,
    session: &mut Session,
    response: &mut ResponseHeader,
    ctx: &mut RequestContext,
) {
    if response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    header_case::forget_in_answer(response);
    count_stream(gateway, response, ctx);
    for name in UPSTREAM_ONLY {
        response.remove_header(&name);
    }
    if let Some(route) = ctx.route() {
        route.response_headers.apply_to_response(response);
    }
    if session.req_header().version == Version::HTTP_10 && response.headers.contains_key(header::TRANSFER_ENCODING) {
        // Such a client knows no chunks (RFC 9112 section 6.1): the connection's end is the body's.
        response.remove_header(&header::TRANSFER_ENCODING);
        session.set_keepalive(None);
    }
    dress(session.req_header(), response, ctx);
}

/// Counts WebSockets and event streams as open while they last.
fn count_stream(gateway: &Arc<Gateway>, response: &ResponseHeader, ctx: &mut RequestContext) {
    let is_event_stream = || {
        let content_type = response.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        content_type.is_some_and(|kind| {
            kind.get(..17)
                .is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"))
        })
    };
    if response.status == StatusCode::SWITCHING_PROTOCOLS {
        ctx.stream = Some(OpenGuard::new(gateway, |open| &open.websockets));
    } else if is_event_stream() {
        ctx.stream = Some(OpenGuard::new(gateway, |open| &open.sse));
    }
}

/// The policy of the route, or the default where no route is known.
pub(super) fn cors_policy(ctx: &RequestContext) -> Option<&CorsPolicy> {
    match ctx.route() {
        Some(route) => route.cors.as_deref(),
        None => ctx.snapshot.map.default_cors.as_deref(),
    }
}

/// What every answer carries, the edge's own and the upstreams' alike.
pub(super) fn dress(request: &RequestHeader, response: &mut ResponseHeader, ctx: &RequestContext) {
    match cors_policy(ctx) {
        Some(policy) => policy.write_headers(&request.headers, response),
        None => {
            cors::remove_cors_headers(response);
            cors::vary_by_origin(response);
        }
    }
    ctx.snapshot.map.security_headers.write(ctx.scheme(), response);
    set(response, "Server", SERVER);
    set(response, X_REQUEST_ID, ctx.request_id.header_value().clone());
    if let Some(trace) = &ctx.trace {
        set(response, TRACEPARENT, trace.traceparent());
    }
    let link = ctx
        .host_group()
        .and_then(|group| group.successor_link(ctx.path.as_deref().unwrap_or("/")));
    if let Some(link) = link {
        set(response, DEPRECATION, DEPRECATED);
        // An upstream's own links stay.
        drop(response.append_header("Link", link));
    }
}

fn set(response: &mut ResponseHeader, name: &'static str, value: HeaderValue) {
    // Fails only past the header map's capacity; the upstream's head is bounded far below it.
    drop(response.insert_header(name, value));
}
