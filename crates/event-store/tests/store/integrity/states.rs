//! Streams and lookups folded again from the log: equal to the live ones, or mended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_store::{Event, Fold, FoldError, Folded, Options, RefoldError, State, Store, StreamId};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, raw_sql};

use crate::databases::{Database, on_both_databases};
use crate::history::{Accounts, History, account_stream, open};

on_both_databases! {
    states_folded_again_equal_the_live_ones
    a_changed_state_is_named_and_mended
    changed_lookups_are_named_and_mended
    a_missing_stream_is_named_and_mended
    states_are_rebuilt_while_events_are_appended
    a_new_fold_is_applied_to_all_streams
    a_stream_that_does_not_fold_leaves_the_live_ones
    long_streams_are_folded_in_pieces
}

pub(super) async fn tamper(database: &Database, sql: &str) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    // Behind whoever is appending, who would write over it what was read before it.
    let sql = format!("UPDATE log_head SET position = position; {sql}");
    raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub(super) async fn states(store: &Store) -> Vec<State> {
    store.states("account", None, 10_000).await.unwrap()
}

async fn found(store: &Store, creditor: &str) -> BTreeSet<StreamId> {
    let states = store.find("creditor", creditor.as_bytes()).await.unwrap();
    states.into_iter().map(|state| state.stream).collect()
}

async fn states_folded_again_equal_the_live_ones(database: Database) {
    let store = open(&database.url).await;
    assert_eq!(store.compare_states().await.unwrap().differs, None, "of an empty log");
    let mut history = History::new(rand::random());
    for _ in 0..3 {
        history.append(&store, 40).await;
        let before = states(&store).await;
        let compared = store.compare_states().await.unwrap();
        assert_eq!(
            (compared.differs.as_ref(), compared.streams),
            (None, before.len() as u64)
        );
        assert_eq!(store.rebuild_states().await.unwrap(), compared);
        assert_eq!(states(&store).await, before);
    }
}

async fn a_changed_state_is_named_and_mended(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 60).await;
    let before = states(&store).await;
    for change in ["state = '{}'", "version = version + 1", "position = 1", "state = NULL"] {
        tamper(
            &database,
            &format!("UPDATE streams SET {change} WHERE id IN ('a-3', 'a-5')"),
        )
        .await;
        let compared = store.compare_states().await.unwrap();
        assert_eq!(compared.differs, Some(account_stream(3)), "{change}");
        assert_eq!(states(&store).await.len(), before.len());
        assert_eq!(
            store.rebuild_states().await.unwrap().differs,
            Some(account_stream(3)),
            "{change}"
        );
        assert_eq!(states(&store).await, before, "{change}");
        assert_eq!(store.compare_states().await.unwrap().differs, None);
    }
}

async fn changed_lookups_are_named_and_mended(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 60).await;
    let before = found(&store, "user:1").await;
    assert!(before.contains(&account_stream(3)), "{before:?}");
    for change in [
        "DELETE FROM lookups WHERE stream_id = 'a-3'",
        "UPDATE lookups SET kind = 'other' WHERE stream_id = 'a-3'",
        "UPDATE streams SET lookups = NULL WHERE id = 'a-3'",
    ] {
        tamper(&database, change).await;
        assert_eq!(
            store.compare_states().await.unwrap().differs,
            Some(account_stream(3)),
            "{change}"
        );
        assert_eq!(
            store.rebuild_states().await.unwrap().differs,
            Some(account_stream(3)),
            "{change}"
        );
        assert_eq!(found(&store, "user:1").await, before, "{change}");
    }
}

async fn a_missing_stream_is_named_and_mended(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 60).await;
    let before = states(&store).await;
    let last = before.last().unwrap().stream.clone();
    let delete = format!(
        "DELETE FROM lookups WHERE stream_id = '{0}'; DELETE FROM streams WHERE id = '{0}'",
        last.id
    );
    tamper(&database, &delete).await;
    assert_eq!(store.compare_states().await.unwrap().differs, Some(last.clone()));
    assert_eq!(store.rebuild_states().await.unwrap().differs, Some(last));
    assert_eq!(states(&store).await, before);

    tamper(
        &database,
        "INSERT INTO streams (kind, id, version, position) VALUES ('zebra', 'z', 1, 1)",
    )
    .await;
    assert_eq!(
        store.compare_states().await.unwrap().differs,
        Some(StreamId::new("zebra", "z"))
    );
    assert_eq!(
        store.rebuild_states().await.unwrap().differs,
        Some(StreamId::new("zebra", "z"))
    );
    assert_eq!(store.states("zebra", None, 10).await.unwrap(), []);
}

async fn states_are_rebuilt_while_events_are_appended(database: Database) {
    let store = open(&database.url).await;
    let mut history = History::new(1);
    history.append(&store, 100).await;
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, done) = (store.clone(), Arc::clone(&done));
        async move {
            while !done.load(Ordering::SeqCst) {
                history.append(&store, 2).await;
            }
        }
    });
    for _ in 0..3 {
        assert_eq!(store.rebuild_states().await.unwrap().differs, None);
        assert_eq!(store.compare_states().await.unwrap().differs, None);
    }
    // A stream that no event mends by the way.
    let ghost = "INSERT INTO streams (kind, id, version, position) VALUES ('zebra', 'z', 1, 1)";
    tamper(&database, ghost).await;
    let ghost = StreamId::new("zebra", "z");
    assert_eq!(store.rebuild_states().await.unwrap().differs, Some(ghost));
    done.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    assert_eq!(store.compare_states().await.unwrap().differs, None);
}

/// Another program's idea of an account.
struct LastKind;

impl Fold for LastKind {
    fn fold(&self, stream: &StreamId, _: Option<&str>, events: &[Event]) -> Result<Folded, FoldError> {
        match stream.id == "a-7" && events.iter().any(|event| event.payload["unfoldable"] == true) {
            true => Err(FoldError("as it was asked to".to_owned())),
            false => Ok(Folded {
                state: events.last().map(|event| event.kind.clone()),
                lookups: Vec::new(),
            }),
        }
    }
}

async fn open_otherwise(database: &Database) -> Store {
    Store::open(&database.url, Options::default(), Arc::new(LastKind))
        .await
        .unwrap()
}

async fn a_new_fold_is_applied_to_all_streams(database: Database) {
    let store = open(&database.url).await;
    History::new(1).append(&store, 60).await;
    let other = open_otherwise(&database).await;
    assert_eq!(other.compare_states().await.unwrap().differs, Some(account_stream(0)));
    assert_eq!(other.rebuild_states().await.unwrap().differs, Some(account_stream(0)));
    for State { stream, state, version } in states(&other).await {
        let last = other.stream_events(&stream, version, 1).await.unwrap();
        assert_eq!(state.as_deref(), Some(last[0].kind.as_str()));
    }
    assert!(found(&other, "user:1").await.is_empty());
}

async fn a_stream_that_does_not_fold_leaves_the_live_ones(database: Database) {
    let store = open(&database.url).await;
    let mut history = History::new(1);
    history.append(&store, 60).await;
    store.append(history.unfoldable(7)).await.unwrap();
    let before = states(&store).await;
    let refused = open_otherwise(&database).await.rebuild_states().await;
    assert!(
        matches!(&refused, Err(RefoldError::Unfoldable { stream, .. }) if *stream == account_stream(7)),
        "{refused:?}"
    );
    assert_eq!(states(&store).await, before);
    assert_eq!(store.rebuild_states().await.unwrap().differs, None);
}

async fn long_streams_are_folded_in_pieces(database: Database) {
    let store = Store::open(
        &database.url,
        Options {
            create: true,
            ..Options::default()
        },
        Arc::new(Accounts),
    )
    .await
    .unwrap();
    let mut history = History::new(1);
    for _ in 0..3 {
        history.append(&store, 2000).await;
    }
    let longest = states(&store).await.iter().map(|state| state.version).max().unwrap();
    assert!(store.head().await.unwrap() > 8000 && longest > 800, "{longest}");
    assert_eq!(store.compare_states().await.unwrap().differs, None);
    assert_eq!(store.rebuild_states().await.unwrap().differs, None);
}
