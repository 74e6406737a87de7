//! Commands that are sent more than once.

use crate::databases::{Database, NOW, context, event, on_both_databases, stream};
use event_store::{AppendError, Command, Context, Expected, Idempotency, Outcome, Store, Timestamp};
use serde_json::json;

on_both_databases! {
    fifty_parallel_commands_with_one_key_have_one_effect_and_equal_answers
    a_key_used_for_another_request_is_refused
    a_key_of_a_failed_command_is_free
    an_expired_key_is_free
}

/// An answer as its client sees it.
async fn send(store: &Store, key: &str, request: u8, response: &[u8]) -> Result<Vec<u8>, AppendError> {
    send_at(store, NOW, Expected::Any, (key, request, response)).await
}

async fn send_at(
    store: &Store,
    now: Timestamp,
    expected: Expected,
    (key, request, response): (&str, u8, &[u8]),
) -> Result<Vec<u8>, AppendError> {
    let once = Idempotency {
        key: key.to_owned(),
        request: [request; 32],
        response: response.to_vec(),
        expires: Timestamp(now.0 + 1000),
    };
    let command = Command::new(Context { time: now, ..context() })
        .append(stream("a"), expected, vec![event(json!({}))])
        .once(once);
    match store.append(command).await? {
        Outcome::Done { .. } => Ok(response.to_vec()),
        Outcome::Repeated { response } => Ok(response),
    }
}

async fn fifty_parallel_commands_with_one_key_have_one_effect_and_equal_answers(database: Database) {
    // Two stores stand for two gateways: the key holds in the database, not in a process.
    let stores = [database.open().await, database.open().await];
    let sent = (0..50_u8).map(|n| {
        let store = stores[usize::from(n % 2)].clone();
        async move { send(&store, "k", 1, &[n]).await.unwrap() }
    });
    let answers = futures_util::future::join_all(sent).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(stores[0].head().await.unwrap(), 1);
    assert_eq!(send(&stores[0], "k", 1, b"late").await.unwrap(), answers[0]);
}

async fn a_key_used_for_another_request_is_refused(database: Database) {
    let store = database.open().await;
    send(&store, "k", 1, b"one").await.unwrap();
    assert!(matches!(
        send(&store, "k", 2, b"two").await,
        Err(AppendError::KeyReused)
    ));
    assert_eq!(send(&store, "other", 2, b"two").await.unwrap(), b"two");
    assert_eq!(store.head().await.unwrap(), 2);
}

async fn a_key_of_a_failed_command_is_free(database: Database) {
    let store = database.open().await;
    let failed = send_at(&store, NOW, Expected::Exact(9), ("k", 1, b"one")).await;
    assert!(matches!(failed, Err(AppendError::WrongVersion { .. })));
    assert_eq!(send(&store, "k", 2, b"two").await.unwrap(), b"two");
}

async fn an_expired_key_is_free(database: Database) {
    let store = database.open().await;
    send(&store, "k", 1, b"one").await.unwrap();
    let just_before = Timestamp(NOW.0 + 999);
    assert_eq!(
        send_at(&store, just_before, Expected::Any, ("k", 1, b"two"))
            .await
            .unwrap(),
        b"one"
    );
    let then = Timestamp(NOW.0 + 1000);
    assert_eq!(
        send_at(&store, then, Expected::Any, ("k", 2, b"two")).await.unwrap(),
        b"two"
    );
    let swept = store.sweep(Timestamp(then.0 + 999)).await.unwrap();
    assert_eq!(swept.idempotency_keys, 0);
    let swept = store.sweep(Timestamp(then.0 + 1000)).await.unwrap();
    assert_eq!(swept.idempotency_keys, 1);
    assert_eq!(store.head().await.unwrap(), 2);
}
