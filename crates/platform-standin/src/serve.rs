//! One connection of a stand-in: cleartext HTTP/1.1 or HTTP/2, every request echoed or answered in its upstream's manner.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;

use crate::answer::{self, Answer};
use crate::call::Call;
use crate::echo;
use crate::listening::{Stream, Tasks};
use crate::name::Name;
use crate::site::Site;
use crate::tape::{Tape, Taped};
use crate::upstreams::{self, mcp_ws};
use crate::wire::Head;

const MAX_HEADERS: usize = 256;

pub(crate) async fn connection(stream: Stream, site: Arc<Site>, tasks: Tasks) {
    let tape = Tape::default();
    let io = TokioIo::new(Taped::new(stream, tape.clone()));
    let executor = tasks.clone();
    let service = service_fn(move |request| {
        let head = tape.next_head();
        let (site, tasks) = (site.clone(), tasks.clone());
        async move { Ok::<_, Infallible>(answer(request, head, &site, &tasks).await) }
    });
    let mut server = auto::Builder::new(executor);
    server.http1().max_headers(MAX_HEADERS);
    // A client that breaks off or speaks nonsense is its own business.
    let _ = server.serve_connection_with_upgrades(io, service).await;
}

async fn answer(request: Request<Incoming>, head: Option<Head>, site: &Site, tasks: &Tasks) -> Answer {
    site.requests.fetch_add(1, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let echo = echo::is_wanted(&parts);
    if site.name == Name::McpWs && !echo && mcp_ws::is_upgrade(&parts) {
        return mcp_ws::accept(Request::from_parts(parts, body), tasks);
    }
    let Ok(body) = body.collect().await else {
        return answer::error(
            StatusCode::BAD_REQUEST,
            "The request's body is not complete",
            "VALIDATION_ERROR",
        );
    };
    let body = body.to_bytes();
    if echo {
        return echo::answer(site.name, &parts, head.as_ref(), &body);
    }
    let call = Call {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body,
    };
    upstreams::answer(site, &call)
}
