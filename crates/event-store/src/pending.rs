//! A command on its way into the log: all of its rows but their places, made by who asks, beside the appender.

use crate::chain::{Digests, Hash, Leaf};
use crate::command::{Append, ClaimChange, Command, Expected, Idempotency};
use crate::event::{Context, Event, NewEvent};
use crate::record::RecordChange;
use crate::stream::StreamId;
use crate::timestamp::Timestamp;

#[derive(Debug)]
pub(crate) struct Pending {
    /// Of its events, and “now” for what expires.
    pub(crate) time: Timestamp,
    pub(crate) appends: Vec<PendingAppend>,
    pub(crate) claims: Vec<ClaimChange>,
    pub(crate) records: Vec<RecordChange>,
    pub(crate) idempotency: Option<Idempotency>,
}

#[derive(Debug)]
pub(crate) struct PendingAppend {
    pub(crate) stream: StreamId,
    pub(crate) expected: Expected,
    /// Each is nowhere until [`PendingAppend::place`].
    pub(crate) events: Vec<Event>,
    /// One for each event.
    pub(crate) texts: Vec<Texts>,
}

/// What the columns hold of an event as text, and the event as something else.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) id: String,
    pub(crate) payload: String,
    digests: Digests,
}

impl From<Command> for Pending {
    fn from(command: Command) -> Self {
        let Command {
            context,
            appends,
            claims,
            records,
            idempotency,
        } = command;
        Self {
            time: context.time,
            appends: appends
                .into_iter()
                .map(|append| PendingAppend::new(append, &context))
                .collect(),
            claims,
            records,
            idempotency,
        }
    }
}

impl PendingAppend {
    fn new(append: Append, context: &Context) -> Self {
        let Append {
            stream,
            expected,
            events,
        } = append;
        Self {
            texts: events.iter().map(Texts::of).collect(),
            events: events
                .into_iter()
                .map(|event| nowhere(event, context, &stream))
                .collect(),
            stream,
            expected,
        }
    }

    /// Puts the events in a row: after the version of their stream, and after the position and hash of the log.
    pub(crate) fn place(&mut self, version: u64, position: u64, hash: Hash) {
        let mut previous = hash;
        for (number, (event, texts)) in (1..).zip(self.events.iter_mut().zip(&self.texts)) {
            event.version = version + number;
            event.position = position + number;
            event.hash = texts.link(event, &previous);
            previous = event.hash;
        }
    }
}

impl Texts {
    fn of(event: &NewEvent) -> Self {
        let payload = text_of(&event.payload);
        Self {
            id: event.id.hyphenated().to_string(),
            digests: Digests::of(&payload, event.sealed.as_deref()),
            payload,
        }
    }

    fn link(&self, event: &Event, previous: &Hash) -> Hash {
        let leaf = Leaf {
            position: event.position,
            stream_kind: &event.stream.kind,
            stream_id: &event.stream.id,
            stream_version: event.version,
            event_id: &self.id,
            kind: &event.kind,
            time: event.time.0,
            actor: &event.actor,
            client: event.client.as_deref(),
            request_id: event.request_id.as_deref(),
            subject: event.subject.as_deref(),
            payload: &self.payload,
            sealed: event.sealed.as_deref(),
        };
        leaf.link_with(previous, &self.digests)
    }
}

fn nowhere(new: NewEvent, context: &Context, stream: &StreamId) -> Event {
    Event {
        position: 0,
        id: new.id,
        stream: stream.clone(),
        version: 0,
        kind: new.kind.into_owned(),
        time: context.time,
        actor: context.actor.clone(),
        client: context.client.clone(),
        request_id: context.request_id.clone(),
        subject: new.subject,
        payload: new.payload,
        sealed: new.sealed,
        hash: [0; 32],
    }
}

/// The text that `Display` writes, made in half its time.
fn text_of(json: &serde_json::Value) -> String {
    serde_json::to_string(json).expect("a value has text keys alone")
}
