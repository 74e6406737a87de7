//! What the appender is asked to do, and the rows that doing it touches.

use crate::command::{ClaimChange, Command, Outcome};
use crate::error::AppendError;
use crate::pending::Pending;
use crate::record::{Record, RecordChange};
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// One unit that takes effect whole or not at all.
#[derive(Debug)]
pub(crate) enum Job {
    Command(Pending),
    Records {
        changes: Vec<RecordChange>,
        now: Timestamp,
    },
    CountUp {
        kind: Cow<'static, str>,
        keys: Vec<Vec<u8>>,
        expires: Timestamp,
        now: Timestamp,
    },
    Sweep {
        now: Timestamp,
    },
}

/// How a job ended well.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Outcome(Outcome),
    Changed,
    Counted(Vec<Record>),
    Swept(Swept),
}

/// Rows deleted because they had expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    pub records: u64,
    pub idempotency_keys: u64,
}

/// Names a claim: kind and digest.
pub(crate) type ClaimKey = (Cow<'static, str>, [u8; 32]);
/// Names a record: kind and key.
pub(crate) type RecordKey = (Cow<'static, str>, Vec<u8>);

/// The rows a batch of jobs reads or writes.
#[derive(Debug, Default)]
pub(crate) struct Touched<'a> {
    pub(crate) streams: BTreeSet<&'a StreamId>,
    pub(crate) claims: BTreeSet<ClaimKey>,
    pub(crate) records: BTreeSet<RecordKey>,
    pub(crate) commands: BTreeSet<&'a str>,
}

/// Each refuses what the database would refuse, so that one bad job does not spoil its batch.
impl Job {
    pub(crate) fn command(command: Command) -> Result<Self, AppendError> {
        check(&command)?;
        Ok(Self::Command(command.into()))
    }

    pub(crate) fn records(changes: Vec<RecordChange>, now: Timestamp) -> Result<Self, AppendError> {
        changes.iter().try_for_each(|change| check_text(record_kind(change)))?;
        Ok(Self::Records { changes, now })
    }

    pub(crate) fn count_up(
        kind: &str,
        keys: &[Vec<u8>],
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Self, AppendError> {
        check_text(kind)?;
        Ok(Self::CountUp {
            kind: kind.to_owned().into(),
            keys: keys.to_vec(),
            expires,
            now,
        })
    }
}

impl<'a> Touched<'a> {
    pub(crate) fn by(jobs: impl IntoIterator<Item = &'a Job>) -> Self {
        let mut touched = Self::default();
        for job in jobs {
            touched.add(job);
        }
        touched
    }

    /// Neither claims nor records nor idempotency keys.
    pub(crate) fn has_only_streams(&self) -> bool {
        self.claims.is_empty() && self.records.is_empty() && self.commands.is_empty()
    }

    fn add(&mut self, job: &'a Job) {
        match job {
            Job::Command(command) => {
                self.streams.extend(command.appends.iter().map(|append| &append.stream));
                self.claims.extend(command.claims.iter().map(claim_key));
                self.records.extend(command.records.iter().map(record_key));
                self.commands
                    .extend(command.idempotency.iter().map(|once| once.key.as_str()));
            }
            Job::Records { changes, .. } => self.records.extend(changes.iter().map(record_key)),
            Job::CountUp { kind, keys, .. } => {
                self.records.extend(keys.iter().map(|key| (kind.clone(), key.clone())));
            }
            Job::Sweep { .. } => {}
        }
    }
}

pub(crate) fn claim_key(change: &ClaimChange) -> ClaimKey {
    match change {
        ClaimChange::Take { kind, digest, .. } | ClaimChange::Release { kind, digest } => (kind.clone(), *digest),
    }
}

pub(crate) fn record_key(change: &RecordChange) -> RecordKey {
    match change {
        RecordChange::Put { kind, key, .. }
        | RecordChange::Consume { kind, key }
        | RecordChange::AtMost { kind, key, .. }
        | RecordChange::CountUp { kind, key, .. }
        | RecordChange::Delete { kind, key } => (kind.clone(), key.clone()),
    }
}

fn record_kind(change: &RecordChange) -> &str {
    match change {
        RecordChange::Put { kind, .. }
        | RecordChange::Consume { kind, .. }
        | RecordChange::AtMost { kind, .. }
        | RecordChange::CountUp { kind, .. }
        | RecordChange::Delete { kind, .. } => kind,
    }
}

fn check(command: &Command) -> Result<(), AppendError> {
    let context = &command.context;
    check_text(&context.actor)?;
    check_text(context.client.as_deref().unwrap_or_default())?;
    check_text(context.request_id.as_deref().unwrap_or_default())?;
    for append in &command.appends {
        check_text(&append.stream.kind)?;
        check_text(&append.stream.id)?;
        if append.events.is_empty() {
            return Err(AppendError::Malformed("an append without events"));
        }
        for event in &append.events {
            check_text(&event.kind)?;
            check_text(event.subject.as_deref().unwrap_or_default())?;
            if !matches!(event.payload, Value::Object(_)) {
                return Err(AppendError::Malformed("a payload that is no JSON object"));
            }
        }
    }
    for claim in &command.claims {
        match claim {
            ClaimChange::Take { kind, owner, .. } => {
                check_text(kind)?;
                check_text(owner)?;
            }
            ClaimChange::Release { kind, .. } => check_text(kind)?,
        }
    }
    command
        .records
        .iter()
        .try_for_each(|change| check_text(record_kind(change)))?;
    command.idempotency.iter().try_for_each(|once| check_text(&once.key))
}

/// PostgreSQL has no text with NUL.
fn check_text(text: &str) -> Result<(), AppendError> {
    if text.contains('\0') {
        return Err(AppendError::Malformed("a text with NUL"));
    }
    Ok(())
}
