//! The edge's policy before any upstream is thought of, in order, on one screen.

use super::context::RequestContext;
use super::reply;
use crate::answer::Denied;
use crate::answer::Reply;
use crate::connection::ConnectionState;
use crate::endpoints;
use crate::filters::client_address::{ClientAddress, Scheme};
use crate::filters::cors::{self, Verdict};
use crate::filters::host::Host;
use crate::filters::request_id::RequestId;
use crate::filters::trace_context::TraceContext;
use crate::filters::{header_case, identity_headers, request_target};
use crate::live::Gateway;
use crate::routes::path::NormalPath;
use crate::routes::route::Stream;
use crate::routes::table::{Lookup, NoMatch};
use crate::routes::target::Target;
use http::header;
use pingora_http::RequestHeader;
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::Duration;

/// Bounds on a request head (RFC 6585 section 5).
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEAD_FIELDS: usize = 100;

/// How the edge goes on with a request.
#[derive(Debug)]
pub(super) enum Flow {
    Forward,
    Reply(Reply),
}

/// Makes the request safe to look at: who sent it, under which id, without forged identity.
pub(super) fn prepare(session: &mut Session, ctx: &mut RequestContext) -> Result<(), Denied> {
    let peer = ConnectionState::of(session).map(|connection| {
        connection.head_complete();
        connection.peer().clone()
    });
    // Every connection is one of ours.
    let peer = peer.ok_or(Denied::Internal)?;
    let limits = ctx.snapshot.settings.limits;
    session.set_read_timeout(Some(limits.client_idle));
    session.set_write_timeout(Some(limits.client_idle));
    session.set_total_drain_timeout(Some(Duration::from_secs(2)));
    let request = session.req_header_mut();
    header_case::forget(request);
    identity_headers::strip(request);
    ctx.request_id = RequestId::assign(&request.headers);
    ctx.trace = Some(TraceContext::assign(&request.headers));
    ctx.client = Some(ClientAddress::resolve(
        &peer,
        Scheme::Http,
        &request.headers,
        &ctx.snapshot.settings.trusted_proxies,
    ));
    Ok(())
}

/// Finds the route, answers what needs no upstream, and refuses what must not reach one.
pub(super) async fn decide(
    gateway: &Arc<Gateway>,
    session: &mut Session,
    ctx: &mut RequestContext,
) -> Result<Flow, Denied> {
    check_framing(session.req_header())?;
    find_route(session.req_header(), ctx)?;
    if cors::is_preflight(&session.req_header().method, &session.req_header().headers)
        && ctx.route().is_some_and(|route| route.cors.is_some())
    {
        return Ok(Flow::Reply(reply::preflight(session.req_header(), ctx)));
    }
    if let Some(refusal) = ctx.denied.take() {
        return Err(refusal);
    }
    admit_upgrade(session, ctx)?;
    admit_body(session, ctx)?;
    match ctx.target() {
        None => Err(Denied::NoSuchRoute),
        Some(Target::Upstream(_)) => Ok(Flow::Forward),
        Some(Target::Respond(fixed)) => reply::fixed(fixed).map(Flow::Reply),
        Some(Target::Redirect(redirect)) => reply::redirect(redirect, session.req_header(), ctx).map(Flow::Reply),
        Some(Target::Static(files)) => {
            let splat = ctx.capture(crate::routes::pattern::SPLAT);
            endpoints::static_files::serve(files, &splat, session.req_header())
                .await
                .map(Flow::Reply)
        }
        Some(Target::Endpoint(endpoint)) => {
            let client = ctx.client.as_ref().map(ClientAddress::ip);
            endpoints::answer(*endpoint, gateway, &ctx.snapshot, client).map(Flow::Reply)
        }
    }
}

/// What Pingora lets through and servers read differently (RFC 9112 sections 3.2 and 6.3).
fn check_framing(request: &RequestHeader) -> Result<(), Denied> {
    let mut lengths = request.headers.get_all(header::CONTENT_LENGTH).iter();
    let first = lengths.next();
    if lengths.next().is_some() {
        return Err(Denied::InvalidRequest("the request has several Content-Length fields"));
    }
    if first.is_some_and(|length| length.is_empty() || !length.as_bytes().iter().all(u8::is_ascii_digit)) {
        return Err(Denied::InvalidRequest("the request's Content-Length is not a number"));
    }
    let bytes: usize = request
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if request.headers.len() > MAX_HEAD_FIELDS || bytes > MAX_HEAD_BYTES {
        return Err(Denied::HeadTooLarge {
            max_bytes: MAX_HEAD_BYTES,
            max_fields: MAX_HEAD_FIELDS,
        });
    }
    Ok(())
}

/// Normalises the path and finds the route. A method that the route does not answer is kept as a refusal in the
/// context: a preflight never needs the route's method.
fn find_route(request: &RequestHeader, ctx: &mut RequestContext) -> Result<(), Denied> {
    let host = Host::of(request)?;
    ctx.host = Some(host.as_str().to_owned());
    let snapshot = Arc::clone(&ctx.snapshot);
    let group = snapshot.map.table.group_of(&host).ok_or(Denied::UnknownHost)?;
    ctx.group = Some(group.0);
    let path = NormalPath::parse(request_target::raw_path(request))?;
    ctx.path = Some(path.as_str().to_owned());
    let lookup = Lookup {
        path: path.as_str(),
        method: &request.method,
        headers: &request.headers,
        query: request.uri.query(),
    };
    match snapshot.map.table.find(group, &lookup) {
        Ok(matched) => ctx.admit(&matched),
        Err(NoMatch::Path) => return Err(Denied::NoSuchRoute),
        Err(NoMatch::Method { allow, route }) => {
            ctx.refusing_route = snapshot
                .map
                .table
                .routes()
                .iter()
                .position(|other| std::ptr::eq(other, route));
            ctx.denied = Some(Denied::MethodNotAllowed { allow });
        }
    }
    Ok(())
}

/// `Upgrade` is forwarded on WebSocket routes only; there a browser's origin must be allowed, since CORS does not
/// protect WebSockets.
fn admit_upgrade(session: &mut Session, ctx: &mut RequestContext) -> Result<(), Denied> {
    let is_websocket_route = ctx.route().is_some_and(|route| route.stream == Some(Stream::WebSocket));
    ctx.is_upgrade = is_websocket_route && session.is_upgrade_req();
    if !ctx.is_upgrade {
        return Ok(());
    }
    let request = session.req_header();
    let policy = ctx.route().and_then(|route| route.cors.as_deref());
    let refused = policy.is_some_and(|policy| policy.verdict(&request.headers) == Verdict::Refused);
    if refused && !is_same_origin(request) {
        return Err(Denied::OriginNotAllowed);
    }
    // Silence in both directions is what counts in a tunnel: the exchange's own watch sees it.
    session.set_read_timeout(None);
    Ok(())
}

fn is_same_origin(request: &RequestHeader) -> bool {
    let origin = request
        .headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (origin.and_then(|origin| origin.split_once("://")), host) {
        (Some((_, authority)), Some(host)) => authority.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Refuses early what is declared too large; the rest is counted as it passes.
fn admit_body(session: &mut Session, ctx: &mut RequestContext) -> Result<(), Denied> {
    let json = ctx.upstream_target().and_then(|target| target.json_body.as_ref());
    let limit = json.map_or(ctx.body.limit, |json| json.limit.min(ctx.body.limit));
    let wants_object = json.is_some();
    ctx.body.limit = limit;
    let declared = session
        .req_header()
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    if declared
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length > limit)
    {
        return Err(Denied::BodyTooLarge { limit });
    }
    if wants_object && session.is_body_empty() {
        return Err(Denied::InvalidJsonBody(crate::filters::json_body::NotAnObject));
    }
    Ok(())
}
