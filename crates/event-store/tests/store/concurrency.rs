//! Many writers, many readers, several stores.

use crate::databases::{Database, context, event, on_both_databases, options, stream};
use event_store::{AppendError, Command, Event, Expected, NewEvent, Options, Outcome, Store, Unavailable};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection, Row, query, raw_sql};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

on_both_databases! {
    every_reader_sees_every_event_once_in_order_and_without_gap
    two_stores_on_one_database_keep_one_order
    two_stores_append_to_one_stream_in_turns
    a_subscriber_hears_of_another_store
    a_subscriber_hears_of_its_own_store_without_looking
    a_dropped_append_happens_whole_or_not_at_all
}

const WRITERS: u64 = 64;
const COMMANDS: u64 = 25;

/// What a writer may append: sometimes to a shared stream at a guessed version, sometimes what does not fold, sometimes to a
/// stream whose row is gone.
fn random_command(random: &mut StdRng, writer: u64) -> Command {
    let id = match random.random_range(0..100) {
        0..50 => format!("shared {}", random.random_range(0..4)),
        50..52 => "gone".to_owned(),
        _ => writer.to_string(),
    };
    let expected = match random.random_range(0..4) {
        0 => Expected::Exact(random.random_range(0..20)),
        1 => Expected::Nothing,
        _ => Expected::Any,
    };
    let mut events: Vec<NewEvent> = (0..random.random_range(1..4)).map(|n| event(json!({"n": n}))).collect();
    if random.random_bool(0.1) {
        events.push(event(json!({"unfoldable": true})));
    }
    Command::new(context()).append(stream(id), expected, events)
}

/// Makes every third transaction fail at its very end, when its events and all else are written.
async fn abort_at_random(database: &Database) {
    let trigger = if database.url.starts_with("sqlite") {
        "CREATE TRIGGER aborts BEFORE UPDATE ON log_head WHEN random() % 3 = 0 \
         BEGIN SELECT RAISE(ABORT, 'as it was asked to'); END"
    } else {
        "CREATE FUNCTION abort_at_random() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF random() < 1.0 / 3 THEN RAISE EXCEPTION 'as it was asked to'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER aborts BEFORE UPDATE ON log_head FOR EACH ROW EXECUTE FUNCTION abort_at_random()"
    };
    install_default_drivers();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    raw_sql(trigger).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// What became of a writer's commands.
#[derive(Default)]
struct Written {
    /// Position and id of each event.
    acknowledged: Vec<(u64, Uuid)>,
    refused: BTreeSet<&'static str>,
}

async fn write(store: Store, writer: u64) -> Written {
    let mut random = StdRng::seed_from_u64(writer);
    let mut written = Written::default();
    for _ in 0..COMMANDS {
        let command = random_command(&mut random, writer);
        let ids: Vec<Uuid> = command.appends[0].events.iter().map(|event| event.id).collect();
        let refused = match store.append(command).await {
            Ok(Outcome::Done { first, last }) => {
                written.acknowledged.extend((first..=last).zip(ids));
                continue;
            }
            Ok(Outcome::Repeated { .. }) => unreachable!("no idempotency keys"),
            Err(AppendError::WrongVersion { .. }) => "version",
            Err(AppendError::Unfoldable(_)) => "fold",
            Err(AppendError::Inconsistent) => "inconsistent",
            Err(AppendError::Unavailable(Unavailable::Database(_))) => "abort",
            Err(error) => panic!("{error}"),
        };
        written.refused.insert(refused);
    }
    written
}

/// Everything from the beginning up to the event of kind `end`.
async fn tail(store: Store) -> Vec<Event> {
    let mut subscription = store.subscribe(0);
    let mut seen: Vec<Event> = Vec::new();
    while seen.last().is_none_or(|last| last.kind != "end") {
        let next = timeout(Duration::from_secs(60), subscription.next()).await;
        seen.extend(next.expect("the tail goes on").unwrap());
    }
    seen
}

async fn append_end(store: &Store) {
    let end = NewEvent::new(Uuid::now_v7(), "end", json!({}));
    let command = Command::new(context()).append(stream("end"), Expected::Any, vec![end]);
    for _ in 0..50 {
        match store.append(command.clone()).await {
            Ok(_) => return,
            Err(AppendError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("fifty transactions failed, of which every third should");
}

/// Positions, versions and the chain go on without gap.
pub(crate) fn assert_gapless(events: &[Event]) {
    let mut versions = BTreeMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position);
        let version = versions.entry(event.stream.clone()).or_insert(0);
        *version += 1;
        assert_eq!(event.version, *version, "{}", event.stream);
    }
    let ids: BTreeSet<Uuid> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), events.len());
}

async fn every_reader_sees_every_event_once_in_order_and_without_gap(database: Database) {
    let first = append_one_and_forget(&database).await;
    let store = database.open().await;
    abort_at_random(&database).await;
    write_and_tail(&[store], first).await;
}

async fn two_stores_on_one_database_keep_one_order(database: Database) {
    let first = append_one_and_forget(&database).await;
    let stores = [database.open().await, database.open().await];
    abort_at_random(&database).await;
    write_and_tail(&stores, first).await;
}

/// The first event of the log, whose stream has lost its row.
async fn append_one_and_forget(database: &Database) -> (u64, Uuid) {
    let only = event(json!({}));
    let id = only.id;
    let command = Command::new(context()).append(stream("gone"), Expected::Nothing, vec![only]);
    database.open().await.append(command).await.unwrap();
    database.forget("gone").await;
    (1, id)
}

/// Each must see what the other one did to the stream since its own last append.
async fn two_stores_append_to_one_stream_in_turns(database: Database) {
    let stores = [database.open().await, database.open().await];
    for (number, turn) in (0..12).zip([0, 0, 1, 0, 1, 1].into_iter().cycle()) {
        let command = Command::new(context()).append(
            stream("shared"),
            Expected::Exact(number),
            vec![event(json!({"n": number}))],
        );
        stores[turn].append(command).await.unwrap();
        let state = stores[turn].state(&stream("shared")).await.unwrap().unwrap();
        let value: Value = serde_json::from_str(state.state.as_deref().unwrap()).unwrap();
        assert_eq!(value, json!({"count": number + 1, "last": {"n": number}}));
    }
}

async fn write_and_tail(stores: &[Store], first: (u64, Uuid)) {
    let mut readers = JoinSet::new();
    let mut writers = JoinSet::new();
    for (_, store) in (0..4).zip(stores.iter().cycle()) {
        readers.spawn(tail(store.clone()));
    }
    for (writer, store) in (0..WRITERS).zip(stores.iter().cycle()) {
        writers.spawn(write(store.clone(), writer));
    }
    let mut acknowledged = vec![first];
    let mut refused = BTreeSet::new();
    for written in writers.join_all().await {
        acknowledged.extend(written.acknowledged);
        refused.extend(written.refused);
    }
    append_end(&stores[0]).await;
    assert_eq!(refused, BTreeSet::from(["abort", "fold", "inconsistent", "version"]));
    acknowledged.sort_unstable();
    for seen in readers.join_all().await {
        assert_gapless(&seen);
        let written: Vec<_> = seen[..seen.len() - 1]
            .iter()
            .map(|event| (event.position, event.id))
            .collect();
        assert_eq!(written, acknowledged);
    }
    let head = stores[0].head().await.unwrap();
    assert_eq!(head, acknowledged.len() as u64 + 1);
}

async fn a_subscriber_hears_of_another_store(database: Database) {
    // PostgreSQL announces; SQLite is looked at often.
    let poll = if database.url.starts_with("sqlite") {
        20
    } else {
        3_600_000
    };
    let poll = Duration::from_millis(poll);
    let reader = database.open_with(Options { poll, ..options() }).await;
    let writer = database.open().await;
    let tail = tokio::spawn(tail(reader));
    let deadline = Instant::now() + Duration::from_secs(60);
    // An announcement before the connection that listens is made is not heard, but one of these is.
    while !tail.is_finished() {
        assert!(Instant::now() < deadline, "none of the announcements was heard");
        append_end(&writer).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_gapless(&tail.await.unwrap());
}

async fn a_subscriber_hears_of_its_own_store_without_looking(database: Database) {
    let poll = Duration::from_hours(1);
    let store = database.open_with(Options { poll, ..options() }).await;
    let mut subscription = store.subscribe(0);
    // In steps, and what is done at once.
    for position in 1..5 {
        let (heard, ()) = tokio::join!(
            timeout(Duration::from_secs(60), subscription.next()),
            append_end(&store)
        );
        let events = heard.expect("an append is heard").unwrap();
        assert_eq!(
            events.iter().map(|event| event.position).collect::<Vec<_>>(),
            [position]
        );
    }
}

async fn a_dropped_append_happens_whole_or_not_at_all(database: Database) {
    let store = database.open().await;
    for n in 0..40_u64 {
        let events = vec![event(json!({})), event(json!({}))];
        let append = store.append(Command::new(context()).append(stream("a"), Expected::Any, events));
        // Polls it a few times, then drops it.
        let _ = timeout(Duration::from_micros(n * 50), append).await;
    }
    append_end(&store).await;
    let events = store.events_after(0, 100).await.unwrap();
    assert_gapless(&events);
    assert_eq!(events.len() % 2, 1);
}

/// While the first transaction waits for the head, everybody else asks; all of them share it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_while_a_transaction_is_open_takes_part_in_it() {
    let database = Database::postgres();
    let store = database.open().await;
    let mut other = AnyConnection::connect(&database.url).await.unwrap();
    let hold = "BEGIN; SELECT position FROM log_head FOR UPDATE";
    raw_sql(hold).execute(&mut other).await.unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        let command =
            Command::new(context()).append(stream(writer.to_string()), Expected::Nothing, vec![event(json!({}))]);
        writers.spawn(async move { store.append(command).await.unwrap() });
    }
    // The writers' requests are made before this task runs again, as they await nothing before.
    until_somebody_waits(&mut other).await;
    raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    writers.join_all().await;
    let transactions = query("SELECT COUNT(DISTINCT xmin::text), COUNT(*) FROM events");
    let row = transactions.fetch_one(&mut other).await.unwrap();
    let counts: (i64, i64) = (row.get(0), row.get(1));
    assert_eq!(counts, (1, 64));
}

/// Until a backend waits for a row that another one holds.
async fn until_somebody_waits(connection: &mut AnyConnection) {
    let waits = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'";
    while query(waits).fetch_one(&mut *connection).await.unwrap().get::<i64, _>(0) == 0 {
        tokio::task::yield_now().await;
    }
}
