//! Finding streams.

use crate::databases::{Database, context, event, on_both_databases, stream};
use event_store::{Command, Expected, Store, StreamId};
use serde_json::json;

on_both_databases! {
    streams_are_found_by_what_their_last_fold_said
    the_stream_with_the_newest_event_is_found_first
    all_streams_are_found_however_many
    streams_of_a_kind_are_listed_by_id
}

async fn set(store: &Store, id: &str, keys: &[&str]) {
    let event = event(json!({"find_by": keys}));
    store
        .append(Command::new(context()).append(stream(id), Expected::Any, vec![event]))
        .await
        .unwrap();
}

async fn found(store: &Store, key: &str) -> Vec<String> {
    let states = store.find("test", key.as_bytes()).await.unwrap();
    states.into_iter().map(|state| state.stream.id).collect()
}

async fn streams_are_found_by_what_their_last_fold_said(database: Database) {
    let store = database.open().await;
    set(&store, "a", &["x", "y", "x"]).await;
    set(&store, "b", &[]).await;
    assert_eq!(
        (found(&store, "x").await, found(&store, "y").await),
        (vec!["a".to_owned()], vec!["a".to_owned()])
    );
    set(&store, "a", &["y", "z"]).await;
    assert_eq!(found(&store, "x").await, Vec::<String>::new());
    assert_eq!(
        (found(&store, "y").await, found(&store, "z").await),
        (vec!["a".to_owned()], vec!["a".to_owned()])
    );
    assert_eq!(store.find("other", b"y").await.unwrap(), []);
    set(&store, "a", &[]).await;
    assert_eq!(found(&store, "y").await, Vec::<String>::new());
}

async fn the_stream_with_the_newest_event_is_found_first(database: Database) {
    let store = database.open().await;
    for id in ["a", "b", "c", "a"] {
        set(&store, id, &["x"]).await;
    }
    assert_eq!(found(&store, "x").await, ["a", "c", "b"]);
    let state = &store.find("test", b"x").await.unwrap()[0];
    assert_eq!((state.version, state.stream.kind.as_ref()), (2, "thing"));
}

async fn all_streams_are_found_however_many(database: Database) {
    let store = database.open().await;
    let ids: Vec<String> = (0..2100).map(|number| number.to_string()).collect();
    for some in ids.chunks(300) {
        let found_by_x = || event(json!({"find_by": ["x"]}));
        let command = some.iter().fold(Command::new(context()), |command, id| {
            command.append(stream(id), Expected::Nothing, vec![found_by_x()])
        });
        store.append(command).await.unwrap();
    }
    let found = store.find_all("test", b"x").await.unwrap();
    let found: Vec<&str> = found.iter().map(|state| state.stream.id.as_str()).collect();
    let newest_first: Vec<&str> = ids.iter().rev().map(String::as_str).collect();
    assert_eq!(found, newest_first);
    assert_eq!(store.find("test", b"x").await.unwrap().len(), 1000);
}

async fn streams_of_a_kind_are_listed_by_id(database: Database) {
    let store = database.open().await;
    for id in ["b", "a", "B", "ä", "c"] {
        set(&store, id, &[]).await;
    }
    let other = Command::new(context()).append(StreamId::new("other", "a1"), Expected::Any, vec![event(json!({}))]);
    store.append(other).await.unwrap();
    let list = async |after, limit| {
        let states = store.states("thing", after, limit).await.unwrap();
        states.into_iter().map(|state| state.stream.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, ["B", "a", "b", "c", "ä"]);
    assert_eq!(list(Some("a"), 2).await, ["b", "c"]);
    assert_eq!(list(Some("ä"), 2).await, Vec::<String>::new());
}
