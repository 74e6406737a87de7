//! A server that takes a connection and then answers nothing, as one does behind a network that has broken; and a thread that
//! hangs, as one does before a disk that has.

use crate::databases::{Database, Tally, options};
use crate::line::{Fault, Line};
use crate::outage::{append, unavailable};
use event_store::projection::Activity;
use event_store::{Event, Fold, FoldError, Folded, Options, Store, StreamId};
use local_postgres::{Durability, Server};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_while_the_appender_connects_stops_nobody_for_ever() {
    let server = Server::start(Durability::None).unwrap();
    let line = Line::to(&server.create_database().unwrap(), "PREPARE lock_head").await;
    let options = Options {
        patience: Duration::from_millis(500),
        ..options()
    };
    let store = Store::open(&line.url, options, Arc::new(Tally)).await.unwrap();
    line.breaks(Fault::Silent);
    let refused = timeout(Duration::from_secs(30), append(&store)).await;
    unavailable(refused.expect("an answer"));
    append(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_while_a_projection_works_does_not_stop_it_for_ever() {
    let server = Server::start(Durability::None).unwrap();
    let line = Line::to(&server.create_database().unwrap(), "LOCK TABLE projections").await;
    let options = Options {
        patience: Duration::from_millis(200),
        ..options()
    };
    let store = Store::open(&line.url, options, Arc::new(Tally)).await.unwrap();
    append(&store).await.unwrap();
    line.breaks(Fault::Silent);
    let _projecting = store.project(vec![Arc::new(Activity)]);
    let follows = async {
        while store.projections().await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), follows).await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_while_the_log_is_read_is_not_waited_for_for_ever() {
    let server = Server::start(Durability::None).unwrap();
    let line = Line::to(&server.create_database().unwrap(), "ORDER BY position LIMIT").await;
    let options = Options {
        patience: Duration::from_millis(200),
        ..options()
    };
    let store = Store::open(&line.url, options, Arc::new(Tally)).await.unwrap();
    append(&store).await.unwrap();
    line.breaks(Fault::Silent);
    let verified = timeout(Duration::from_secs(30), store.verify(None, Vec::new())).await;
    verified.expect("an answer").unwrap_err();
}

/// Folds nothing until it is let go.
struct Stuck(Mutex<mpsc::Receiver<()>>);

impl Fold for Stuck {
    fn fold(&self, _: &StreamId, _: Option<&str>, _: &[Event]) -> Result<Folded, FoldError> {
        // Its other end is dropped, at the latest.
        let _ = self.0.lock().unwrap().recv();
        Ok(Folded::default())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appender_that_hangs_is_not_waited_for_for_ever() {
    let database = Database::sqlite();
    let options = Options {
        patience: Duration::from_millis(50),
        ..options()
    };
    let (let_go, stuck) = mpsc::channel();
    let store = Store::open(&database.url, options, Arc::new(Stuck(Mutex::new(stuck))))
        .await
        .unwrap();
    let refused = timeout(Duration::from_secs(30), append(&store)).await;
    assert_eq!(&*unavailable(refused.expect("an answer")), "no answer in time");
    drop(let_go);
    append(&store).await.unwrap();
    assert_eq!(store.head().await.unwrap(), 2);
}
