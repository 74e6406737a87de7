//! A line between a store and its PostgreSQL server, which breaks when it is told to.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// What happens to a connection when the client sends certain words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// From these on it is silent: not even an end is heard of.
    Silent,
    /// It ends, and the server has not got them.
    CutBefore,
    /// It ends when the server has answered them, and the client has not got that.
    CutAfter,
}

pub(crate) struct Line {
    pub(crate) url: String,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Line {
    pub(crate) async fn to(server: &str, words: &'static str) -> Line {
        let (address, folder) = server.split_once("?host=").unwrap();
        let database = address.rsplit('/').next().unwrap();
        let socket = Path::new(folder).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fault = Arc::default();
        tokio::spawn(accept(listener, socket, words, Arc::clone(&fault)));
        let url = format!("postgres://postgres@127.0.0.1:{port}/{database}");
        Line { url, fault }
    }

    /// Once: at the next of the words.
    pub(crate) fn breaks(&self, fault: Fault) {
        *self.fault.lock().unwrap() = Some(fault);
    }

    /// Whether it has broken since it was told to.
    pub(crate) fn is_broken(&self) -> bool {
        self.fault.lock().unwrap().is_none()
    }
}

async fn accept(listener: TcpListener, socket: PathBuf, words: &'static str, fault: Arc<Mutex<Option<Fault>>>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&socket).await.unwrap();
        tokio::spawn(carry(client, server, words, Arc::clone(&fault)));
    }
}

async fn carry(client: TcpStream, server: UnixStream, words: &'static str, fault: Arc<Mutex<Option<Fault>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (broken, mut breaks) = watch::channel(None);
    tokio::spawn(async move {
        tokio::select! {
            biased;
            Ok(()) = breaks.changed() => {}
            _ = copy(&mut from_server, &mut to_client) => return,
        }
        let fault = *breaks.borrow();
        match fault {
            Some(Fault::CutBefore) | None => {}
            // Whatever the server answers ends with its being ready.
            Some(Fault::CutAfter) => drop(from_server.read(&mut [0; 65_536]).await),
            Some(Fault::Silent) => std::future::pending().await,
        }
        // Both halves that the client reads and writes end here.
        drop((from_server, to_client));
    });
    let mut sent = vec![0; 65_536];
    while let Ok(length @ 1..) = from_client.read(&mut sent).await {
        let has_words = sent[..length]
            .windows(words.len())
            .any(|window| window == words.as_bytes());
        let fault = has_words.then(|| fault.lock().unwrap().take()).flatten();
        if let Some(fault) = fault {
            broken.send_replace(Some(fault));
            if fault == Fault::CutAfter {
                to_server.write_all(&sent[..length]).await.unwrap();
            }
            if fault == Fault::CutBefore {
                return;
            }
            // Until the client gives up.
            while let Ok(1..) = from_client.read(&mut sent).await {}
            return;
        }
        if to_server.write_all(&sent[..length]).await.is_err() {
            return;
        }
    }
}
