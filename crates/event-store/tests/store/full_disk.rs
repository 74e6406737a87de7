//! The disk is full and has room again, while the store stays open.
//!
//! A limit on the size of files stands in for the disk: that needs no privileges.

use crate::databases::{Database, Tally};
use crate::outage::{append, append_bytes, unavailable};
use crate::writer::{all_events, assert_chained, impatient};
use event_store::Store;
use local_postgres::{Durability, Server};
use std::env::current_exe;
use std::process::Command as Process;
use std::sync::Arc;
use tokio::task::block_in_place;

/// Appends until there is no room at all, as what the database says must tell; returns how many were acknowledged.
async fn fill(store: &Store, bytes: usize, no_room: &str) -> u64 {
    let (mut done, mut failed) = (0, 0);
    // Now and then there is some room again, when SQLite has emptied its log.
    while failed < 5 {
        let outcome = append_bytes(store, bytes).await;
        if outcome.is_ok() {
            (done, failed) = (done + 1, 0);
        } else {
            let reason = unavailable(outcome);
            assert!(reason.contains(no_room), "{reason}");
            failed += 1;
        }
    }
    done
}

/// All that was acknowledged and nothing else.
async fn assert_holds(store: &Store, acknowledged: u64) {
    let events = all_events(store).await;
    assert_chained(&events);
    assert_eq!(events.len() as u64, acknowledged);
    assert_eq!(store.head().await.unwrap(), acknowledged);
}

#[test]
fn on_sqlite_a_store_goes_on_when_the_disk_has_room_again() {
    // The limit holds for a whole process. Its signal must be ignored from the beginning, as a shell can do.
    let run = Process::new("sh")
        .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
        .arg(current_exe().unwrap())
        .args([
            "full_disk::process_on_a_small_disk",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
}

/// No file of this process may grow beyond so many bytes.
fn limit_files(bytes: &str) {
    let process = std::process::id().to_string();
    let limited = Process::new("prlimit")
        .args(["--pid", &process, &format!("--fsize={bytes}:")])
        .status();
    assert!(limited.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "limits its whole process; the test above starts it"]
async fn process_on_a_small_disk() {
    let database = Database::sqlite();
    let store = database.open().await;
    limit_files("400000");
    let done = fill(&store, 500, "disk I/O error").await;
    assert!(done > 0);
    assert_eq!(store.head().await.unwrap(), done);

    limit_files("unlimited");
    append(&store).await.unwrap();
    assert_holds(&store, done + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_a_store_goes_on_when_the_tables_have_room_again() {
    /// More than a file of the write-ahead log has, so that only tables meet it.
    const LIMIT: u64 = 17 << 20;
    let server = Server::start(Durability::None).unwrap();
    let url = server.create_database().unwrap();
    block_in_place(|| server.limit_files(Some(LIMIT))).unwrap();
    let store = Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap();
    let done = fill(&store, 1 << 20, "could not extend file").await;
    assert!(done > 0);
    assert_holds(&store, done).await;

    block_in_place(|| server.limit_files(None)).unwrap();
    append(&store).await.unwrap();
    assert_holds(&store, done + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_on_after_postgresql_gave_up_for_want_of_room_for_its_log() {
    /// Less than a file of the write-ahead log has, and more than any other has here.
    const LIMIT: u64 = 1 << 20;
    let mut server = Server::start(Durability::Fsync).unwrap();
    let url = server.create_database().unwrap();
    let store = Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap();
    append(&store).await.unwrap();
    // What was connected before is not limited.
    block_in_place(|| server.stop().and_then(|()| server.restart())).unwrap();
    block_in_place(|| server.limit_files(Some(LIMIT))).unwrap();
    let mut done = 1;
    let reason = loop {
        match append(&store).await {
            Ok(()) => done += 1,
            failed => break unavailable(failed),
        }
    };
    assert!(reason.contains("could not write to log file"), "{reason}");
    unavailable(append(&store).await);

    // Its keeper makes room and starts it again.
    block_in_place(|| server.kill_9().and_then(|()| server.restart())).unwrap();
    append(&store).await.unwrap();
    assert_holds(&store, done + 1).await;
}
