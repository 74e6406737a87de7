//! What the event store is told about events that cannot be.

use super::*;
use event_store::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

const ID: &str = "00000000-0000-0000-0000-000000000001";

fn folded(stream: StreamId, kind: &str, payload: Value) -> Result<Folded, FoldError> {
    let event = Event {
        position: 12,
        id: Uuid::from_u128(1),
        stream: stream.clone(),
        version: 1,
        kind: kind.to_owned(),
        time: Timestamp(0),
        actor: "test".to_owned(),
        client: None,
        request_id: None,
        subject: None,
        payload,
        sealed: None,
        hash: [0; 32],
    };
    DomainFold.fold(&stream, None, &[event])
}

fn refusal(stream: StreamId, kind: &str, payload: Value) -> String {
    folded(stream, kind, payload).unwrap_err().0
}

#[test]
fn an_unknown_kind_is_an_error_in_every_stream() {
    for stream in ["user", "session", "api_key", "client", "signing_keys", "login"] {
        let refusal = refusal(StreamId::new(stream, ID), "planet.discovered", json!({}));
        assert!(
            refusal.contains("event 12 of") && refusal.contains("planet.discovered"),
            "{refusal}"
        );
    }
}

#[test]
fn an_unknown_stream_is_an_error() {
    let refusal = refusal(StreamId::new("planet", "mars"), "user.erased", json!({}));
    assert_eq!(refusal, "no rules for the stream planet/mars");
}

#[test]
fn another_streams_event_is_an_error() {
    let refusal = refusal(StreamId::new("session", ID), "user.erased", json!({}));
    assert!(refusal.contains("unknown variant `user.erased`"), "{refusal}");
}

#[test]
fn a_missing_field_is_an_error() {
    let refusal = refusal(StreamId::new("user", ID), "user.role_changed", json!({}));
    assert!(refusal.contains("missing field `role`"), "{refusal}");
}

#[test]
fn a_stream_begins_with_its_beginning() {
    for (stream, kind) in [
        ("user", "user.erased"),
        ("api_key", "api_key.deleted"),
        ("client", "client.disabled"),
    ] {
        let refusal = refusal(StreamId::new(stream, ID), kind, json!({}));
        assert!(refusal.contains("nothing happens to a"), "{refusal}");
    }
    let refusal = refusal(
        StreamId::new("session", ID),
        "session.ended",
        json!({"reason": "logout"}),
    );
    assert!(refusal.contains("before it starts"), "{refusal}");
}

#[test]
fn a_state_of_another_shape_is_an_error() {
    let state = DomainFold.fold(&StreamId::new("user", ID), Some(r#"{"id":1}"#), &[]);
    assert!(state.unwrap_err().0.starts_with("unreadable state"));
}

#[test]
fn attempts_on_unknown_accounts_leave_no_state() {
    let payload = json!({"method": "password", "reason": "unknown_account", "client_id": null, "platform": "web"});
    let folded = folded(StreamId::new("login", "2026-02-02"), "login.failed", payload);
    assert_eq!(folded, Ok(Folded::default()));
}
