//! An empty database for each test, on both engines, and what the tests append to it.

use event_store::{Context, Event, Fold, FoldError, Folded, Lookup, NewEvent, Options, Store, StreamId, Timestamp};
use local_postgres::{Durability, Server};
use serde_json::{Value, json};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection as _, query};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use uuid::Uuid;

/// Makes two tests of each `async fn NAME(database: Database)`: `NAME::sqlite` and `NAME::postgres`.
macro_rules! on_both_databases {
    ($($name:ident)*) => {
        $(
            mod $name {
                use crate::databases::Database;

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    super::$name(Database::sqlite()).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    super::$name(Database::postgres()).await;
                }
            }
        )*
    };
}
pub(crate) use on_both_databases;

/// A migrated database without events. It ends with this value.
pub(crate) struct Database {
    pub(crate) url: String,
    /// What ends with it: the folder, or this test's share of the server.
    _kept: Box<dyn Send + Sync>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("events.db").display());
        Self {
            url,
            _kept: Box::new(folder),
        }
    }

    /// On a server that the tests share as long as one of them runs.
    pub(crate) fn postgres() -> Self {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let server = shared
            .upgrade()
            .unwrap_or_else(|| Arc::new(Server::start(Durability::None).unwrap()));
        *shared = Arc::downgrade(&server);
        let url = server.create_database().unwrap();
        Self {
            url,
            _kept: Box::new(server),
        }
    }

    pub(crate) async fn open(&self) -> Store {
        self.open_with(options()).await
    }

    /// Deletes the row of a stream behind the store's back.
    pub(crate) async fn forget(&self, id: &str) {
        install_default_drivers();
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        let delete = query("DELETE FROM streams WHERE id = $1").bind(id);
        assert_eq!(delete.execute(&mut connection).await.unwrap().rows_affected(), 1);
        connection.close().await.unwrap();
    }

    pub(crate) async fn open_with(&self, options: Options) -> Store {
        Store::open(&self.url, options, Arc::new(Tally)).await.unwrap()
    }
}

pub(crate) fn options() -> Options {
    Options {
        create: true,
        poll: Duration::from_millis(50),
        ..Options::default()
    }
}

/// The state of a stream is how many events it has and the payload of the last. A payload may name lookups in `find_by`,
/// and refuse to be folded with `unfoldable`.
pub(crate) struct Tally;

impl Fold for Tally {
    fn fold(&self, _: &StreamId, state: Option<&str>, events: &[Event]) -> Result<Folded, FoldError> {
        let before: Value = state.map_or(json!({"count": 0}), |state| serde_json::from_str(state).unwrap());
        let last = &events.last().unwrap().payload;
        if last["unfoldable"] == true {
            return Err(FoldError("as it was asked to".to_owned()));
        }
        let lookup = |key: &Value| Lookup {
            kind: "test".into(),
            key: key.as_str().unwrap().as_bytes().to_vec(),
        };
        let count = before["count"].as_u64().unwrap() + events.len() as u64;
        Ok(Folded {
            state: Some(json!({"count": count, "last": last}).to_string()),
            lookups: last["find_by"].as_array().into_iter().flatten().map(lookup).collect(),
        })
    }
}

pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub(crate) fn context() -> Context {
    Context::new(NOW, "tester")
}

pub(crate) fn stream(id: impl Into<String>) -> StreamId {
    StreamId::new("thing", id)
}

pub(crate) fn event(payload: Value) -> NewEvent {
    NewEvent::new(Uuid::now_v7(), "thing.happened", payload)
}
