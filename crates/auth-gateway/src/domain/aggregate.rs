//! What every aggregate has in common: its events follow from one another, and its state is found by lookups.

use super::sealed::SealedFact;
use event_store::{Event, Lookup, NewEvent, StreamId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something whose state is the fold of its events.
pub(crate) trait Aggregate: Sized + Clone + Serialize + DeserializeOwned {
    type Event: Serialize + DeserializeOwned;

    /// The state after `event`.
    ///
    /// # Errors
    /// The event cannot have happened in this state: the log and the program disagree.
    fn apply(state: Option<Self>, event: Self::Event, told: &Told) -> Result<Self, OutOfPlace>;

    /// All by which the stream is found.
    fn lookups(&self) -> Vec<Lookup>;
}

/// What surrounds an event's public fields.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The id of the stream.
    pub(crate) stream: String,
    pub(crate) at: Timestamp,
    pub(crate) sealed: Option<SealedFact>,
}

impl Told {
    pub(crate) fn of(event: &Event) -> Self {
        Self {
            stream: event.stream.id.clone(),
            at: event.time,
            sealed: SealedFact::of(event),
        }
    }

    /// The same of an event that is to be appended at `at`.
    pub(crate) fn of_new(stream: &StreamId, event: &NewEvent, at: Timestamp) -> Self {
        Self {
            stream: stream.id.clone(),
            at,
            sealed: SealedFact::of_new(event),
        }
    }
}

/// An event where it cannot be: a second beginning, or something before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct OutOfPlace(pub(crate) &'static str);
