//! A stream in memory for given/when/then: facts become events, and the domain's fold makes its state of them.

use super::aggregate::Aggregate;
use super::fact::Fact;
use super::fold::{self, DomainFold, read_state};
use super::ids::{ClientId, OrganizationId, UserId};
use super::sealed::SealedFact;
use event_store::{Event, Fold, FoldError, Folded, Lookup, NewEvent, StreamId, Timestamp};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::time::Duration;
use uuid::Uuid;

pub(crate) const START: Timestamp = Timestamp(1_770_000_000_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn user_id() -> UserId {
    UserId(Uuid::from_u128(1))
}

pub(crate) fn organization_id() -> OrganizationId {
    OrganizationId(Uuid::from_u128(2))
}

pub(crate) fn client_id() -> ClientId {
    "lanonasis-cli".parse().unwrap()
}

pub(crate) fn kinds(facts: &[Fact]) -> String {
    let kinds: Vec<&str> = facts.iter().map(|fact| fact.kind.as_str()).collect();
    kinds.join(" ")
}

/// A stream, its clock, and the row which the store would keep.
pub(crate) struct Stream<A> {
    pub(crate) id: StreamId,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<Event>,
    pub(crate) row: Folded,
    aggregate: PhantomData<A>,
}

impl<A: Aggregate + PartialEq + Debug> Stream<A> {
    pub(crate) fn new(id: StreamId) -> Self {
        Self {
            id,
            now: START,
            events: Vec::new(),
            row: Folded::default(),
            aggregate: PhantomData,
        }
    }

    pub(crate) fn state(&self) -> Option<A> {
        self.row.state.as_deref().map(|text| read_state(text).unwrap())
    }

    /// The state of a stream which has begun.
    pub(crate) fn known(&self) -> A {
        self.state().expect("the stream has begun")
    }

    pub(crate) fn later(&mut self, duration: Duration) {
        self.now = self.now.plus(duration);
    }

    /// Decides, and appends what follows.
    pub(crate) fn when<R>(
        &mut self,
        decide: impl FnOnce(Option<&A>, Timestamp) -> Result<Vec<Fact>, R>,
    ) -> Result<String, R> {
        let facts = decide(self.state().as_ref(), self.now)?;
        let kinds = kinds(&facts);
        self.append(facts).expect("what was decided folds");
        Ok(kinds)
    }

    pub(crate) fn append(&mut self, facts: Vec<Fact>) -> Result<(), FoldError> {
        let (first, before) = (self.events.len(), self.state());
        for fact in facts {
            let event = self.event(fact);
            self.events.push(event);
        }
        let row = DomainFold.fold(&self.id, self.row.state.as_deref(), &self.events[first..])?;
        // The row is the same when all events are folded at once, which is how a rebuild does it.
        let rebuilt = DomainFold.fold(&self.id, None, &self.events)?;
        assert_eq!(rebuilt, row, "rebuilt from all events of {}", self.id);
        self.row = row;
        let new: Vec<NewEvent> = self.events[first..].iter().map(not_yet_appended).collect();
        let ahead = fold::ahead(before, &self.id, &new, self.now)?;
        assert_eq!(ahead, self.state(), "told ahead of {}", self.id);
        Ok(())
    }

    /// As the store would write it, but sealed with nothing. A newer program's field is in every payload.
    fn event(&self, fact: Fact) -> Event {
        let mut payload = fact.payload;
        payload["from_the_future"] = json!({ "a": 1 });
        let number = u64::try_from(self.events.len()).unwrap() + 1;
        let subject = fact.personal.as_ref().map(|personal| personal.subject.to_string());
        Event {
            position: number,
            id: Uuid::from_u128(u128::from(number)),
            stream: self.id.clone(),
            version: number,
            kind: fact.kind,
            time: self.now,
            actor: "test".to_owned(),
            client: None,
            request_id: None,
            subject,
            payload,
            sealed: fact.personal.map(|personal| personal.facts.to_string().into_bytes()),
            hash: [0; 32],
        }
    }

    pub(crate) fn lookup_kinds(&self) -> String {
        let kinds: Vec<&str> = self.row.lookups.iter().map(|lookup| lookup.kind.as_ref()).collect();
        kinds.join(" ")
    }

    pub(crate) fn is_found_by(&self, kind: &'static str, key: &[u8]) -> bool {
        let wanted = Lookup {
            kind: kind.into(),
            key: key.to_vec(),
        };
        self.row.lookups.contains(&wanted)
    }
}

fn not_yet_appended(event: &Event) -> NewEvent {
    NewEvent {
        id: event.id,
        kind: event.kind.clone().into(),
        payload: event.payload.clone(),
        subject: event.subject.clone(),
        sealed: event.sealed.clone(),
    }
}

/// What a test's stream has in a sealed fact.
pub(crate) fn opened(sealed: Option<&SealedFact>) -> Value {
    serde_json::from_slice(&sealed.expect("a sealed fact").bytes).unwrap()
}
