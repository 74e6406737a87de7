//! Personal facts as they are stored: the ciphertext of the event that brought them, kept in states unopened.

use event_store::{Event, NewEvent};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use uuid::Uuid;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// The sealed part of an event. It opens only with the data key of its subject, and for its event's id and kind.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SealedFact {
    pub(crate) event: Uuid,
    pub(crate) kind: String,
    #[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")]
    pub(crate) bytes: Vec<u8>,
}

impl SealedFact {
    /// The event's sealed part, if it has one.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        Self::new(event.id, &event.kind, event.sealed.as_ref())
    }

    /// The same of an event that is not appended yet.
    pub(crate) fn of_new(event: &NewEvent) -> Option<Self> {
        Self::new(event.id, &event.kind, event.sealed.as_ref())
    }

    fn new(event: Uuid, kind: &str, sealed: Option<&Vec<u8>>) -> Option<Self> {
        Some(Self {
            event,
            kind: kind.to_owned(),
            bytes: sealed?.clone(),
        })
    }
}

impl fmt::Debug for SealedFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedFact({} of {})", self.kind, self.event)
    }
}

fn write_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
}

fn read_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)
}
