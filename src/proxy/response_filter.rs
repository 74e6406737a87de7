//! The answer on its way to the client: the headers every answer carries, and the marks of a stream.

use super::context::RequestContext;
use crate::answer::SERVER;
use crate::filters::cors::{self, CorsPolicy};
use crate::filters::header_case;
use crate::filters::request_id::X_REQUEST_ID;
use crate::filters::trace_context::TRACEPARENT;
use crate::live::{Gateway, OpenGuard};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use pingora_core::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::Instant;

const DEPRECATED: HeaderValue = HeaderValue::from_static("true");
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// Room for what the edge writes, made at once: a header map grows by doubling, and hashes every name again.
const FIELDS_WRITTEN: usize = 12;
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
    count_stream(gateway, response, ctx);
    header_case::edit_answer(response, |headers| {
        for name in UPSTREAM_ONLY {
            headers.remove(name);
        }
        if let Some(route) = ctx.route() {
            route.response_headers.apply(headers);
        }
        if session.req_header().version == Version::HTTP_10 && headers.remove(header::TRANSFER_ENCODING).is_some() {
            // Such a client knows no chunks (RFC 9112 section 6.1): the connection's end is the body's.
            session.set_keepalive(None);
        }
        dress(session.req_header(), headers, ctx);
    });
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
pub(super) fn dress(request: &RequestHeader, answer: &mut HeaderMap, ctx: &RequestContext) {
    answer.reserve(FIELDS_WRITTEN);
    match cors_policy(ctx) {
        Some(policy) => policy.write_headers(&request.headers, answer),
        None => {
            cors::remove_cors_headers(answer);
            cors::vary_by_origin(answer);
        }
    }
    ctx.snapshot.map.security_headers.write(ctx.scheme(), answer);
    answer.insert(header::SERVER, SERVER);
    answer.insert(X_REQUEST_ID, ctx.request_id.header_value().clone());
    if let Some(trace) = &ctx.trace {
        answer.insert(TRACEPARENT, trace.traceparent().clone());
    }
    let link = ctx
        .host_group()
        .and_then(|group| group.successor_link(ctx.path.as_deref().unwrap_or("/")));
    if let Some(link) = link {
        answer.insert(DEPRECATION, DEPRECATED);
        // An upstream's own links stay.
        answer.append(header::LINK, link);
    }
}
