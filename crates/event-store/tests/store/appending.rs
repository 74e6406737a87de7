//! What an append does, and what makes it fail.

use crate::databases::{Database, NOW, context, event, on_both_databases, options, stream};
use event_store::chain::GENESIS;
use event_store::{
    AppendError, ClaimChange, Command, Event, Expected, NewEvent, OpenError, Options, Outcome, State, Store,
    Unavailable,
};
use serde_json::json;
use uuid::Uuid;

on_both_databases! {
    an_event_is_read_as_it_was_appended
    positions_and_versions_have_no_gaps
    an_append_at_another_version_fails_and_tells_the_version
    a_failing_append_takes_the_whole_command_with_it
    events_that_do_not_fold_fail_their_command_alone
    a_stream_that_must_be_new_and_is_not_fails_its_command_alone
    a_stream_is_as_old_as_the_next_command_says_when_one_that_wants_it_new_fails
    rows_that_contradict_the_log_fail_those_alone_who_meet_them
    what_no_database_takes_is_refused
    a_full_queue_refuses_at_once
    a_database_that_is_not_migrated_is_refused
    migrating_twice_and_at_once_does_no_harm
}

async fn an_event_is_read_as_it_was_appended(database: Database) {
    let store = database.open().await;
    let mut by = context();
    by.client = Some("cli".to_owned());
    by.request_id = Some("r-1".to_owned());
    let payload = json!({"z": 1, "a": "ü\u{0}\"", "big": u64::MAX, "none": null});
    let sealed = event(payload).sealed("subject", vec![0, 255, 7]);
    let plain = event(json!({}));
    let command = Command::new(by.clone()).append(stream("a"), Expected::Nothing, vec![sealed.clone(), plain.clone()]);
    assert_eq!(
        store.append(command).await.unwrap(),
        Outcome::Done { first: 1, last: 2 }
    );

    let events = store.events_after(0, 10).await.unwrap();
    let expected = |new: &NewEvent, position: u64, hash| Event {
        position,
        id: new.id,
        stream: stream("a"),
        version: position,
        kind: "thing.happened".to_owned(),
        time: NOW,
        actor: by.actor.clone(),
        client: by.client.clone(),
        request_id: by.request_id.clone(),
        subject: new.subject.clone(),
        payload: new.payload.clone(),
        sealed: new.sealed.clone(),
        hash,
    };
    assert_eq!(events[0], expected(&sealed, 1, events[0].hash));
    assert_eq!(events[1], expected(&plain, 2, events[1].hash));
    assert_ne!(events[0].hash, GENESIS);
    assert_ne!(events[0].hash, events[1].hash);
    assert_eq!(store.stream_events(&stream("a"), 2, 10).await.unwrap(), events[1..]);
    assert_eq!(store.stream_events(&stream("b"), 1, 10).await.unwrap(), []);
}

async fn positions_and_versions_have_no_gaps(database: Database) {
    let store = database.open().await;
    for (index, id) in ["a", "b", "a", "c", "a"].into_iter().enumerate() {
        let outcome = append(&store, id, Expected::Any, vec![event(json!({"n": index}))])
            .await
            .unwrap();
        let position = index as u64 + 1;
        assert_eq!(
            outcome,
            Outcome::Done {
                first: position,
                last: position
            }
        );
    }
    let events = store.events_after(0, 10).await.unwrap();
    let places: Vec<_> = events
        .iter()
        .map(|event| (event.position, event.stream.id.as_str(), event.version))
        .collect();
    assert_eq!(
        places,
        [(1, "a", 1), (2, "b", 1), (3, "a", 2), (4, "c", 1), (5, "a", 3)]
    );
    assert_eq!(store.head().await.unwrap(), 5);
    assert_eq!(store.events_after(3, 1).await.unwrap(), events[3..4]);
    let state = Some(json!({"count": 3, "last": {"n": 4}}).to_string());
    let stream = stream("a");
    assert_eq!(
        store.state(&stream).await.unwrap(),
        Some(State {
            stream,
            version: 3,
            state
        })
    );
}

async fn an_append_at_another_version_fails_and_tells_the_version(database: Database) {
    let store = database.open().await;
    let one = || vec![event(json!({}))];
    append(&store, "a", Expected::Nothing, one()).await.unwrap();
    append(&store, "a", Expected::Exact(1), one()).await.unwrap();
    for (id, expected, version) in [
        ("a", Expected::Nothing, 2),
        ("a", Expected::Exact(1), 2),
        ("a", Expected::Exact(3), 2),
        ("b", Expected::Exact(1), 0),
    ] {
        let error = append(&store, id, expected, one()).await.unwrap_err();
        let AppendError::WrongVersion { stream, actual } = error else {
            panic!("{error}");
        };
        assert_eq!((stream.id.as_str(), actual), (id, version));
    }
    append(&store, "b", Expected::Exact(0), one()).await.unwrap();
    assert_eq!(store.head().await.unwrap(), 3);
}

async fn a_failing_append_takes_the_whole_command_with_it(database: Database) {
    let store = database.open().await;
    let command = Command::new(context())
        .append(stream("a"), Expected::Any, vec![event(json!({}))])
        .append(stream("b"), Expected::Exact(7), vec![event(json!({}))]);
    assert!(matches!(
        store.append(command).await,
        Err(AppendError::WrongVersion { .. })
    ));
    assert_eq!(store.head().await.unwrap(), 0);
    assert_eq!(store.state(&stream("a")).await.unwrap(), None);
    let outcome = append(&store, "a", Expected::Nothing, vec![event(json!({}))])
        .await
        .unwrap();
    assert_eq!(outcome, Outcome::Done { first: 1, last: 1 });
}

async fn events_that_do_not_fold_fail_their_command_alone(database: Database) {
    let store = database.open().await;
    let appends = (0..20).map(|n| {
        let payload = json!({"unfoldable": n % 2 == 0});
        let store = store.clone();
        async move { append(&store, &n.to_string(), Expected::Any, vec![event(payload)]).await }
    });
    let outcomes = futures_util::future::join_all(appends).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        let unfoldable = matches!(outcome, Err(AppendError::Unfoldable(_)));
        assert_eq!(unfoldable, n % 2 == 0, "{outcome:?}");
        assert_eq!(outcome.is_ok(), n % 2 == 1);
    }
    assert_eq!(store.head().await.unwrap(), 10);
}

/// The store that is asked knows nothing of the stream: another one began it.
async fn a_stream_that_must_be_new_and_is_not_fails_its_command_alone(database: Database) {
    let other = database.open().await;
    append(&other, "old", Expected::Any, vec![event(json!({})), event(json!({}))])
        .await
        .unwrap();
    let store = database.open().await;
    let appends =
        ["new", "old", "newer", "old"].map(|id| append(&store, id, Expected::Nothing, vec![event(json!({}))]));
    let [new, old, newer, old_again] = futures_util::future::join_all(appends).await.try_into().unwrap();
    for outcome in [old, old_again] {
        let wrong = AppendError::WrongVersion {
            stream: stream("old"),
            actual: 2,
        };
        assert_eq!(outcome.unwrap_err().to_string(), wrong.to_string());
    }
    assert_eq!((new.unwrap(), newer.unwrap()), (done(3), done(4)));
    let lone = append(&store, "old", Expected::Nothing, vec![event(json!({}))]).await;
    assert!(
        matches!(lone, Err(AppendError::WrongVersion { actual: 2, .. })),
        "{lone:?}"
    );
}

async fn a_stream_is_as_old_as_the_next_command_says_when_one_that_wants_it_new_fails(database: Database) {
    let take = |owner: &str| ClaimChange::Take {
        kind: "name".into(),
        digest: [1; 32],
        owner: owner.to_owned(),
    };
    let other = database.open().await;
    let first = Command::new(context()).append(stream("a"), Expected::Nothing, vec![event(json!({}))]);
    other.append(first.claim(take("one"))).await.unwrap();

    let store = database.open().await;
    let new = Command::new(context()).append(stream("a"), Expected::Nothing, vec![event(json!({}))]);
    let old = Command::new(context()).append(stream("a"), Expected::Exact(1), vec![event(json!({}))]);
    let (new, old) = tokio::join!(store.append(new.claim(take("two"))), store.append(old));
    assert!(matches!(new, Err(AppendError::ClaimTaken { .. })), "{new:?}");
    assert_eq!(old.unwrap(), done(2));
}

fn done(position: u64) -> Outcome {
    Outcome::Done {
        first: position,
        last: position,
    }
}

async fn rows_that_contradict_the_log_fail_those_alone_who_meet_them(database: Database) {
    let store = database.open().await;
    append(&store, "a", Expected::Any, vec![event(json!({}))])
        .await
        .unwrap();
    database.forget("a").await;
    // It remembers nothing of the stream.
    let store = database.open().await;
    let appends = (0..9).map(|n| {
        let store = store.clone();
        let id = if n == 4 { "a" } else { "b" };
        async move { append(&store, id, Expected::Any, vec![event(json!({}))]).await }
    });
    for (n, outcome) in futures_util::future::join_all(appends).await.iter().enumerate() {
        assert_eq!(matches!(outcome, Err(AppendError::Inconsistent)), n == 4, "{outcome:?}");
        assert_eq!(outcome.is_ok(), n != 4, "{outcome:?}");
    }
    let positions: Vec<u64> = store
        .events_after(0, 100)
        .await
        .unwrap()
        .iter()
        .map(|event| event.position)
        .collect();
    assert_eq!(positions, (1..=9).collect::<Vec<_>>());
    assert_eq!(store.rebuild_states().await.unwrap().differs, Some(stream("a")));
    append(&store, "a", Expected::Exact(1), vec![event(json!({}))])
        .await
        .unwrap();
}

async fn what_no_database_takes_is_refused(database: Database) {
    let store = database.open().await;
    let id = Uuid::now_v7();
    for events in [
        vec![],
        vec![NewEvent::new(id, "a", json!([]))],
        vec![NewEvent::new(id, "a\0b", json!({}))],
    ] {
        let outcome = append(&store, "a", Expected::Any, events).await;
        assert!(matches!(outcome, Err(AppendError::Malformed(_))), "{outcome:?}");
    }
    assert_eq!(store.head().await.unwrap(), 0);
}

async fn a_full_queue_refuses_at_once(database: Database) {
    let store = database
        .open_with(Options {
            queue: 2,
            batch: 1,
            ..options()
        })
        .await;
    let appends = (0..100).map(|n| {
        let store = store.clone();
        async move { append(&store, &n.to_string(), Expected::Any, vec![event(json!({}))]).await }
    });
    let outcomes = futures_util::future::join_all(appends).await;
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(AppendError::Unavailable(Unavailable::QueueFull))));
    let refused = refused.count() as u64;
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64;
    assert!(refused > 0 && done > 0, "{refused} refused, {done} done");
    assert_eq!(refused + done, 100);
    assert_eq!(store.head().await.unwrap(), done);
}

async fn a_database_that_is_not_migrated_is_refused(database: Database) {
    let closed = Options {
        create: false,
        ..options()
    };
    let open = async || {
        Store::open(
            &database.url,
            closed.clone(),
            std::sync::Arc::new(crate::databases::Tally),
        )
        .await
    };
    let error = open().await.unwrap_err();
    assert!(
        matches!(error, OpenError::NotFound | OpenError::NotMigrated { found: 0, .. }),
        "{error}"
    );
    Store::migrate(&database.url).await.unwrap();
    open().await.unwrap();
}

async fn migrating_twice_and_at_once_does_no_harm(database: Database) {
    let migrations = (0..8).map(|_| Store::migrate(&database.url));
    for migrated in futures_util::future::join_all(migrations).await {
        migrated.unwrap();
    }
    let store = database.open().await;
    append(&store, "a", Expected::Nothing, vec![event(json!({}))])
        .await
        .unwrap();
    Store::migrate(&database.url).await.unwrap();
    assert_eq!(store.head().await.unwrap(), 1);
}

async fn append(store: &Store, id: &str, expected: Expected, events: Vec<NewEvent>) -> Result<Outcome, AppendError> {
    store
        .append(Command::new(context()).append(stream(id), expected, events))
        .await
}
