//! A command: everything that happens together or not at all.

use crate::event::{Context, NewEvent, Position};
use crate::record::RecordChange;
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use std::borrow::Cow;

/// What must hold of a stream for an append to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The stream has no events.
    Nothing,
    /// The stream's last event has this version.
    Exact(u64),
    Any,
}

/// Events for one stream, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Append {
    pub stream: StreamId,
    pub expected: Expected,
    pub events: Vec<NewEvent>,
}

/// A change of who holds what only one may hold. The digest is keyed by the caller: it says nothing about the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimChange {
    /// Fails if another owner holds it; the same owner may take it again.
    Take {
        kind: Cow<'static, str>,
        digest: [u8; 32],
        owner: String,
    },
    /// Does nothing if nobody holds it.
    Release { kind: Cow<'static, str>, digest: [u8; 32] },
}

/// Makes a command have its effect once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Chosen by the client and prefixed by the caller with what separates clients.
    pub key: String,
    /// Digest of the request: the same key with another one is refused.
    pub request: [u8; 32],
    /// What a repetition is answered with.
    pub response: Vec<u8>,
    /// From then on the key is unknown again.
    pub expires: Timestamp,
}

/// Appends, claims and records that take effect in one transaction.
///
/// Changes apply in the order given, claims before records before appends; later ones see the effect of earlier ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub context: Context,
    pub appends: Vec<Append>,
    pub claims: Vec<ClaimChange>,
    pub records: Vec<RecordChange>,
    pub idempotency: Option<Idempotency>,
}

impl Command {
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            context,
            appends: Vec::new(),
            claims: Vec::new(),
            records: Vec::new(),
            idempotency: None,
        }
    }

    #[must_use]
    pub fn append(mut self, stream: StreamId, expected: Expected, events: Vec<NewEvent>) -> Self {
        self.appends.push(Append {
            stream,
            expected,
            events,
        });
        self
    }

    #[must_use]
    pub fn claim(mut self, change: ClaimChange) -> Self {
        self.claims.push(change);
        self
    }

    #[must_use]
    pub fn record(mut self, change: RecordChange) -> Self {
        self.records.push(change);
        self
    }

    #[must_use]
    pub fn once(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = Some(idempotency);
        self
    }
}

/// A command took effect, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its events have these positions. Without events `last` is the head and `first` the position after it.
    Done { first: Position, last: Position },
    /// Its idempotency key was used before, for the same request.
    Repeated { response: Vec<u8> },
}
