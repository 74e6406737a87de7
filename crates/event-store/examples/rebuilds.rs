//! How fast rows are made anew from the log, against a raw read of the events table.
//!
//! `cargo run --release -p event-store --example rebuilds -- URL [EVENTS]`, with an empty database.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not a product")]

use std::sync::Arc;
use std::time::Instant;

use event_store::projection::{Activity, Audit};
use event_store::{
    Command, Context, Event, Expected, Fold, FoldError, Folded, Lookup, NewEvent, Options, Store, StreamId, Timestamp,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection, Row, query};
use uuid::Uuid;

/// Events of one stream.
const EVENTS_A_STREAM: u64 = 10;

/// Counts, and parses as much as a session's fold does.
struct Sessions;

impl Fold for Sessions {
    fn fold(&self, stream: &StreamId, state: Option<&str>, events: &[Event]) -> Result<Folded, FoldError> {
        let state: Value = state.map_or(json!({"count": 0}), |state| {
            serde_json::from_str(state).unwrap_or_default()
        });
        let count = state["count"].as_u64().unwrap_or(0) + events.len() as u64;
        let last = events.last().map(|event| event.payload.clone());
        Ok(Folded {
            state: Some(json!({"count": count, "last": last}).to_string()),
            lookups: vec![Lookup {
                kind: "handle".into(),
                key: stream.id.as_bytes().to_vec(),
            }],
        })
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().expect("a database URL");
    let events: u64 = arguments.next().map_or(100_000, |events| events.parse().unwrap());
    let options = Options {
        create: true,
        ..Options::default()
    };
    let store = Store::open(&url, options, Arc::new(Sessions)).await.unwrap();
    fill(&store, events).await;
    for _ in 0..3 {
        let raw = timed(events, raw_read(&url)).await;
        let audit = timed(events, store.rebuild_projection(&Audit::default())).await;
        let activity = timed(events, store.rebuild_projection(&Activity)).await;
        let states = timed(events, store.rebuild_states()).await;
        let compared = timed(events, store.compare_states()).await;
        println!(
            "raw read {raw:.0} events/s; of that audit {:.2}, activity {:.2}, states {:.2}, states compared {:.2}",
            audit / raw,
            activity / raw,
            states / raw,
            compared / raw
        );
    }
}

/// Events a second.
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
async fn timed<T>(events: u64, work: impl Future<Output = T>) -> f64 {
    let start = Instant::now();
    work.await;
    events as f64 / start.elapsed().as_secs_f64()
}

async fn fill(store: &Store, events: u64) {
    let streams = events / EVENTS_A_STREAM;
    let command = |number: u64| {
        let payload = json!({"generation": number, "jti": Uuid::now_v7(), "kid": "k-1", "address": "203.0.113.7"});
        let event = NewEvent::new(Uuid::now_v7(), "session.refreshed", payload);
        let stream = StreamId::new(
            "session",
            format!("{:08x}-0000-7000-8000-000000000000", number % streams),
        );
        let time = Timestamp(1_772_323_200_000 + i64::try_from(number).unwrap() * 1000);
        Command::new(Context::new(time, "user:018f0000")).append(stream, Expected::Any, vec![event])
    };
    let numbers: Vec<u64> = (0..events).collect();
    for numbers in numbers.chunks(1000) {
        let appended = join_all(numbers.iter().map(|number| store.append(command(*number)))).await;
        assert!(appended.iter().all(Result::is_ok));
    }
}

async fn raw_read(url: &str) {
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let mut after = 0_i64;
    loop {
        let select = query("SELECT * FROM events WHERE position > $1 ORDER BY position LIMIT 2000").bind(after);
        let rows = select.fetch_all(&mut connection).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = last.get("position");
    }
}
