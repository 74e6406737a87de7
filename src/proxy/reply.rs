//! Answers the edge makes itself: refusals, preflights, fixed responses, redirects, endpoints and files.

use super::context::RequestContext;
use super::response_filter;
use super::rewrite;
use crate::answer::{Denied, Purpose, Reply, ReplyBody};
use crate::routes::target::{FixedBody, FixedResponse, Redirect};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use pingora_core::Result;
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;
use tokio::io::AsyncReadExt;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// A declared request body up to this size is read and dropped, so that the connection lives on after a refusal.
const DRAINED_BODY: u64 = 64 * 1024;
const FILE_CHUNK: usize = 64 * 1024;

/// A 204 that needs neither a method of the route nor, later, a credential.
pub(super) fn preflight(_request: &RequestHeader, _ctx: &RequestContext) -> Reply {
    Reply {
        purpose: Purpose::Preflight,
        ..Reply::new(StatusCode::NO_CONTENT, ReplyBody::Empty)
    }
}

/// A fixed response; an error status without a body gets the refusal's body.
pub(super) fn fixed(fixed: &FixedResponse) -> Result<Reply, Denied> {
    let mut reply = match &fixed.body {
        FixedBody::None if fixed.status.is_client_error() || fixed.status.is_server_error() => {
            return Err(Denied::Configured { status: fixed.status });
        }
        FixedBody::None => Reply::new(fixed.status, ReplyBody::Empty),
        FixedBody::Json(text) => {
            Reply::new(fixed.status, ReplyBody::Full(Bytes::from(text.clone()))).with(header::CONTENT_TYPE, JSON)
        }
        FixedBody::Text(text) => {
            Reply::new(fixed.status, ReplyBody::Full(Bytes::from(text.clone()))).with(header::CONTENT_TYPE, TEXT)
        }
    };
    for (name, value) in &fixed.headers {
        reply.headers.retain(|(other, _)| other != name);
        reply.headers.push((name.clone(), value.clone()));
    }
    Ok(reply)
}

pub(super) fn redirect(redirect: &Redirect, request: &RequestHeader, ctx: &RequestContext) -> Result<Reply, Denied> {
    let location = rewrite::redirect_location(redirect, request.uri.query(), |name| ctx.capture(name));
    let location = HeaderValue::try_from(location).map_err(|_| Denied::Internal)?;
    Ok(Reply::new(redirect.status, ReplyBody::Empty)
        .with(header::LOCATION, location)
        .with(header::CACHE_CONTROL, NO_STORE))
}

/// Writes an answer and leaves no byte of the request behind to be read as the next one.
pub(super) async fn write(session: &mut Session, ctx: &mut RequestContext, reply: Reply) -> Result<()> {
    settle_request_body(session);
    let head = head_of(&reply, session.req_header(), ctx);
    let without_body = session.req_header().method == Method::HEAD || matches!(reply.body, ReplyBody::Empty);
    session.write_response_header(Box::new(head), without_body).await?;
    if without_body {
        return Ok(());
    }
    match reply.body {
        ReplyBody::Empty => Ok(()),
        ReplyBody::Full(bytes) => session.write_response_body(Some(bytes), true).await,
        ReplyBody::File { file, length } => write_file(session, file, length).await,
    }
}

fn head_of(reply: &Reply, request: &RequestHeader, ctx: &RequestContext) -> ResponseHeader {
    let mut headers = HeaderMap::with_capacity(24);
    for (name, value) in &reply.headers {
        headers.append(name, value.clone());
    }
    let length = match &reply.body {
        ReplyBody::Empty => 0,
        ReplyBody::Full(bytes) => bytes.len() as u64,
        ReplyBody::File { length, .. } => *length,
    };
    if reply.status != StatusCode::NO_CONTENT && reply.status != StatusCode::NOT_MODIFIED {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let (Purpose::Answer, Some(route)) = (reply.purpose, ctx.route()) {
        route.response_headers.apply(&mut headers);
    }
    response_filter::dress(request, &mut headers, ctx);
    match (reply.purpose, response_filter::cors_policy(ctx)) {
        (Purpose::Preflight, Some(policy)) => policy.write_preflight_headers(&request.headers, &mut headers),
        (Purpose::Preflight | Purpose::Answer | Purpose::Refusal, _) => {}
    }
    let mut head = Response::new(());
    *head.status_mut() = reply.status;
    *head.headers_mut() = headers;
    ResponseHeader::from(head.into_parts().0)
}

/// A small declared body is drained before the connection is reused; of any other the end is unknown, so it closes. A
/// client that waits for `100 Continue` may send its body or not: only closing leaves no doubt what comes next.
fn settle_request_body(session: &mut Session) {
    if session.is_body_done() {
        return;
    }
    let headers = &session.req_header().headers;
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let small = declared
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length <= DRAINED_BODY);
    if small && !headers.contains_key(header::EXPECT) {
        // Otherwise Pingora would close.
        session.set_close_on_response_before_downstream_finish(false);
    } else {
        session.set_keepalive(None);
    }
}

async fn write_file(session: &mut Session, mut file: tokio::fs::File, length: u64) -> Result<()> {
    let mut left = length;
    while left > 0 {
        let want = usize::try_from(left).map_or(FILE_CHUNK, |left| left.min(FILE_CHUNK));
        let mut chunk = vec![0; want];
        let read = file.read(&mut chunk).await.unwrap_or(0);
        if read == 0 {
            // The file shrank: the client must see a broken answer, not a short one.
            return pingora_core::Error::e_explain(pingora_core::ErrorType::FileReadError, "a static file ended early");
        }
        chunk.truncate(read);
        left -= read as u64;
        session.write_response_body(Some(Bytes::from(chunk)), left == 0).await?;
    }
    Ok(())
}
