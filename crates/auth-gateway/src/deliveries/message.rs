//! What a receiver is told of an event: everything that is stored in clear. What is personal is sealed, and stays here.

use event_store::Event;
use serde::Serialize;
use serde_json::Value;

/// The body of a POST, in the shape that Standard Webhooks advises.
#[derive(Serialize)]
struct Message<'e> {
    r#type: &'e str,
    /// RFC 3339 with milliseconds: when it happened.
    timestamp: String,
    data: Data<'e>,
}

#[derive(Serialize)]
struct Data<'e> {
    position: u64,
    id: String,
    stream: Stream<'e>,
    version: u64,
    actor: &'e str,
    client: Option<&'e str>,
    request_id: Option<&'e str>,
    subject: Option<&'e str>,
    payload: &'e Value,
}

#[derive(Serialize)]
struct Stream<'e> {
    kind: &'e str,
    id: &'e str,
}

/// The same bytes however often it is told.
pub(super) fn body(event: &Event) -> Vec<u8> {
    let message = Message {
        r#type: &event.kind,
        timestamp: event.time.to_string(),
        data: Data {
            position: event.position,
            id: event.id.to_string(),
            stream: Stream {
                kind: &event.stream.kind,
                id: &event.stream.id,
            },
            version: event.version,
            actor: &event.actor,
            client: event.client.as_deref(),
            request_id: event.request_id.as_deref(),
            subject: event.subject.as_deref(),
            payload: &event.payload,
        },
    };
    serde_json::to_vec(&message).expect("texts and numbers have a JSON form")
}
