//! The MCP event stream: `connected`, then an event at every interval. No heartbeat, as the real one has none.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::json;

use super::{health, no_such_path};
use crate::answer::{self, Answer, Body};
use crate::call::Call;

pub(super) fn answer(call: &Call, interval: Duration) -> Answer {
    match (call.method.as_str(), call.segments().as_slice()) {
        ("GET" | "HEAD", ["health"]) => answer::ok(health("mcp-sse")),
        ("GET" | "HEAD", ["sse"] | ["api", "v1", "events"]) => {
            let answer = answer::with(Response::new(events(interval)), CONTENT_TYPE, "text/event-stream");
            answer::with(answer, CACHE_CONTROL, "no-cache")
        }
        _ => no_such_path(call),
    }
}

fn events(interval: Duration) -> Body {
    let stream = stream::unfold(0_u64, move |number| async move {
        let text = match number {
            0 => event(
                number,
                "connected",
                json!({ "service": "mcp-sse", "timestamp": answer::timestamp() }),
            ),
            _ => {
                tokio::time::sleep(interval).await;
                event(
                    number,
                    "memory",
                    json!({ "number": number, "timestamp": answer::timestamp() }),
                )
            }
        };
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(text))), number + 1))
    });
    StreamBody::new(stream).boxed()
}

fn event(id: u64, name: &str, data: serde_json::Value) -> String {
    format!("event: {name}\nid: {id}\ndata: {data}\n\n")
}
