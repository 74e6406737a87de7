//! What a store that writes alone to PostgreSQL does in one round trip: it presumes where the head is and which streams are new,
//! and is never wrong about what it answers.

use crate::databases::{Database, Tally, context, event, options, stream};
use crate::line::{Fault, Line};
use crate::writer::{all_events, assert_chained};
use event_store::{AppendError, Command, Expected, Options, Outcome, Store};
use futures_util::future::join_all;
use local_postgres::{Durability, Server};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, raw_sql};
use std::sync::Arc;
use std::time::Duration;

async fn append(store: &Store, id: &str, expected: Expected, payload: Value) -> Result<Outcome, AppendError> {
    let command = Command::new(context()).append(stream(id), expected, vec![event(payload)]);
    store.append(command).await
}

/// From then on it presumes.
async fn write_alone(store: &Store) {
    for _ in 0..3 {
        append(store, "alone", Expected::Any, json!({})).await.unwrap();
    }
}

fn done(position: u64) -> Outcome {
    Outcome::Done {
        first: position,
        last: position,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_store_wrote_meanwhile_is_noticed() {
    let database = Database::postgres();
    let (one, other) = (database.open().await, database.open().await);
    write_alone(&one).await;
    assert_eq!(
        append(&other, "alone", Expected::Exact(3), json!({})).await.unwrap(),
        done(4)
    );
    let refused = append(&one, "alone", Expected::Exact(3), json!({})).await;
    assert!(
        matches!(refused, Err(AppendError::WrongVersion { actual: 4, .. })),
        "{refused:?}"
    );
    assert_eq!(
        append(&one, "alone", Expected::Exact(4), json!({})).await.unwrap(),
        done(5)
    );
    write_alone(&one).await;
    assert_eq!(
        append(&other, "alone", Expected::Exact(8), json!({})).await.unwrap(),
        done(9)
    );
    assert_eq!(append(&one, "alone", Expected::Any, json!({})).await.unwrap(), done(10));
    assert_chained(&all_events(&one).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_not_known_is_not_new_for_that() {
    let database = Database::postgres();
    let writer = database.open().await;
    append(&writer, "old", Expected::Nothing, json!({"find_by": ["a"]}))
        .await
        .unwrap();
    append(&writer, "old", Expected::Exact(1), json!({"find_by": ["a"]}))
        .await
        .unwrap();
    drop(writer);

    let store = database.open().await;
    write_alone(&store).await;
    let refused = append(&store, "old", Expected::Nothing, json!({})).await;
    assert!(
        matches!(refused, Err(AppendError::WrongVersion { actual: 2, .. })),
        "{refused:?}"
    );
    write_alone(&store).await;
    assert_eq!(
        append(&store, "old", Expected::Exact(2), json!({})).await.unwrap(),
        done(9)
    );
    assert!(store.find("test", b"a").await.unwrap().is_empty());

    let store = database.open().await;
    write_alone(&store).await;
    assert_eq!(append(&store, "old", Expected::Any, json!({})).await.unwrap(), done(13));
    let state = store.state(&stream("old")).await.unwrap().unwrap();
    assert_eq!(
        (state.version, state.state.unwrap()),
        (4, json!({"count": 4, "last": {}}).to_string())
    );

    let store = database.open().await;
    write_alone(&store).await;
    let refused = append(&store, "old", Expected::Exact(3), json!({})).await;
    assert!(
        matches!(refused, Err(AppendError::WrongVersion { actual: 4, .. })),
        "{refused:?}"
    );
    assert_eq!(
        append(&store, "new", Expected::Nothing, json!({})).await.unwrap(),
        done(17)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_whose_row_is_gone_is_not_taken_for_new() {
    let database = Database::postgres();
    append(&database.open().await, "old", Expected::Nothing, json!({}))
        .await
        .unwrap();
    database.forget("old").await;
    let store = database.open().await;
    for expected in [Expected::Any, Expected::Nothing] {
        write_alone(&store).await;
        let refused = append(&store, "old", expected, json!({})).await;
        assert!(matches!(refused, Err(AppendError::Inconsistent)), "{refused:?}");
    }
    write_alone(&store).await;
    assert_eq!(store.head().await.unwrap(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_whose_answer_is_lost_has_its_effect_once() {
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        let server = Server::start(Durability::None).unwrap();
        let line = Line::to(&server.create_database().unwrap(), "the line breaks here").await;
        let store = Store::open(&line.url, options(), Arc::new(Tally)).await.unwrap();
        write_alone(&store).await;
        line.breaks(fault);
        let payload = json!({"n": "the line breaks here"});
        assert_eq!(
            append(&store, "alone", Expected::Exact(3), payload).await.unwrap(),
            done(4),
            "{fault:?}"
        );
        assert!(line.is_broken());
        assert_eq!(
            append(&store, "alone", Expected::Exact(4), json!({})).await.unwrap(),
            done(5)
        );
        let events = all_events(&store).await;
        assert_eq!(events.len(), 5, "{fault:?}");
        assert_chained(&events);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_refused_for_what_is_presumed_while_others_write() {
    let database = Database::postgres();
    for version in 0..20 {
        // It knows nothing of the stream.
        let store = database.open().await;
        write_alone(&store).await;
        let others = (0..8).map(|n| format!("{version} {n}"));
        let others: Vec<_> = others
            .map(|id| {
                let store = store.clone();
                tokio::spawn(async move { append(&store, &id, Expected::Nothing, json!({})).await })
            })
            .collect();
        append(&store, "old", Expected::Exact(version), json!({}))
            .await
            .unwrap();
        for other in others {
            other.await.unwrap().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_left_without_an_answer_when_the_server_falls_silent() {
    let server = Server::start(Durability::None).unwrap();
    let line = Line::to(&server.create_database().unwrap(), "the line breaks here").await;
    let options = Options {
        patience: Duration::from_millis(500),
        ..options()
    };
    let store = Store::open(&line.url, options, Arc::new(Tally)).await.unwrap();
    let all_append = async |payload: &'static str| {
        let appends = (0..64).map(|n| {
            let store = store.clone();
            tokio::spawn(
                async move { append(&store, &format!("stream {n}"), Expected::Any, json!({"n": payload})).await },
            )
        });
        join_all(appends).await.into_iter().map(Result::unwrap)
    };
    for _ in 0..4 {
        assert!(all_append("the line holds").await.all(|outcome| outcome.is_ok()));
    }
    line.breaks(Fault::Silent);
    let refused = all_append("the line breaks here").await.filter_map(Result::err);
    let refused: Vec<String> = refused.map(|error| error.to_string()).collect();
    assert!(!refused.is_empty());
    for error in refused {
        assert_eq!(error, "the database does not answer: no answer in time");
    }
    assert!(all_append("the line holds").await.all(|outcome| outcome.is_ok()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_committed_is_not_acknowledged() {
    let database = Database::postgres();
    let store = database.open().await;
    write_alone(&store).await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let at_commit = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                     RAISE EXCEPTION 'as it was asked to'; END $$; \
                     CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED \
                     FOR EACH ROW WHEN (NEW.payload LIKE '%refuse%') EXECUTE FUNCTION refuse()";
    raw_sql(at_commit).execute(&mut connection).await.unwrap();
    for round in 1..4 {
        let refused = append(&store, "alone", Expected::Any, json!({"refuse": round})).await;
        assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
        assert_eq!(store.head().await.unwrap(), round * 3);
        write_alone(&store).await;
    }
    assert_chained(&all_events(&store).await);
}
