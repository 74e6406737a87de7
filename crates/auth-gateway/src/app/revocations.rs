//! What is no longer valid, as events tell it: for the edge, which empties its memory by it.

use event_store::Event;
use identity_contract::{Revocation, RevocationKind};

use crate::clock::instant;

/// The revocation that an event is, if it is one.
pub(crate) fn revocation(event: &Event) -> Option<Revocation> {
    let kind = match event.kind.as_str() {
        "session.ended" => RevocationKind::Session,
        "session.replay_detected" => RevocationKind::TokenFamily,
        "user.sessions_ended" | "user.disabled" | "user.erased" | "user.role_changed" => RevocationKind::User,
        "api_key.revoked" | "api_key.deleted" | "api_key.rotated" | "api_key.updated" => RevocationKind::ApiKey,
        "client.disabled" | "client.secret_rotated" => RevocationKind::Client,
        "signing_key.withdrawn" => RevocationKind::SigningKey,
        _ => return None,
    };
    let id = match kind {
        // All of them are one stream.
        RevocationKind::SigningKey => event.payload["kid"].as_str().unwrap_or_default(),
        _ => &event.stream.id,
    };
    Some(Revocation {
        position: event.position,
        at: instant(event.time),
        kind,
        id: id.to_owned(),
    })
}
