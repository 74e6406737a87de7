//! What a batch of jobs changes: computed in memory from the rows it touches, without a database.
//!
//! Each job sees the effects of those before it. A job that fails leaves none.

mod changes;

use crate::chain::{Hash, sha256};
use crate::command::{ClaimChange, Expected, Idempotency, Outcome};
use crate::error::AppendError;
use crate::event::{Event, Position};
use crate::fold::{Fold, Lookup};
use crate::head::Head;
use crate::job::{Answer, ClaimKey, Job, RecordKey, Swept, claim_key, record_key};
use crate::pending::{Pending, PendingAppend, Texts};
use crate::record::{Record, RecordChange};
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;

/// A stream's row, with its lookups where they are known anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamRow {
    pub(crate) version: u64,
    pub(crate) position: Position,
    pub(crate) state: Option<String>,
    /// See [`lookups_digest`].
    pub(crate) lookups_digest: Option<Hash>,
    /// Empty in a row that was read.
    pub(crate) lookups: Vec<Lookup>,
}

/// An idempotency key that was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsedKey {
    pub(crate) request: [u8; 32],
    pub(crate) response: Vec<u8>,
    pub(crate) expires: Timestamp,
}

/// Rows by their keys; `None` stands for a row that is not there any more.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) streams: BTreeMap<StreamId, StreamRow>,
    pub(crate) claims: BTreeMap<ClaimKey, Option<String>>,
    pub(crate) records: BTreeMap<RecordKey, Option<Record>>,
    pub(crate) commands: BTreeMap<String, UsedKey>,
}

/// The rows before the batch, and what its jobs made of them so far.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// Where it begins.
    pub(crate) from: Head,
    pub(crate) head: Head,
    pub(crate) before: Rows,
    pub(crate) after: Rows,
    /// In the order of their positions.
    pub(crate) events: Vec<(&'a Event, &'a Texts)>,
    /// What has expired by then is deleted.
    pub(crate) sweep: Option<Timestamp>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(head: Head, before: Rows) -> Self {
        Self {
            from: head,
            head,
            before,
            after: Rows::default(),
            events: Vec::new(),
            sweep: None,
        }
    }

    /// Nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        let Rows {
            streams,
            claims,
            records,
            commands,
        } = &self.after;
        self.sweep.is_none() && streams.is_empty() && claims.is_empty() && records.is_empty() && commands.is_empty()
    }

    /// Adds the effects of one job, whose events get their places.
    pub(crate) fn add(&mut self, job: &'a mut Job, fold: &dyn Fold) -> Result<Answer, AppendError> {
        let mut draft = Draft {
            head: self.head,
            plan: self,
            rows: Rows::default(),
            events: Vec::new(),
            sweep: None,
        };
        let answer = match job {
            Job::Command(command) => Answer::Outcome(draft.command(command, fold)?),
            Job::Records { changes, now } => {
                draft.change_records(changes, *now)?;
                Answer::Changed
            }
            Job::CountUp {
                kind,
                keys,
                expires,
                now,
            } => {
                let count = |key: &Vec<u8>| draft.count_up((kind.clone(), key.clone()), *expires, *now);
                Answer::Counted(keys.iter().map(count).collect())
            }
            Job::Sweep { now } => {
                draft.sweep = Some(*now);
                Answer::Swept(Swept::default())
            }
        };
        let Draft {
            head,
            rows,
            events,
            sweep,
            ..
        } = draft;
        self.sweep = self.sweep.max(sweep);
        self.head = head;
        self.events.extend(events);
        self.after.streams.extend(rows.streams);
        self.after.claims.extend(rows.claims);
        self.after.records.extend(rows.records);
        self.after.commands.extend(rows.commands);
        Ok(answer)
    }
}

/// The effects of one job, not yet part of the plan.
struct Draft<'p, 'a> {
    plan: &'p Plan<'a>,
    head: Head,
    rows: Rows,
    events: Vec<(&'a Event, &'a Texts)>,
    sweep: Option<Timestamp>,
}

impl<'a> Draft<'_, 'a> {
    fn command(&mut self, command: &'a mut Pending, fold: &dyn Fold) -> Result<Outcome, AppendError> {
        if let Some(once) = &command.idempotency
            && let Some(repeated) = self.once(once, command.time)?
        {
            return Ok(repeated);
        }
        for change in &command.claims {
            self.change_claim(change)?;
        }
        self.change_records(&command.records, command.time)?;
        let before = self.head.position;
        for append in &mut command.appends {
            self.append(append, fold)?;
        }
        Ok(Outcome::Done {
            first: before + 1,
            last: self.head.position,
        })
    }

    /// The outcome if the key was used before, else marks it as used.
    fn once(&mut self, once: &Idempotency, now: Timestamp) -> Result<Option<Outcome>, AppendError> {
        let plan = self.plan;
        let used = plan.after.commands.get(&once.key);
        let used = used.or_else(|| plan.before.commands.get(&once.key));
        if let Some(used) = used.filter(|used| used.expires > now) {
            if used.request != once.request {
                return Err(AppendError::KeyReused);
            }
            let response = used.response.clone();
            return Ok(Some(Outcome::Repeated { response }));
        }
        let used = UsedKey {
            request: once.request,
            response: once.response.clone(),
            expires: once.expires,
        };
        self.rows.commands.insert(once.key.clone(), used);
        Ok(None)
    }

    fn change_claim(&mut self, change: &ClaimChange) -> Result<(), AppendError> {
        let key = claim_key(change);
        let held = layered(&key, |rows| &rows.claims, &self.rows, self.plan);
        match (change, held) {
            (ClaimChange::Take { kind, owner, .. }, Some(holder)) => {
                if holder != owner {
                    return Err(AppendError::ClaimTaken {
                        kind: kind.clone(),
                        owner: holder.clone(),
                    });
                }
            }
            (ClaimChange::Take { owner, .. }, None) => {
                self.rows.claims.insert(key, Some(owner.clone()));
            }
            (ClaimChange::Release { .. }, Some(_)) => {
                self.rows.claims.insert(key, None);
            }
            (ClaimChange::Release { .. }, None) => {}
        }
        Ok(())
    }

    fn change_records(&mut self, changes: &[RecordChange], now: Timestamp) -> Result<(), AppendError> {
        for change in changes {
            let key = record_key(change);
            let found = layered(&key, |rows| &rows.records, &self.rows, self.plan);
            match (change, found) {
                (RecordChange::Put { value, expires, .. }, _) => {
                    let put = Record {
                        count: 0,
                        value: value.clone(),
                        expires: *expires,
                    };
                    self.rows.records.insert(key, Some(put));
                }
                (RecordChange::Consume { kind, .. }, found) => {
                    if !found.is_some_and(|found| found.is_alive(now)) {
                        return Err(AppendError::RecordGone { kind: kind.clone() });
                    }
                    self.rows.records.insert(key, None);
                }
                (RecordChange::AtMost { kind, count, .. }, found) => {
                    if found.is_some_and(|found| found.is_alive(now) && found.count > *count) {
                        return Err(AppendError::CountedOften { kind: kind.clone() });
                    }
                }
                (RecordChange::CountUp { expires, .. }, found) => {
                    let alive = found.filter(|found| found.is_alive(now));
                    let until = alive.map_or(Some(*expires), |found| found.expires.map(|until| until.max(*expires)));
                    self.rows.records.insert(key, Some(counted(alive, until)));
                }
                (RecordChange::Delete { .. }, Some(_)) => {
                    self.rows.records.insert(key, None);
                }
                (RecordChange::Delete { .. }, None) => {}
            }
        }
        Ok(())
    }

    fn count_up(&mut self, record: RecordKey, expires: Timestamp, now: Timestamp) -> Record {
        let found = layered(&record, |rows| &rows.records, &self.rows, self.plan);
        let alive = found.filter(|found| found.is_alive(now));
        let counted = counted(alive, Some(expires));
        self.rows.records.insert(record, Some(counted.clone()));
        counted
    }

    fn append(&mut self, append: &'a mut PendingAppend, fold: &dyn Fold) -> Result<(), AppendError> {
        let plan = self.plan;
        let row = self.rows.streams.get(&append.stream);
        let row = row.or_else(|| plan.after.streams.get(&append.stream));
        let row = row.or_else(|| plan.before.streams.get(&append.stream));
        let version = row.map_or(0, |row| row.version);
        if !append.expected.holds_at(version) {
            return Err(AppendError::WrongVersion {
                stream: append.stream.clone(),
                actual: version,
            });
        }
        append.place(version, self.head.position, self.head.hash);
        let PendingAppend {
            stream, events, texts, ..
        } = &*append;
        let state = row.and_then(|row| row.state.as_deref());
        let folded = fold.fold(stream, state, events)?;
        self.events.extend(events.iter().zip(texts));
        if let Some(last) = events.last() {
            self.head.position = last.position;
            self.head.hash = last.hash;
        }
        let mut lookups = folded.lookups;
        lookups.sort_unstable();
        lookups.dedup();
        let row = StreamRow {
            version: version + events.len() as u64,
            position: self.head.position,
            state: folded.state,
            lookups_digest: lookups_digest(&lookups),
            lookups,
        };
        self.rows.streams.insert(stream.clone(), row);
        Ok(())
    }
}

/// One more than a record that is alive has.
fn counted(alive: Option<&Record>, expires: Option<Timestamp>) -> Record {
    Record {
        count: alive.map_or(0, |found| found.count).saturating_add(1),
        value: alive.map(|found| found.value.clone()).unwrap_or_default(),
        expires,
    }
}

impl Expected {
    fn holds_at(self, version: u64) -> bool {
        match self {
            Self::Nothing => version == 0,
            Self::Exact(exact) => version == exact,
            Self::Any => true,
        }
    }
}

/// Tells whether a stream's lookups changed without reading them; `None` without any. They are in order.
pub(crate) fn lookups_digest(lookups: &[Lookup]) -> Option<Hash> {
    if lookups.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    for Lookup { kind, key } in lookups {
        for field in [kind.as_bytes(), key] {
            bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
            bytes.extend_from_slice(field);
        }
    }
    Some(sha256(&bytes))
}

/// The row as the newest of job, batch and database has it.
fn layered<'a, Key: Ord + 'a, Row>(
    key: &Key,
    table: impl Fn(&Rows) -> &BTreeMap<Key, Option<Row>>,
    draft: &'a Rows,
    plan: &'a Plan,
) -> Option<&'a Row> {
    [draft, &plan.after, &plan.before]
        .into_iter()
        .find_map(|rows| table(rows).get(key))
        .and_then(Option::as_ref)
}
