//! The database goes away and comes back, while the store stays open.

use crate::databases::{Tally, context, event, stream};
use crate::writer::{all_events, assert_chained, impatient};
use event_store::{AppendError, Command, Expected, OpenError, Store, Unavailable};
use futures_util::future::join_all;
use local_postgres::{Durability, Server};
use rand::Rng as _;
use rand::distr::Alphanumeric;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, raw_sql};
use std::sync::Arc;
use tokio::task::block_in_place;

pub(crate) async fn append(store: &Store) -> Result<(), AppendError> {
    append_bytes(store, 500).await
}

pub(crate) async fn append_bytes(store: &Store, bytes: usize) -> Result<(), AppendError> {
    // Random, as PostgreSQL would compress it.
    let filling: String = rand::rng()
        .sample_iter(Alphanumeric)
        .take(bytes)
        .map(char::from)
        .collect();
    let event = event(json!({"filling": filling}));
    store
        .append(Command::new(context()).append(stream("a"), Expected::Any, vec![event]))
        .await
        .map(drop)
}

/// Why the command was not carried out.
pub(crate) fn unavailable(outcome: Result<(), AppendError>) -> Arc<str> {
    match outcome {
        Err(AppendError::Unavailable(Unavailable::Database(reason))) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_on_when_postgresql_is_back() {
    let mut server = Server::start(Durability::None).unwrap();
    let url = server.create_database().unwrap();
    let store = Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap();
    let mut subscription = store.subscribe(0);
    append(&store).await.unwrap();
    assert_eq!(subscription.next().await.unwrap().len(), 1);

    block_in_place(|| server.stop()).unwrap();
    unavailable(append(&store).await);
    unavailable(append(&store).await);
    store.head().await.unwrap_err();
    store.state(&stream("a")).await.unwrap_err();
    subscription.next().await.unwrap_err();
    subscription.next().await.unwrap_err();

    block_in_place(|| server.restart()).unwrap();
    assert_eq!(store.head().await.unwrap(), 1);
    append(&store).await.unwrap();
    assert_eq!(subscription.next().await.unwrap()[0].position, 2);

    // Restarted while nobody looked: nobody notices.
    block_in_place(|| server.stop().and_then(|()| server.restart())).unwrap();
    append(&store).await.unwrap();
    assert_eq!(store.head().await.unwrap(), 3);
    assert_chained(&all_events(&store).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_the_database_change_nothing() {
    let server = Server::start(Durability::None).unwrap();
    let url = server.create_database().unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    for setting in [
        "bytea_output = 'escape'",
        "default_transaction_isolation = 'serializable'",
    ] {
        let set = format!("ALTER DATABASE d1 SET {setting}");
        raw_sql(AssertSqlSafe(set)).execute(&mut connection).await.unwrap();
    }
    let stores = [
        Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap(),
        Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap(),
    ];
    let appends = (0..200_usize).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { append(&store).await })
    });
    for appended in join_all(appends).await {
        appended.unwrap().unwrap();
    }
    assert_eq!(stores[0].head().await.unwrap(), 200);
    stores[1].verify(None, Vec::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let server = Server::start(Durability::None).unwrap();
    let url = server.create_database().unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let create = "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    raw_sql(create).execute(&mut connection).await.unwrap();
    let latin = url.replace("/d1?", "/latin?");
    let opened = Store::open(&latin, impatient(), Arc::new(Tally)).await.err();
    assert!(
        matches!(&opened, Some(OpenError::Encoding { found }) if found == "LATIN1"),
        "{opened:?}"
    );
    let migrated = Store::migrate(&latin).await.err();
    assert!(matches!(migrated, Some(OpenError::Encoding { .. })), "{migrated:?}");
}
