//! The data keys of people: what is personal in events is sealed with its subject's key. No key, no facts: that is how a
//! person is erased from a log that never changes.

use std::sync::Arc;
use std::time::Duration;

use event_store::{RecordChange, Store, Timestamp};
use moka::sync::Cache;
use serde::de::DeserializeOwned;

use super::Refusal;
use crate::crypto::random::Random;
use crate::crypto::seal::SealKey;
use crate::crypto::subject_key::SubjectKey;
use crate::domain::sealed::SealedFact;

const KIND: &str = "subject_key";
/// The subject of facts about attempts that no account can be named for.
pub(crate) const ANONYMOUS: &str = "anonymous";
/// An erased key may be used for so long by a process that has just used it.
const REMEMBERED: Duration = Duration::from_secs(30);
const REMEMBERED_KEYS: u64 = 10_000;

pub(crate) struct Subjects {
    store: Store,
    master: SealKey,
    random: Arc<dyn Random>,
    known: Cache<String, Arc<SubjectKey>>,
}

impl Subjects {
    pub(crate) fn new(store: Store, master: SealKey, random: Arc<dyn Random>) -> Self {
        let known = Cache::builder()
            .max_capacity(REMEMBERED_KEYS)
            .time_to_live(REMEMBERED)
            .build();
        Self {
            store,
            master,
            random,
            known,
        }
    }

    /// A new subject's key, and the record that keeps it, for the command that makes the subject.
    pub(crate) fn make(&self, subject: &str) -> (Arc<SubjectKey>, RecordChange) {
        let key = SubjectKey::generate(&*self.random);
        let value = key.wrap(&self.master, &*self.random, subject);
        let kept = RecordChange::Put {
            kind: KIND.into(),
            key: subject.as_bytes().to_vec(),
            value,
            expires: None,
        };
        (Arc::new(key), kept)
    }

    /// Makes the key for facts about nobody known, once for the installation. Of several gateways that start at once the
    /// later one's key stays, so nothing is sealed before this has been asked for.
    pub(crate) async fn ensure_anonymous(&self, now: Timestamp) -> Result<(), Refusal> {
        if !self.has_anonymous(now).await? {
            let (_, kept) = self.make(ANONYMOUS);
            self.store.change_records(vec![kept], now).await?;
        }
        Ok(())
    }

    /// Whether the key for facts about nobody known was made. It is the first that every start opens.
    ///
    /// # Errors
    /// The master key does not open it.
    pub(crate) async fn has_anonymous(&self, now: Timestamp) -> Result<bool, Refusal> {
        match self.key(ANONYMOUS, now).await {
            Ok(key) => Ok(key.is_some()),
            Err(Refusal::Inconsistent(what)) => Err(Refusal::inconsistent(format!(
                "the master key is not the one that this database was made with ({what})"
            ))),
            Err(other) => Err(other),
        }
    }

    /// What to change for nobody ever to read the subject's facts again.
    pub(crate) fn destroy(&self, subject: &str) -> RecordChange {
        self.known.invalidate(subject);
        RecordChange::Delete {
            kind: KIND.into(),
            key: subject.as_bytes().to_vec(),
        }
    }

    /// The subject's key; `None` once the subject is erased.
    pub(crate) async fn key(&self, subject: &str, now: Timestamp) -> Result<Option<Arc<SubjectKey>>, Refusal> {
        if let Some(key) = self.known.get(subject) {
            return Ok(Some(key));
        }
        let Some(record) = self.store.record(KIND, subject.as_bytes(), now).await? else {
            return Ok(None);
        };
        let key = SubjectKey::unwrap(&self.master, subject, &record.value)
            .map_err(|broken| Refusal::inconsistent(format!("the data key of {subject}: {broken}")))?;
        let key = Arc::new(key);
        self.known.insert(subject.to_owned(), Arc::clone(&key));
        Ok(Some(key))
    }

    /// Reads a sealed fact; `None` once the subject is erased.
    pub(crate) async fn open<T: DeserializeOwned>(
        &self,
        subject: &str,
        fact: &SealedFact,
        now: Timestamp,
    ) -> Result<Option<T>, Refusal> {
        let Some(key) = self.key(subject, now).await? else {
            return Ok(None);
        };
        let opened = key.open_fact(fact.event, &fact.kind, &fact.bytes);
        opened
            .map(Some)
            .map_err(|broken| Refusal::inconsistent(broken.to_string()))
    }
}
