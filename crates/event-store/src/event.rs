//! Events: as the caller hands them in, and as the log keeps them.

use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use serde_json::Value;
use std::borrow::Cow;
use uuid::Uuid;

/// Where an event stands in the log: 1 for the first, then without gaps, in the order of the commits.
pub type Position = u64;

/// An event to append.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Random, UUID version 7. The caller makes it, because sealing binds it.
    pub id: Uuid,
    pub kind: Cow<'static, str>,
    /// A JSON object, kept in clear: nothing personal.
    pub payload: Value,
    /// Whose data key sealed `sealed`.
    pub subject: Option<String>,
    /// Ciphertext of the personal facts; opaque to the store and covered by the hash chain.
    pub sealed: Option<Vec<u8>>,
}

impl NewEvent {
    /// An event without personal facts. `payload` is a JSON object.
    #[must_use]
    pub fn new(id: Uuid, kind: impl Into<Cow<'static, str>>, payload: Value) -> Self {
        Self {
            id,
            kind: kind.into(),
            payload,
            subject: None,
            sealed: None,
        }
    }

    /// The same event with personal facts, sealed with the data key of `subject`.
    #[must_use]
    pub fn sealed(mut self, subject: impl Into<String>, ciphertext: Vec<u8>) -> Self {
        self.subject = Some(subject.into());
        self.sealed = Some(ciphertext);
        self
    }
}

/// Who did it, when, through what: the same for all events of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The time of the events, and “now” for everything in the command that expires.
    pub time: Timestamp,
    pub actor: String,
    pub client: Option<String>,
    pub request_id: Option<String>,
}

impl Context {
    #[must_use]
    pub fn new(time: Timestamp, actor: impl Into<String>) -> Self {
        Self {
            time,
            actor: actor.into(),
            client: None,
            request_id: None,
        }
    }
}

/// An event of the log. It never changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub position: Position,
    pub id: Uuid,
    pub stream: StreamId,
    /// Of the stream after this event: 1 for its first.
    pub version: u64,
    pub kind: String,
    pub time: Timestamp,
    pub actor: String,
    pub client: Option<String>,
    pub request_id: Option<String>,
    pub subject: Option<String>,
    pub payload: Value,
    pub sealed: Option<Vec<u8>>,
    /// Of the chain up to and including this event.
    pub hash: [u8; 32],
}
