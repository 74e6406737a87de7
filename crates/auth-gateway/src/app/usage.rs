//! When sessions and API keys were last used: noted in memory, written now and then, never on a request's way.

use std::collections::HashMap;
use std::sync::Mutex;

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
    noted: Mutex<HashMap<Uuid, Timestamp>>,
}

impl Usage {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            noted: Mutex::default(),
        }
    }

    /// Notes a use of the session or key `id`.
    pub(crate) fn note(&self, id: Uuid, now: Timestamp) {
        let mut noted = self.noted.lock().expect("nobody panics while holding this lock");
        if noted.len() < MOST || noted.contains_key(&id) {
            noted.insert(id, now);
        }
    }

    /// The last use that any gateway has told of.
    pub(crate) async fn last_used(&self, id: Uuid, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
        let here = self
            .noted
            .lock()
            .expect("nobody panics while holding this lock")
            .get(&id)
            .copied();
        let written = self.store.record(KIND, id.as_bytes(), now).await?;
        let written = written.and_then(|record| Some(Timestamp(i64::from_be_bytes(record.value.try_into().ok()?))));
        Ok(here.max(written))
    }

    /// Writes what was noted since the last time. What can not be written stays noted.
    pub(crate) async fn flush(&self) -> Result<(), Refusal> {
        let noted: Vec<(Uuid, Timestamp)> =
            std::mem::take(&mut *self.noted.lock().expect("nobody panics while holding this lock"))
                .into_iter()
                .collect();
        for (index, chunk) in noted.chunks(CHUNK).enumerate() {
            let changes = chunk.iter().map(|(id, at)| RecordChange::Put {
                kind: KIND.into(),
                key: id.as_bytes().to_vec(),
                value: at.0.to_be_bytes().to_vec(),
                expires: None,
            });
            if let Err(error) = self.store.change_records(changes.collect(), Timestamp(0)).await {
                let mut kept = self.noted.lock().expect("nobody panics while holding this lock");
                for (id, at) in noted.into_iter().skip(index * CHUNK) {
                    kept.entry(id).or_insert(at);
                }
                return Err(error.into());
            }
        }
        Ok(())
    }
}
