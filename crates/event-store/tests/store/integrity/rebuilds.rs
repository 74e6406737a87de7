//! Rebuilds of the states that meet each other, of which only the last one writes, and those who append.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_store::{
    Command, Context, Event, Expected, Fold, FoldError, Folded, NewEvent, Options, RefoldError, Refolded, Store,
    StreamId, Timestamp,
};
use serde_json::json;
use tokio::task::{JoinHandle, block_in_place};
use uuid::Uuid;

use super::states::{states, tamper};
use crate::databases::{Database, on_both_databases};
use crate::history::{Accounts, START, account_stream, open};

on_both_databases! {
    a_rebuild_that_another_one_overtakes_ends
    a_rebuild_whose_tables_another_one_has_made_anew_ends
    an_appender_forgets_the_rows_that_a_rebuild_replaced
}

/// Longer than anything takes that is not stuck.
const DEADLINE: Duration = Duration::from_secs(30);

/// Stops once at an event, until it is told to go on.
struct Paused {
    at: fn(&Event) -> bool,
    reached: Sender<()>,
    go_on: Mutex<Option<Receiver<()>>>,
}

impl Fold for Paused {
    fn fold(&self, stream: &StreamId, state: Option<&str>, events: &[Event]) -> Result<Folded, FoldError> {
        if events.iter().any(self.at)
            && let Some(go_on) = self.go_on.lock().unwrap().take()
        {
            self.reached.send(()).unwrap();
            block_in_place(|| go_on.recv_timeout(DEADLINE)).unwrap();
        }
        Accounts.fold(stream, state, events)
    }
}

/// A rebuild that has come to the event, and waits there.
struct Rebuild {
    ended: JoinHandle<Result<Refolded, RefoldError>>,
    go_on: Sender<()>,
}

impl Rebuild {
    async fn paused(database: &Database, at: fn(&Event) -> bool) -> Rebuild {
        let ((reached, is_there), (go_on, told)) = (channel(), channel());
        let go_on_when_told = Mutex::new(Some(told));
        let fold = Paused {
            at,
            reached,
            go_on: go_on_when_told,
        };
        let store = Store::open(&database.url, Options::default(), Arc::new(fold))
            .await
            .unwrap();
        let ended = tokio::spawn(async move { store.rebuild_states().await });
        block_in_place(|| is_there.recv_timeout(DEADLINE)).unwrap();
        Rebuild { ended, go_on }
    }

    async fn end(self) -> Result<Refolded, RefoldError> {
        self.go_on.send(()).unwrap();
        self.ended.await.unwrap()
    }
}

/// A few short streams, and then one that takes three pages to read.
async fn append_pages(store: &Store) {
    for account in 0..5 {
        append(store, account, 3).await;
    }
    for _ in 0..10 {
        append(store, 9, 500).await;
    }
}

async fn append(store: &Store, account: u32, events: usize) {
    let event = || NewEvent::new(Uuid::now_v7(), "account.credited", json!({"amount": 1}));
    let events = std::iter::repeat_with(event).take(events).collect();
    let context = Context::new(Timestamp(START), "user:1");
    let command = Command::new(context).append(account_stream(account), Expected::Any, events);
    store.append(command).await.unwrap();
}

fn is_first(event: &Event) -> bool {
    event.stream == account_stream(0)
}

/// When this page is read, the short streams are written.
fn is_in_third_page(event: &Event) -> bool {
    event.stream == account_stream(9) && event.version > 4500
}

async fn a_rebuild_that_another_one_overtakes_ends(database: Database) {
    let store = open(&database.url).await;
    append_pages(&store).await;
    let before = states(&store).await;
    let slow = Rebuild::paused(&database, is_first).await;
    assert_eq!(store.rebuild_states().await.unwrap().differs, None);
    let ended = slow.end().await;
    assert!(matches!(ended, Err(RefoldError::EndedElsewhere)), "{ended:?}");
    assert_eq!(states(&store).await, before);
}

async fn a_rebuild_whose_tables_another_one_has_made_anew_ends(database: Database) {
    let store = open(&database.url).await;
    append_pages(&store).await;
    let before = states(&store).await;
    let first = Rebuild::paused(&database, is_in_third_page).await;
    let second = Rebuild::paused(&database, is_first).await;
    let ended = first.end().await;
    assert!(matches!(ended, Err(RefoldError::EndedElsewhere)), "{ended:?}");
    assert_eq!(states(&store).await, before);
    let ended = second.end().await.unwrap();
    assert_eq!((ended.differs, ended.streams), (None, 6));
    assert_eq!(states(&store).await, before);
    assert_eq!(store.compare_states().await.unwrap().differs, None);
}

/// Whoever appends has read wrong rows, before or while they are mended, and remembers what it made of them.
async fn an_appender_forgets_the_rows_that_a_rebuild_replaced(database: Database) {
    let (store, other) = (open(&database.url).await, open(&database.url).await);
    append(&store, 0, 3).await;
    for appending in [&other, &store] {
        let wrong = r#"UPDATE streams SET state = '{"balance":1000000,"name":null,"by":[]}'"#;
        for begun in [false, true] {
            tamper(&database, wrong).await;
            if !begun {
                // It reads the row, as the other one has appended before.
                append(appending, 0, 1).await;
            }
            let rebuild = Rebuild::paused(&database, is_first).await;
            if begun {
                append(appending, 0, 1).await;
            }
            assert!(rebuild.end().await.unwrap().differs.is_some());
            append(appending, 0, 1).await;
            assert_eq!(store.compare_states().await.unwrap().differs, None, "begun: {begun}");
        }
    }
}
