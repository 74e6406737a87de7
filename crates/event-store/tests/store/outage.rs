//! The database goes away and comes back, while the store stays open.

use crate::databases::{Database, Tally, context, event, stream};
use crate::writer::{all_events, assert_chained, impatient};
use event_store::{AppendError, Command, Expected, Store, Unavailable};
use local_postgres::{Durability, Server};
use serde_json::json;
use std::env::current_exe;
use std::process::Command as Process;
use std::sync::Arc;
use tokio::task::block_in_place;

async fn append(store: &Store) -> Result<(), AppendError> {
    let event = event(json!({"filling": "x".repeat(500)}));
    store
        .append(Command::new(context()).append(stream("a"), Expected::Any, vec![event]))
        .await
        .map(drop)
}

fn assert_unavailable<T: std::fmt::Debug>(outcome: &Result<T, AppendError>) {
    assert!(
        matches!(outcome, Err(AppendError::Unavailable(Unavailable::Database(_)))),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_on_when_postgresql_is_back() {
    let mut server = Server::start(Durability::None).unwrap();
    let url = server.create_database().unwrap();
    let store = Store::open(&url, impatient(), Arc::new(Tally)).await.unwrap();
    let mut subscription = store.subscribe(0);
    append(&store).await.unwrap();
    assert_eq!(subscription.next().await.unwrap().len(), 1);

    block_in_place(|| server.stop()).unwrap();
    assert_unavailable(&append(&store).await);
    assert_unavailable(&append(&store).await);
    store.head().await.unwrap_err();
    store.state(&stream("a")).await.unwrap_err();
    subscription.next().await.unwrap_err();
    subscription.next().await.unwrap_err();

    block_in_place(|| server.restart()).unwrap();
    assert_eq!(store.head().await.unwrap(), 1);
    append(&store).await.unwrap();
    assert_eq!(subscription.next().await.unwrap()[0].position, 2);

    // Restarted while nobody looked: nobody notices.
    block_in_place(|| server.stop().and_then(|()| server.restart())).unwrap();
    append(&store).await.unwrap();
    assert_eq!(store.head().await.unwrap(), 3);
    assert_chained(&all_events(&store).await);
}

#[test]
fn a_store_goes_on_when_the_disk_has_room_again() {
    // The limit holds for a whole process. Its signal must be ignored from the beginning, as a shell can do.
    let run = Process::new("sh")
        .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
        .arg(current_exe().unwrap())
        .args(["outage::process_on_a_small_disk", "--exact", "--ignored", "--nocapture"])
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
        .args(["--pid", &process, &format!("--fsize={bytes}:unlimited")])
        .status();
    assert!(limited.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "limits its whole process; the test above starts it"]
async fn process_on_a_small_disk() {
    let database = Database::sqlite();
    let store = database.open().await;
    limit_files("400000");
    let (mut done, mut failed) = (0, 0);
    // Now and then there is some room again, when SQLite has emptied its log.
    while failed < 5 {
        let outcome = append(&store).await;
        if outcome.is_ok() {
            (done, failed) = (done + 1, 0);
        } else {
            assert_unavailable(&outcome);
            failed += 1;
        }
    }
    assert!(done > 0);
    assert_eq!(store.head().await.unwrap(), done);

    limit_files("unlimited");
    append(&store).await.unwrap();
    assert_eq!(store.head().await.unwrap(), done + 1);
    let events = all_events(&store).await;
    assert_chained(&events);
    assert_eq!(events.len() as u64, done + 1);
}
