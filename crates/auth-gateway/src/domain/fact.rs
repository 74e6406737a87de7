//! Facts: events on their way into the log, their personal part still open.

use super::ids::UserId;
use event_store::Event;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt;

/// Whose data key seals the personal part of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    User(UserId),
    /// Nobody known: a failed login of an unknown account.
    Anonymous,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => user.fmt(f),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

/// The personal part of a fact: JSON which the caller seals before anything stores it.
#[derive(Clone, PartialEq)]
pub(crate) struct Personal {
    pub(crate) subject: Subject,
    pub(crate) facts: Value,
}

impl Personal {
    fn new(subject: Subject, facts: &impl Serialize) -> Self {
        let facts = serde_json::to_value(facts).expect("personal facts are plain data");
        Self { subject, facts }
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Personal(of {})", self.subject)
    }
}

/// What has been decided and is to be appended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact {
    pub(crate) kind: String,
    /// A JSON object; nothing personal.
    pub(crate) payload: Value,
    pub(crate) personal: Option<Personal>,
}

/// An event as an enum of events is written by serde: adjacently tagged.
#[derive(Serialize, Deserialize)]
struct Tagged {
    kind: String,
    payload: Value,
}

impl Fact {
    /// The fact of an event: a variant of an enum with `#[serde(tag = "kind", content = "payload")]`, every variant with braces.
    pub(crate) fn new(event: &impl Serialize) -> Self {
        let tagged = serde_json::to_value(event).and_then(serde_json::from_value::<Tagged>);
        let Tagged { kind, payload } = tagged.expect("events are tagged, and variants have braces");
        Self {
            kind,
            payload,
            personal: None,
        }
    }

    /// The event again, without its personal part.
    ///
    /// # Errors
    /// It is of another enum.
    pub(crate) fn event<E: DeserializeOwned>(&self) -> Result<E, serde_json::Error> {
        serde_json::from_value(json!({ "kind": self.kind, "payload": self.payload }))
    }

    pub(crate) fn about(mut self, user: UserId, facts: &impl Serialize) -> Self {
        self.personal = Some(Personal::new(Subject::User(user), facts));
        self
    }

    pub(crate) fn about_nobody(mut self, facts: &impl Serialize) -> Self {
        self.personal = Some(Personal::new(Subject::Anonymous, facts));
        self
    }
}

/// An event that the program does not understand: of an unknown kind, or without a field it must have. Never skipped.
#[derive(Debug, thiserror::Error)]
#[error("event {position} of {stream}, `{kind}`: {reason}")]
pub(crate) struct UnreadableEvent {
    position: u64,
    stream: String,
    kind: String,
    reason: String,
}

/// Reads the public part of an event. Fields it does not know are ignored: a newer program may have written them.
pub(crate) fn parse<E: DeserializeOwned>(kind: &str, payload: &Value) -> Result<E, serde_json::Error> {
    let payload = match payload {
        Value::Null => Value::Object(Map::new()),
        payload => payload.clone(),
    };
    serde_json::from_value(json!({ "kind": kind, "payload": payload }))
}

/// The same of a stored event, whose place the error names.
pub(crate) fn read<E: DeserializeOwned>(event: &Event) -> Result<E, UnreadableEvent> {
    parse(&event.kind, &event.payload).map_err(|error| UnreadableEvent {
        position: event.position,
        stream: event.stream.to_string(),
        kind: event.kind.clone(),
        reason: error.to_string(),
    })
}
