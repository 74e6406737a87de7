//! Where the event store calls in: events of a stream become its state and its lookups.

use super::aggregate::{Aggregate, Told};
use super::api_key::ApiKey;
use super::client::Client;
use super::fact;
use super::login::LoginEvent;
use super::session::Session;
use super::signing_key::SigningKeys;
use super::user::User;
use event_store::{Event, Fold, FoldError, Folded, NewEvent, StreamId, Timestamp};
use serde_json::Value;

/// The domain's fold: by the kind of the stream.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DomainFold;

impl Fold for DomainFold {
    fn fold(&self, stream: &StreamId, state: Option<&str>, events: &[Event]) -> Result<Folded, FoldError> {
        match stream.kind.as_ref() {
            "user" => fold::<User>(state, events),
            "session" => fold::<Session>(state, events),
            "api_key" => fold::<ApiKey>(state, events),
            "client" => fold::<Client>(state, events),
            "signing_keys" => fold::<SigningKeys>(state, events),
            "login" => stateless(events),
            _ => Err(FoldError(format!("no rules for the stream {stream}"))),
        }
    }
}

/// The aggregate in a state row.
///
/// # Errors
/// The text is not such a state: it was written by another program, or another version of this one.
pub(crate) fn read_state<A: Aggregate>(text: &str) -> Result<A, FoldError> {
    serde_json::from_str(text).map_err(|error| FoldError(format!("unreadable state: {error}")))
}

/// The state of `stream` that the store will keep when it has appended `events` at `at` to what is in `state`: who appends
/// them need not read it back.
///
/// # Errors
/// The events do not follow from the state: the store will not append them either.
pub(crate) fn ahead<A: Aggregate>(
    state: Option<A>,
    stream: &StreamId,
    events: &[NewEvent],
    at: Timestamp,
) -> Result<Option<A>, FoldError> {
    events.iter().try_fold(state, |state, event| {
        let told = Told::of_new(stream, event, at);
        let next = step(state, &event.kind, &event.payload, &told);
        next.map(Some)
            .map_err(|reason| FoldError(format!("a new event of {stream}, `{}`: {reason}", event.kind)))
    })
}

fn fold<A: Aggregate>(state: Option<&str>, events: &[Event]) -> Result<Folded, FoldError> {
    let state: Option<A> = state.map(read_state).transpose()?;
    let folded = events.iter().try_fold(state, |state, event| {
        let next = step(state, &event.kind, &event.payload, &Told::of(event));
        next.map(Some).map_err(|reason| {
            FoldError(format!(
                "event {} of {}, `{}`: {reason}",
                event.position, event.stream, event.kind
            ))
        })
    })?;
    let lookups = folded.as_ref().map(Aggregate::lookups).unwrap_or_default();
    let state = folded.map(|state| serde_json::to_string(&state).expect("states are plain data"));
    Ok(Folded { state, lookups })
}

/// The state after one event, or why the event can not be.
fn step<A: Aggregate>(state: Option<A>, kind: &str, payload: &Value, told: &Told) -> Result<A, String> {
    let event: A::Event = fact::parse(kind, payload).map_err(|error| error.to_string())?;
    A::apply(state, event, told).map_err(|place| place.to_string())
}

fn stateless(events: &[Event]) -> Result<Folded, FoldError> {
    for event in events {
        fact::read::<LoginEvent>(event).map_err(|unreadable| FoldError(unreadable.to_string()))?;
    }
    Ok(Folded::default())
}

#[cfg(test)]
mod tests;
