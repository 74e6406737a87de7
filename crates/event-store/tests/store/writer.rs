//! Writers that never give up, and what must be in the database for each command that was acknowledged to them.
//!
//! A command has an effect in every table, so that one that was half done shows.

use crate::databases::{NOW, Tally, context, event, options, stream};
use event_store::chain::{GENESIS, Leaf};
use event_store::{
    AppendError, ClaimChange, Command, Event, Expected, Idempotency, NewEvent, Options, RecordChange, Store, Timestamp,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Write as _, stdin, stdout};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use uuid::Uuid;

/// Writers in one process.
pub(crate) const WRITERS: usize = 8;

/// For outages that are short.
pub(crate) fn impatient() -> Options {
    Options {
        patience: Duration::from_secs(2),
        ..options()
    }
}

/// Appends for ever. `acknowledged` is told each number, from 1 on, once its command is done.
pub(crate) async fn write(store: Store, name: String, mut acknowledged: impl FnMut(&str, u64)) {
    for number in 1.. {
        let command = command(&name, number);
        loop {
            match store.append(command.clone()).await {
                Ok(_) => break,
                Err(AppendError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(error) => panic!("{name} {number}: {error}"),
            }
        }
        acknowledged(&name, number);
    }
}

/// Appends one event after the other for ever, and nothing else: what may go in one round trip.
pub(crate) async fn append(store: Store, name: String, mut acknowledged: impl FnMut(&str, u64)) {
    for number in 1.. {
        loop {
            let next = event(json!({"number": number}));
            let command = Command::new(context()).append(stream(&name), Expected::Exact(number - 1), vec![next]);
            match store.append(command).await {
                Ok(_) => break,
                // It happened, and could not be told.
                Err(AppendError::WrongVersion { actual, .. }) if actual == number => break,
                Err(AppendError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(error) => panic!("{name} {number}: {error}"),
            }
        }
        acknowledged(&name, number);
    }
}

/// Everything acknowledged is there, and of each writer one more at most.
pub(crate) async fn assert_appended(store: &Store, acknowledged: &BTreeMap<String, u64>) {
    assert_chained(&all_events(store).await);
    for (name, &promised) in acknowledged {
        let there = store.state(&stream(name)).await.unwrap().unwrap().version;
        assert!(
            (promised..=promised + 1).contains(&there),
            "{name}: {promised} acknowledged, {there} there"
        );
    }
}

fn command(name: &str, number: u64) -> Command {
    let half = |half| {
        let payload = json!({"number": number, "half": half, "find_by": [format!("{name} {number}")]});
        NewEvent::new(Uuid::now_v7(), "thing.happened", payload).sealed(name, vec![7; 100])
    };
    Command::new(context())
        .append(stream(name), Expected::Exact(number * 2 - 2), vec![half(1), half(2)])
        .claim(ClaimChange::Take {
            kind: "number".into(),
            digest: digest(name, number),
            owner: name.to_owned(),
        })
        .record(RecordChange::Put {
            kind: "number".into(),
            key: name.into(),
            value: number.to_be_bytes().to_vec(),
            expires: None,
        })
        .once(Idempotency {
            key: format!("{name} {number}"),
            request: digest(name, number),
            response: Vec::new(),
            expires: Timestamp(i64::MAX),
        })
}

fn digest(name: &str, number: u64) -> [u8; 32] {
    event_store::chain::sha256(format!("{name} {number}").as_bytes())
}

/// Everything acknowledged is there, and every command is there in all tables or in none. `acknowledged` has the last
/// number of each writer.
pub(crate) async fn assert_whole(store: &Store, acknowledged: &BTreeMap<String, u64>) {
    let events = all_events(store).await;
    assert_chained(&events);
    assert_eq!(store.head().await.unwrap(), events.len() as u64);
    let mut versions: BTreeMap<&str, u64> = acknowledged.keys().map(|name| (name.as_str(), 0)).collect();
    for event in &events {
        versions.insert(&event.stream.id, event.version);
    }
    for (name, version) in versions {
        assert_eq!(version % 2, 0, "{name} has half a command");
        let number = version / 2;
        let promised = acknowledged.get(name).copied().unwrap_or(0);
        assert!(number >= promised, "{name}: {promised} acknowledged, {number} there");
        // A writer sends one after the other, so at most one can be there without our knowing.
        assert!(
            number <= promised + 1,
            "{name}: {promised} acknowledged, {number} there"
        );
        assert_effects(store, name, number).await;
    }
}

async fn assert_effects(store: &Store, name: &str, number: u64) {
    let state = store.state(&stream(name)).await.unwrap();
    assert_eq!(state.as_ref().map_or(0, |state| state.version), number * 2);
    let record = store.record("number", name.as_bytes(), NOW).await.unwrap();
    assert_eq!(
        record.map_or(0, |record| u64::from_be_bytes(record.value.try_into().unwrap())),
        number
    );
    let claimed = async |number| store.claim("number", &digest(name, number)).await.unwrap().is_some();
    assert_eq!(
        (claimed(number).await, claimed(number + 1).await),
        (number > 0, false),
        "{name} {number}"
    );
    let found = async |number| {
        !store
            .find("test", format!("{name} {number}").as_bytes())
            .await
            .unwrap()
            .is_empty()
    };
    assert_eq!(
        (found(number).await, found(number + 1).await),
        (number > 0, false),
        "{name} {number}"
    );
}

pub(crate) async fn all_events(store: &Store) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let position = events.last().map_or(0, |last| last.position);
        let page = store.events_after(position, 10_000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// Positions have no gap, and every hash follows from the one before.
pub(crate) fn assert_chained(events: &[Event]) {
    let mut previous = GENESIS;
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, position);
        let leaf = Leaf {
            position,
            stream_kind: &event.stream.kind,
            stream_id: &event.stream.id,
            stream_version: event.version,
            event_id: &event.id.to_string(),
            kind: &event.kind,
            time: event.time.0,
            actor: &event.actor,
            client: event.client.as_deref(),
            request_id: event.request_id.as_deref(),
            subject: event.subject.as_deref(),
            payload: &event.payload.to_string(),
            sealed: event.sealed.as_deref(),
        };
        assert_eq!(event.hash, leaf.link(&previous), "at {position}");
        previous = event.hash;
    }
}

/// The process that `crash` kills: the first line it reads is a URL, the second names its round; then it writes
/// `ack NAME NUMBER` for each acknowledged command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs until it is killed"]
async fn process() {
    let line = || stdin().lines().next().unwrap().unwrap();
    let (url, round) = (line(), line());
    let store = Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(store.clone(), format!("{round}-{writer}"), |name, number| {
            // In one piece: the line is whole or was never written.
            stdout()
                .write_all(format!("\nack {name} {number}\n").as_bytes())
                .unwrap();
            stdout().flush().unwrap();
        }));
    }
    writers.join_all().await;
}
