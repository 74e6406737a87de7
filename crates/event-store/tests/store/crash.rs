//! kill -9 under load: of the process that writes, and of PostgreSQL.

use crate::databases::{Database, NOW, Tally, on_both_databases};
use crate::writer::{WRITERS, all_events, append, assert_appended, assert_chained, assert_whole, impatient, write};
use event_store::{Position, Store};
use local_postgres::{Durability, Server};
use std::collections::BTreeMap;
use std::env::current_exe;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, block_in_place};

on_both_databases! {
    acknowledged_commands_outlive_kill_9_of_the_writer
}

/// Kills of the short form, unless SOAK_KILLS says how many: of the writer, and of PostgreSQL a quarter of it.
const SHORT: (u64, u64) = (5, 2);
const LIMIT: Duration = Duration::from_secs(60);

fn kills() -> (u64, u64) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test binary has no other argument than names of tests"
    )]
    let soak = std::env::var("SOAK_KILLS").ok();
    soak.map_or(SHORT, |kills| {
        let kills: u64 = kills.parse().expect("SOAK_KILLS is a number");
        (kills, kills.div_ceil(4))
    })
}

type Acknowledged = BTreeMap<String, u64>;

async fn acknowledged_commands_outlive_kill_9_of_the_writer(database: Database) {
    Store::migrate(&database.url).await.unwrap();
    let mut acknowledged = Acknowledged::new();
    let engine = database.url.split(':').next().unwrap();
    let kills = kills().0;
    for round in 0..kills {
        let (mut process, mut output) = start_writers(&database.url, round);
        // Each round is killed at another point of the writers' work.
        let enough = 1 + (round * 37) % 150;
        block_in_place(|| {
            read_acknowledged(&mut output, &mut acknowledged, enough);
            process.kill().unwrap();
            process.wait().unwrap();
            read_acknowledged(&mut output, &mut acknowledged, u64::MAX);
        });
        eprintln!("kill {} of {kills}: of the writer on {engine}", round + 1);
        let store = database.open().await;
        assert!(store.head().await.unwrap() >= enough * 2);
    }
    assert_whole(&database.open().await, &acknowledged).await;
}

fn start_writers(url: &str, round: u64) -> (Child, BufReader<ChildStdout>) {
    let mut process = Command::new(current_exe().unwrap())
        .args(["writer::process", "--exact", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(process.stdin.take().unwrap(), "{url}\n{round}").unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    (process, output)
}

/// Up to `enough` lines, or to the end.
fn read_acknowledged(output: &mut BufReader<ChildStdout>, acknowledged: &mut Acknowledged, enough: u64) {
    let mut read = 0;
    let mut line = String::new();
    while read < enough && output.read_line(&mut line).unwrap() > 0 {
        if let Some((name, number)) = line.strip_prefix("ack ").and_then(|ack| ack.trim_end().split_once(' ')) {
            acknowledged.insert(name.to_owned(), number.parse().unwrap());
            read += 1;
        }
        line.clear();
    }
}

/// Is told each number that was acknowledged to a writer.
type Acknowledge = Box<dyn FnMut(&str, u64) + Send>;

/// Writers of this process, and what was acknowledged to them.
struct Writing {
    acknowledged: Arc<Mutex<Acknowledged>>,
    count: Arc<AtomicU64>,
    writers: JoinSet<()>,
}

impl Writing {
    fn start<W: Future<Output = ()> + Send + 'static>(
        store: &Store,
        write: impl Fn(Store, String, Acknowledge) -> W,
    ) -> Self {
        let acknowledged = Arc::new(Mutex::new(Acknowledged::new()));
        let count = Arc::new(AtomicU64::new(0));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (acknowledged, count) = (Arc::clone(&acknowledged), Arc::clone(&count));
            let acknowledge = move |name: &str, number| {
                acknowledged.lock().unwrap().insert(name.to_owned(), number);
                count.fetch_add(1, Ordering::Relaxed);
            };
            writers.spawn(write(store.clone(), writer.to_string(), Box::new(acknowledge)));
        }
        Self {
            acknowledged,
            count,
            writers,
        }
    }

    async fn end(mut self, store: &Store) -> Acknowledged {
        self.writers.shutdown().await;
        // What they asked for last is still in the queue, before this.
        store.sweep(NOW).await.unwrap();
        self.acknowledged.lock().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_commands_outlive_kill_9_of_postgresql() {
    let mut server = Server::start(Durability::Fsync).unwrap();
    let url = server.create_database().unwrap();
    let store = Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap();
    let writing = Writing::start(&store, write);
    let seen = Arc::new(AtomicU64::new(0));
    let reader = tokio::spawn(tail(store.clone(), Arc::clone(&seen)));
    kill_often(&mut server, &writing.count).await;
    let acknowledged = writing.end(&store).await;
    assert_whole(&store, &acknowledged).await;
    more_than(&seen, store.head().await.unwrap() - 1).await;
    reader.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_appends_outlive_kill_9_of_postgresql() {
    let mut server = Server::start(Durability::Fsync).unwrap();
    let url = server.create_database().unwrap();
    let store = Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap();
    let writing = Writing::start(&store, append);
    kill_often(&mut server, &writing.count).await;
    let acknowledged = writing.end(&store).await;
    assert_eq!(acknowledged.len(), WRITERS);
    assert_appended(&store, &acknowledged).await;
}

async fn kill_often(server: &mut Server, count: &AtomicU64) {
    let kills = kills().1;
    for kill in 0..kills {
        more_than(count, count.load(Ordering::Relaxed) + 20 + (kill * 37) % 100).await;
        block_in_place(|| {
            server.kill_9().unwrap();
            server.restart().unwrap();
        });
        eprintln!("kill {} of {kills}: of PostgreSQL", kill + 1);
    }
    more_than(count, count.load(Ordering::Relaxed) + 20).await;
}

/// Reads as it goes on, through every outage.
async fn tail(store: Store, seen: Arc<AtomicU64>) {
    let mut subscription = store.subscribe(0);
    loop {
        if let Ok(events) = subscription.next().await {
            let positions: Vec<Position> = events.iter().map(|event| event.position).collect();
            let first = seen.load(Ordering::Relaxed) + 1;
            assert_eq!(positions, (first..first + positions.len() as u64).collect::<Vec<_>>());
            seen.store(subscription.position(), Ordering::Relaxed);
        }
    }
}

async fn more_than(count: &AtomicU64, number: u64) {
    let deadline = Instant::now() + LIMIT;
    while count.load(Ordering::Relaxed) <= number {
        assert!(Instant::now() < deadline, "stuck at {}", count.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tampered_row_would_be_noticed_by_these_tests() {
    let database = Database::sqlite();
    let store = database.open().await;
    let writer = tokio::spawn(write(store.clone(), "w".to_owned(), |_, _| {}));
    while store.head().await.unwrap() < 8 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    writer.abort();
    let mut events = all_events(&store).await;
    assert_chained(&events);
    events[3].payload["number"] = 99.into();
    assert!(std::panic::catch_unwind(|| assert_chained(&events)).is_err());
}
