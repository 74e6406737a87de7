//! A server that takes a connection and then answers nothing, as one does behind a network that has broken.

use crate::databases::{Tally, options};
use crate::outage::{append, unavailable};
use event_store::projection::Activity;
use event_store::{Options, Store};
use local_postgres::{Durability, Server};
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// Between a store and its server.
struct Line {
    url: String,
    /// Once: from what a client sends next with the words on, its connection is silent.
    silent: Arc<AtomicBool>,
}

impl Line {
    async fn to(server: &str, words: &'static str) -> Line {
        let (address, folder) = server.split_once("?host=").unwrap();
        let database = address.rsplit('/').next().unwrap();
        let socket = Path::new(folder).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let silent = Arc::new(AtomicBool::new(false));
        tokio::spawn(accept(listener, socket, words, Arc::clone(&silent)));
        let url = format!("postgres://postgres@127.0.0.1:{port}/{database}");
        Line { url, silent }
    }
}

async fn accept(listener: TcpListener, socket: PathBuf, words: &'static str, silent: Arc<AtomicBool>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&socket).await.unwrap();
        tokio::spawn(carry(client, server, words, Arc::clone(&silent)));
    }
}

async fn carry(client: TcpStream, server: UnixStream, words: &'static str, silent: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (is_silent, mut falls_silent) = watch::channel(());
    tokio::spawn(async move {
        tokio::select! {
            _ = copy(&mut from_server, &mut to_client) => {}
            // Nor is anything heard of the server, not even that it hangs up.
            Ok(()) = falls_silent.changed() => pending().await,
        }
    });
    let mut sent = vec![0; 65_536];
    while let Ok(length @ 1..) = from_client.read(&mut sent).await {
        let has_words = sent[..length]
            .windows(words.len())
            .any(|window| window == words.as_bytes());
        if has_words && silent.swap(false, Ordering::SeqCst) {
            is_silent.send_replace(());
            // Until the client gives up.
            while let Ok(1..) = from_client.read(&mut sent).await {}
            return;
        }
        if to_server.write_all(&sent[..length]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_while_the_appender_connects_stops_nobody_for_ever() {
    let server = Server::start(Durability::None).unwrap();
    let line = Line::to(&server.create_database().unwrap(), "PREPARE lock_head").await;
    let options = Options {
        patience: Duration::from_millis(500),
        ..options()
    };
    let store = Store::open(&line.url, options, Arc::new(Tally)).await.unwrap();
    line.silent.store(true, Ordering::SeqCst);
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
    line.silent.store(true, Ordering::SeqCst);
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
    line.silent.store(true, Ordering::SeqCst);
    let verified = timeout(Duration::from_secs(30), store.verify(None, Vec::new())).await;
    verified.expect("an answer").unwrap_err();
}
