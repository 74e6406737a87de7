//! When sessions and API keys were last used: noted in memory, written now and then, never on a request's way.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use event_store::{RecordChange, Store, Timestamp};
use uuid::Uuid;

use super::Refusal;

const KIND: &str = "last_used";
/// Things noted between two flushes; beyond that, notes are dropped until the next.
const MOST: usize = 100_000;
/// Changes written at a time.
const CHUNK: usize = 500;

pub(crate) struct Usage {
    store: Store,
    noted: Mutex<HashMap<Uuid, Use>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Use {
    at: Timestamp,
    /// After that nobody asks any more; `None` for what has no end of its own.
    of_interest_until: Option<Timestamp>,
}

impl Usage {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            noted: Mutex::default(),
        }
    }

    /// Notes a use of the session or key `id`, which ends at `end`, if it does.
    pub(crate) fn note(&self, id: Uuid, end: Option<Timestamp>, now: Timestamp) {
        let mut noted = self.noted();
        if noted.len() < MOST || noted.contains_key(&id) {
            let (at, of_interest_until) = (now, end);
            noted.insert(id, Use { at, of_interest_until });
        }
    }

    /// The last use that any gateway has told of.
    pub(crate) async fn last_used(&self, id: Uuid, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
        let here = self.noted().get(&id).map(|noted| noted.at);
        let written = self.store.record(KIND, id.as_bytes(), now).await?;
        let written = written.and_then(|record| Some(Timestamp(i64::from_be_bytes(record.value.try_into().ok()?))));
        Ok(here.max(written))
    }

    /// Writes what was noted since the last time. A note stays until it is written, so that whoever asks meanwhile finds it
    /// here or there.
    pub(crate) async fn flush(&self) -> Result<(), Refusal> {
        let noted: Vec<(Uuid, Use)> = self.noted().iter().map(|(id, noted)| (*id, *noted)).collect();
        for chunk in noted.chunks(CHUNK) {
            let changes = chunk.iter().map(|(id, noted)| RecordChange::Put {
                kind: KIND.into(),
                key: id.as_bytes().to_vec(),
                value: noted.at.0.to_be_bytes().to_vec(),
                expires: noted.of_interest_until,
            });
            self.store.change_records(changes.collect(), Timestamp(0)).await?;
            let mut kept = self.noted();
            for (id, written) in chunk {
                if kept.get(id) == Some(written) {
                    kept.remove(id);
                }
            }
        }
        Ok(())
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<Uuid, Use>> {
        self.noted.lock().expect("nobody panics while holding this lock")
    }
}
