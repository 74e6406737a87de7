//! `GET /v1/auth/revocations`: what is no longer valid, as server-sent events, until the reader or the program leaves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use event_store::{Event, Position, Subscription};
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::app::App;
use crate::app::revocations::revocation;
use crate::app::services::Service;
use crate::domain::client::Capability;
use crate::http::error::Refusal;
use crate::http::gateway::Gateway;
use crate::http::query::Query;
use crate::http::service::service;

/// Between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Proxies must not collect it.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A misspelt beginning must not be taken for none, which is now: what was revoked before would be lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beginning {
    /// The position of the last event that the reader knows; `Last-Event-ID` wins.
    from: Option<Position>,
}

pub(crate) async fn answer(
    State(gateway): State<Gateway>,
    Query(beginning): Query<Beginning>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let app: &App = &gateway.app;
    let service = service(app, &headers, Capability::Feed)
        .await?
        .ok_or(Refusal::ClientInvalid)?;
    let place = Arc::clone(&gateway.feeds)
        .try_acquire_owned()
        .map_err(|_| Refusal::Overloaded)?;
    let head = app
        .store
        .head()
        .await
        .map_err(|error| Refusal::from(crate::app::Refusal::from(error)))?;
    let from = last_seen(&headers)?.or(beginning.from).unwrap_or(head);
    // It would wait for what it believes to have: the log was restored to an earlier state.
    if from > head {
        return Err(Refusal::InvalidRequest(format!("the log ends at position {head}")));
    }
    let feed = Feed {
        events: app.store.subscribe(from),
        service,
        draining: gateway.draining(),
        is_over: false,
        _place: place,
    };
    let first = Bytes::from(format!(": from {from}\n\n"));
    let rest = stream::unfold(feed, async |mut feed| Some((feed.next().await?, feed)));
    let body = stream::StreamExt::map(
        stream::StreamExt::chain(stream::once(async { first }), rest),
        Ok::<_, Infallible>,
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (X_ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

fn last_seen(headers: &HeaderMap) -> Result<Option<Position>, Refusal> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let position = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    position
        .map(Some)
        .ok_or_else(|| Refusal::InvalidRequest("Last-Event-ID: not a position of this feed".to_owned()))
}

struct Feed {
    events: Subscription,
    service: Service,
    draining: watch::Receiver<bool>,
    is_over: bool,
    /// Among the feeds that may be open.
    _place: OwnedSemaphorePermit,
}

impl Feed {
    /// The next piece: events, or a comment when nothing has happened for a while. `None` at the end, after which the reader
    /// resumes where it was.
    async fn next(&mut self) -> Option<Bytes> {
        let heartbeat = tokio::time::sleep(HEARTBEAT);
        tokio::pin!(heartbeat);
        while !self.is_over {
            let events = tokio::select! {
                biased;
                _ = self.draining.wait_for(|draining| *draining) => return None,
                // Without the database nobody knows what is revoked: better no feed than one that says nothing.
                events = self.events.next() => events.ok()?,
                () = &mut heartbeat => return Some(Bytes::from_static(b": alive\n\n")),
            };
            self.is_over = events.iter().any(|event| self.is_of_service(event));
            let text: String = events
                .iter()
                .filter_map(revocation)
                .map(|revocation| revocation.to_sse())
                .collect();
            if !text.is_empty() {
                return Some(Bytes::from(text));
            }
        }
        None
    }

    /// Whoever may follow is decided when the feed begins; a change of the service's standing since then begins it anew.
    fn is_of_service(&self, event: &Event) -> bool {
        let Service { name, as_of, .. } = &self.service;
        event.stream.kind == "client" && event.stream.id == *name && event.position > as_of.0
    }
}
