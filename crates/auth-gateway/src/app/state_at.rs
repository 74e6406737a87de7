//! What a user, session, key or client was at a moment of the past: its events up to then, folded anew.

use event_store::{Event, Fold as _, Position, StreamId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::audit::{Named, Sight};
use super::{App, Refusal};
use crate::domain::fold::DomainFold;
use crate::domain::sealed::SealedFact;
use crate::domain::user::{EmailFact, Profile};

/// Events read at a time.
const PAGE: u32 = 500;

/// Up to and including.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    Time(Timestamp),
    Position(Position),
    Now,
}

/// A stream as of a moment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StateAt {
    pub(crate) stream: Named,
    pub(crate) version: u64,
    /// Of the last event that made it so.
    pub(crate) position: Position,
    /// RFC 3339, UTC.
    pub(crate) time: String,
    /// What was sealed is opened as far as the reader may see it, else null.
    pub(crate) state: Value,
}

impl App {
    /// # Errors
    /// `NotFound` when nothing had happened in the stream by then.
    pub(crate) async fn state_at(&self, stream: StreamId, moment: Moment, sight: Sight) -> Result<StateAt, Refusal> {
        let mut state: Option<String> = None;
        let mut last: Option<Event> = None;
        loop {
            let from = last.as_ref().map_or(1, |event| event.version + 1);
            let mut events = self.store.stream_events(&stream, from, PAGE).await?;
            let read = events.len();
            // A prefix: the clocks of several gateways may differ, and a fold must not skip.
            let later = events.iter().position(|event| !moment.includes(event));
            events.truncate(later.unwrap_or(read));
            let is_end = later.is_some() || read < usize::try_from(PAGE).unwrap_or(usize::MAX);
            if !events.is_empty() {
                let folded = DomainFold.fold(&stream, state.as_deref(), &events);
                state = folded.map_err(|error| Refusal::inconsistent(error.to_string()))?.state;
                last = events.pop();
            }
            if is_end {
                break;
            }
        }
        let last = last.ok_or(Refusal::NotFound("event by then"))?;
        let mut state: Value = match state {
            None => Value::Null,
            Some(text) => serde_json::from_str(&text).map_err(|error| Refusal::inconsistent(error.to_string()))?,
        };
        self.open_sealed(&stream, &mut state, sight).await?;
        Ok(StateAt {
            stream: Named {
                kind: stream.kind.into_owned(),
                id: stream.id,
            },
            version: last.version,
            position: last.position,
            time: last.time.to_string(),
            state,
        })
    }

    /// Sealed facts stand at the top of states.
    async fn open_sealed(&self, stream: &StreamId, state: &mut Value, sight: Sight) -> Result<(), Refusal> {
        let Value::Object(members) = state else { return Ok(()) };
        let subject = subject(stream, members);
        for (name, value) in members.iter_mut() {
            let Ok(fact) = serde_json::from_value::<SealedFact>(value.clone()) else {
                continue;
            };
            *value = match (&subject, sight) {
                (Some(subject), Sight::Personal) => self.opened(name, subject, &fact).await?,
                _ => Value::Null,
            };
        }
        Ok(())
    }

    /// What a reader may see of a fact, by the name of the member that holds it. Several members may hold the same event's,
    /// and what is not named here, such as a password's hash, is nobody's to see.
    async fn opened(&self, name: &str, subject: &str, fact: &SealedFact) -> Result<Value, Refusal> {
        let now = self.clock.now();
        let shown = match name {
            "email" => {
                let opened = self.subjects.open::<EmailFact>(subject, fact, now).await?;
                serde_json::to_value(opened.map(|fact| fact.email))
            }
            "profile" => serde_json::to_value(self.subjects.open::<Profile>(subject, fact, now).await?),
            "device" => serde_json::to_value(self.device(subject, fact, now).await?),
            _ => Ok(Value::Null),
        };
        shown.map_err(|error| Refusal::inconsistent(error.to_string()))
    }
}

/// Whose data key seals the facts in the state.
fn subject(stream: &StreamId, members: &Map<String, Value>) -> Option<String> {
    match stream.kind.as_ref() {
        "user" => Some(stream.id.clone()),
        _ => members.get("user_id")?.as_str().map(str::to_owned),
    }
}

impl Moment {
    fn includes(self, event: &Event) -> bool {
        match self {
            Self::Time(time) => event.time <= time,
            Self::Position(position) => event.position <= position,
            Self::Now => true,
        }
    }
}
