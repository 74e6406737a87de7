//! How many events a second 64 writers append, against single durable commits of the same database. On SQLite and on
//! PostgreSQL, with fsync; give a number of seconds as the argument.
#![expect(clippy::print_stdout, reason = "it reports to a terminal")]

use anyhow::Result;
use event_store::{
    Command, Context, Event, Expected, Fold, FoldError, Folded, Lookup, NewEvent, Options, Store, StreamId, Timestamp,
};
use local_postgres::{Durability, Server};
use serde_json::json;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection, query};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The auth gateway's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const WRITERS: u64 = 64;

/// About as much work as a session's state: one object and two keys to be found by.
struct Latest;

impl Fold for Latest {
    fn fold(&self, stream: &StreamId, _: Option<&str>, events: &[Event]) -> Result<Folded, FoldError> {
        let last = &events[events.len() - 1];
        let state = json!({"user": last.actor, "since": last.time, "generation": last.version, "last": last.payload});
        let lookup = |kind: &'static str, key: &[u8]| Lookup {
            kind: kind.into(),
            key: key.to_vec(),
        };
        Ok(Folded {
            state: Some(state.to_string()),
            lookups: vec![
                lookup("handle", stream.id.as_bytes()),
                lookup("user", last.actor.as_bytes()),
            ],
        })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(3), |text| text.parse())?;
    let time = Duration::from_secs(seconds);
    install_default_drivers();
    // Not in /tmp, which may be memory.
    let folder = tempfile::tempdir_in(".")?;
    let sqlite = format!("sqlite:{}", folder.path().join("events.db").display());
    measure("SQLite", &sqlite, time).await?;
    let server = Server::start(Durability::Fsync)?;
    measure("PostgreSQL", &server.create_database()?, time).await
}

async fn measure(name: &str, url: &str, time: Duration) -> Result<()> {
    let options = Options {
        create: true,
        ..Options::default()
    };
    let store = Store::open(url, options, Arc::new(Latest)).await?;
    let commits = commits(url, time).await?;
    let alone = appends(&store, 1, time).await?;
    let together = appends(&store, WRITERS, time).await?;
    let rebuilt = reading(&store).await?;
    println!(
        "{name}: {commits:.0} commits/s, {alone:.0} events/s with one writer, {together:.0} events/s with {WRITERS}: \
         {:.1} times the commits; {rebuilt:.0} events/s read",
        together / commits
    );
    Ok(())
}

/// One connection, one row, one commit after the other.
async fn commits(url: &str, time: Duration) -> Result<f64> {
    let mut connection = AnyConnection::connect(url).await?;
    query("CREATE TABLE commits (n BIGINT PRIMARY KEY, payload TEXT)")
        .execute(&mut connection)
        .await?;
    let start = Instant::now();
    let mut done = 0_u32;
    while start.elapsed() < time {
        done += 1;
        let insert = query("INSERT INTO commits VALUES ($1, $2)").bind(i64::from(done));
        insert.bind(payload(0).to_string()).execute(&mut connection).await?;
    }
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}

async fn appends(store: &Store, writers: u64, time: Duration) -> Result<f64> {
    let start = Instant::now();
    let before = store.head().await?;
    let writers: Vec<_> = (0..writers)
        .map(|writer| tokio::spawn(write(store.clone(), writer, start + time)))
        .collect();
    for writer in writers {
        writer.await??;
    }
    let events = u32::try_from(store.head().await? - before)?;
    Ok(f64::from(events) / start.elapsed().as_secs_f64())
}

/// A new stream at every tenth event.
async fn write(store: Store, writer: u64, end: Instant) -> Result<()> {
    let mut number = 0;
    let mut stream = StreamId::new("session", Uuid::now_v7().to_string());
    while Instant::now() < end {
        if number % 10 == 0 {
            stream = StreamId::new("session", Uuid::now_v7().to_string());
        }
        number += 1;
        let context = Context::new(Timestamp(1_700_000_000_000), format!("user-{writer}"));
        let event = NewEvent::new(Uuid::now_v7(), "session.refreshed", payload(number));
        let sealed = event.sealed(format!("user-{writer}"), vec![7; 120]);
        let command = Command::new(context).append(stream.clone(), Expected::Any, vec![sealed]);
        store.append(command).await?;
    }
    Ok(())
}

async fn reading(store: &Store) -> Result<f64> {
    let start = Instant::now();
    let mut position = 0;
    while let Some(last) = store.events_after(position, 1000).await?.last() {
        position = last.position;
    }
    Ok(f64::from(u32::try_from(position)?) / start.elapsed().as_secs_f64())
}

fn payload(number: u64) -> serde_json::Value {
    json!({"generation": number, "jti": "018f3b8e-7c1e-7000-8000-0123456789ab", "iat": 1_700_000_000, "kid": "k1"})
}
