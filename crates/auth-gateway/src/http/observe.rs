//! The outermost layer: gives a request its id and its client's address, and books it when its answer has been sent.
//!
//! The booking is one log line and two metrics. The line names the route's template and never the path, the query, a header or
//! a body, so that no secret can reach it, wherever a client puts one. `docs/auth/logs.md` documents its fields.

use super::client_address::{ClientAddress, Peer, TrustedProxies};
use super::error::Refusal;
use super::request_id::{RequestId, X_REQUEST_ID};
use crate::telemetry::ACCESS;
use crate::telemetry::metrics::{InFlight, Metrics};
use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// The client left before there was an answer.
const CLIENT_LEFT: u16 = 499;

#[derive(Debug, Clone)]
pub(crate) struct Observer {
    pub(crate) trusted: TrustedProxies,
    pub(crate) metrics: Arc<Metrics>,
}

pub(crate) async fn observe(State(observer): State<Observer>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let is_trusted = peer.is_some_and(|peer| observer.trusted.trusts(peer.0.ip()));
    let id = match is_trusted {
        true => RequestId::assign(request.headers()),
        false => RequestId::assign(&HeaderMap::new()),
    };
    let client = peer.map(|peer| ClientAddress::resolve(peer, request.headers(), &observer.trusted));
    request.extensions_mut().insert(id.clone());
    if let Some(client) = client {
        request.extensions_mut().insert(client);
    }
    let mut booking = Booking {
        in_flight: observer.metrics.request_begins(),
        id: id.clone(),
        client,
        method: request.method().clone(),
        route: request.extensions().get::<MatchedPath>().cloned(),
        status: CLIENT_LEFT,
        refusal: None,
        is_stream: false,
        bytes_sent: 0,
        began: Instant::now(),
    };
    let mut response = next.run(request).await;
    booking.answered(&response);
    response.headers_mut().insert(X_REQUEST_ID, id.header_value());
    response.map(|body| Body::new(Booked { body, booking }))
}

/// What is known of a request; dropping it writes it down.
#[derive(Debug)]
struct Booking {
    in_flight: InFlight,
    id: RequestId,
    client: Option<ClientAddress>,
    method: Method,
    route: Option<MatchedPath>,
    status: u16,
    refusal: Option<&'static str>,
    is_stream: bool,
    bytes_sent: u64,
    began: Instant,
}

impl Booking {
    fn answered(&mut self, response: &Response) {
        self.status = response.status().as_u16();
        self.refusal = response.extensions().get::<Refusal>().map(Refusal::code);
        let content_type = response.headers().get(header::CONTENT_TYPE);
        self.is_stream = content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    }
}

impl Drop for Booking {
    fn drop(&mut self) {
        let route = self.route.as_ref().map(MatchedPath::as_str);
        let duration = self.began.elapsed();
        let latency = (!self.is_stream).then_some(duration);
        let method = self.in_flight.ends(route, &self.method, self.status, latency);
        tracing::info!(
            target: ACCESS,
            request_id = self.id.as_str(),
            client_ip = self.client.map(|client| tracing::field::display(client.ip())),
            method,
            route,
            status = self.status,
            refusal = self.refusal,
            bytes_sent = self.bytes_sent,
            duration = duration.as_secs_f64(),
            "request"
        );
    }
}

/// A body that ends its request's booking when it has been sent, or dropped.
struct Booked {
    body: Body,
    booking: Booking,
}

impl HttpBody for Booked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.booking.bytes_sent += data.len() as u64;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
