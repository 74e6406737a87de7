//! From decided facts to appended events: ids, sealing, and deciding again when somebody was faster.

use std::sync::Arc;

use event_store::{AppendError, Command, Expected, NewEvent, Outcome, State, Store, StreamId, Timestamp};
use uuid::Uuid;

use super::Refusal;
use super::caller::Caller;
use super::subjects::Subjects;
use crate::crypto::random::{self, Random};
use crate::crypto::subject_key::SubjectKey;
use crate::domain::aggregate::Aggregate;
use crate::domain::fact::{Fact, Subject};
use crate::domain::fold::{self, read_state};

/// Decisions are made anew at most so often before the caller is told that it is contended.
const TRIES: u32 = 8;

pub(crate) struct Journal {
    store: Store,
    subjects: Arc<Subjects>,
    random: Arc<dyn Random>,
}

/// An aggregate as it was when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Loaded<A> {
    pub(crate) stream: StreamId,
    pub(crate) version: u64,
    pub(crate) state: A,
}

impl Journal {
    pub(crate) fn new(store: Store, subjects: Arc<Subjects>, random: Arc<dyn Random>) -> Self {
        Self {
            store,
            subjects,
            random,
        }
    }

    /// The aggregate of a stream, or `None` if nothing ever happened in it.
    pub(crate) async fn load<A: Aggregate>(&self, stream: StreamId) -> Result<Option<Loaded<A>>, Refusal> {
        self.store.state(&stream).await?.map(Loaded::of).transpose()
    }

    /// All aggregates that have this lookup, newest first.
    pub(crate) async fn find<A: Aggregate>(&self, kind: &str, key: &[u8]) -> Result<Vec<Loaded<A>>, Refusal> {
        self.store.find(kind, key).await?.into_iter().map(Loaded::of).collect()
    }

    /// All of them, however many.
    pub(crate) async fn find_all<A: Aggregate>(&self, kind: &str, key: &[u8]) -> Result<Vec<Loaded<A>>, Refusal> {
        self.store
            .find_all(kind, key)
            .await?
            .into_iter()
            .map(Loaded::of)
            .collect()
    }

    /// Seals the personal part of facts with the keys of their subjects.
    pub(crate) async fn seal(&self, facts: Vec<Fact>, now: Timestamp) -> Result<Vec<NewEvent>, Refusal> {
        let mut events = Vec::with_capacity(facts.len());
        for fact in facts {
            let key = match &fact.personal {
                None => None,
                Some(personal) => self.subjects.key(&personal.subject.to_string(), now).await?,
            };
            events.push(self.event(fact, key.as_deref(), now));
        }
        Ok(events)
    }

    /// Seals with a key that no record keeps yet: for the facts that make a subject.
    pub(crate) fn seal_with(&self, facts: Vec<Fact>, key: &SubjectKey, now: Timestamp) -> Vec<NewEvent> {
        facts.into_iter().map(|fact| self.event(fact, Some(key), now)).collect()
    }

    /// Without a key, which only an erased subject lacks, the personal part is dropped.
    fn event(&self, fact: Fact, key: Option<&SubjectKey>, now: Timestamp) -> NewEvent {
        let id = self.new_id(now);
        let subject = fact.personal.as_ref().map(|personal| personal.subject);
        let sealed = fact
            .personal
            .zip(key)
            .map(|(personal, key)| key.seal_fact(&*self.random, id, &fact.kind, &personal.facts));
        NewEvent {
            id,
            kind: fact.kind.into(),
            payload: fact.payload,
            subject: subject.as_ref().map(Subject::to_string),
            sealed,
        }
    }

    /// The aggregate as it will be when the store has appended `events` to it at `now`.
    pub(crate) fn ahead<A: Aggregate>(
        state: Option<A>,
        stream: &StreamId,
        events: &[NewEvent],
        now: Timestamp,
    ) -> Result<A, Refusal> {
        fold::ahead(state, stream, events, now)
            .map_err(|error| Refusal::inconsistent(error.to_string()))?
            .ok_or_else(|| Refusal::inconsistent(format!("nothing was decided about {stream}, which is not there")))
    }

    /// A UUID version 7: sorted by time, random otherwise (RFC 9562 section 5.7).
    pub(crate) fn new_id(&self, now: Timestamp) -> Uuid {
        random::uuid_v7(&*self.random, now)
    }

    pub(crate) async fn append(&self, command: Command) -> Result<Outcome, Refusal> {
        Ok(self.store.append(command).await?)
    }

    /// For events of a stream whose version does not matter. `None`: what happened meanwhile, such as an erasure, leaves no room
    /// for them, and nothing was done.
    pub(crate) async fn append_if_it_follows(&self, command: Command) -> Result<Option<Outcome>, Refusal> {
        match self.store.append(command).await {
            Err(AppendError::Unfoldable(_)) => Ok(None),
            appended => Ok(Some(appended?)),
        }
    }

    /// Loads, decides, appends; again when the stream moved in between. `decide` gives no facts when there is nothing to
    /// do; `dress` adds to the command what must happen together with the facts.
    pub(crate) async fn change<A: Aggregate>(
        &self,
        stream: &StreamId,
        caller: &Caller,
        now: Timestamp,
        decide: impl Fn(Option<&A>) -> Result<Vec<Fact>, Refusal>,
        dress: impl Fn(Command) -> Command,
    ) -> Result<Loaded<A>, Refusal> {
        for _ in 0..TRIES {
            let loaded = self.load::<A>(stream.clone()).await?;
            let facts = decide(loaded.as_ref().map(|loaded| &loaded.state))?;
            if facts.is_empty() {
                return loaded.ok_or_else(|| {
                    Refusal::inconsistent(format!("nothing was decided about {stream}, which is not there"))
                });
            }
            let expected = loaded
                .as_ref()
                .map_or(Expected::Nothing, |loaded| Expected::Exact(loaded.version));
            let events = self.seal(facts, now).await?;
            let command = dress(Command::new(caller.context(now)).append(stream.clone(), expected, events));
            match self.store.append(command).await {
                Ok(_) => {
                    return self
                        .load(stream.clone())
                        .await?
                        .ok_or_else(|| Refusal::inconsistent(format!("{stream} is gone")));
                }
                Err(AppendError::WrongVersion { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::Contended)
    }
}

impl<A: Aggregate> Loaded<A> {
    pub(crate) fn of(row: State) -> Result<Self, Refusal> {
        let State { stream, version, state } = row;
        let text = state.ok_or_else(|| Refusal::inconsistent(format!("{stream} has no state")))?;
        let state = read_state(&text).map_err(|error| Refusal::inconsistent(format!("{stream}: {error}")))?;
        Ok(Self { stream, version, state })
    }
}
