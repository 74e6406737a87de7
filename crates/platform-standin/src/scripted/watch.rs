//! Scripts that a test holds a handle of: one waits for it, one tells what it saw, one counts what should not be there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::{Conn, Request, Script};

/// Holds answers back until the test opens it.
#[derive(Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    pub fn closed() -> Gate {
        Gate(Arc::new(watch::channel(false).0))
    }

    /// Lets the waiting answers go, and all later ones.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Requests that wait at the gate.
    pub fn waiting(&self) -> usize {
        self.0.receiver_count()
    }

    /// For scripts of a test's own.
    pub async fn pass(&self) {
        let mut opened = self.0.subscribe();
        // The sender lives as long as `self`.
        let _ = opened.wait_for(|open| *open).await;
    }
}

/// These bytes for every request, once the gate is open.
pub fn gated(gate: &Gate, answer: impl Into<Vec<u8>>) -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    let (gate, answer) = (gate.clone(), answer.into());
    move |mut conn| {
        let (gate, answer) = (gate.clone(), answer.clone());
        Box::pin(async move {
            while conn.read_request().await?.is_some() {
                gate.pass().await;
                conn.write(&answer).await?;
            }
            Ok(())
        })
    }
}

/// Requests that a recording server received, in order of their completion.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Request>>>);

impl Log {
    pub fn new() -> Log {
        Log::default()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.lock().clone()
    }

    /// For scripts of a test's own.
    pub fn push(&self, request: Request) {
        self.lock().push(request);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        self.0.lock().expect("nothing panics while it holds the log")
    }
}

/// These bytes for every request, which is in the log before they are sent.
pub fn recording(log: &Log, answer: impl Into<Vec<u8>>) -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    let (log, answer) = (log.clone(), answer.into());
    move |mut conn| {
        let (log, answer) = (log.clone(), answer.clone());
        Box::pin(async move {
            while let Some(request) = conn.read_request().await? {
                log.push(request);
                conn.write(&answer).await?;
            }
            Ok(())
        })
    }
}

/// What a strict server counted.
#[derive(Clone, Default)]
pub struct Strictness(Arc<Counts>);

#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    stray_bytes: AtomicUsize,
}

impl Strictness {
    pub fn new() -> Strictness {
        Strictness::default()
    }

    /// Well-formed requests.
    pub fn requests(&self) -> usize {
        self.0.requests.load(Ordering::SeqCst)
    }

    /// Bytes that had arrived where a request line should have begun, or where a request was malformed.
    pub fn stray_bytes(&self) -> usize {
        self.0.stray_bytes.load(Ordering::SeqCst)
    }
}

/// Takes nothing but requests, one after the other: any byte between two of them is a 400 and the end of the connection.
pub fn strict(counts: &Strictness) -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    let counts = counts.clone();
    move |mut conn| {
        let counts = counts.clone();
        Box::pin(async move {
            while !conn.buffered().is_empty() || conn.fill().await? > 0 {
                let arrived = conn.buffered().len();
                // The parser would skip empty lines before a request, as RFC 9112 section 2.2 allows.
                let starts_well = conn.buffered()[0].is_ascii_uppercase();
                if starts_well && let Ok(Some(_)) = conn.read_request().await {
                    counts.0.requests.fetch_add(1, Ordering::SeqCst);
                    conn.write(super::ok("strict")).await?;
                } else {
                    counts.0.stray_bytes.fetch_add(arrived, Ordering::SeqCst);
                    conn.write("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                        .await?;
                    break;
                }
            }
            conn.close().await
        })
    }
}
