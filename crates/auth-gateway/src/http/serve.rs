//! The accept loop: connection caps, deadlines for each request head and for who reads no answer, and a drain that lets answers
//! finish.

use super::client_address::{Peer, TrustedProxies};
use super::write_deadline::WriteDeadline;
use crate::telemetry::metrics::Metrics;
use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

/// After a failed `accept`, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What connections may take.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    pub total: usize,
    /// Of one address; the networks in `unlimited` have the total alone.
    pub per_address: usize,
    /// The proxies in front: every client comes from there.
    pub unlimited: TrustedProxies,
    /// For a whole request head, and between two requests.
    pub head_time: Duration,
    /// For a client to take something of what is written to it, a stream too.
    pub write_time: Duration,
    /// Bytes of a request head, at least 8 KiB.
    pub head_bytes: usize,
    pub head_fields: usize,
    /// How long answers may take to finish after the shutdown began.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: 4_096,
            per_address: 128,
            unlimited: TrustedProxies::default(),
            head_time: Duration::from_secs(10),
            write_time: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            head_fields: 100,
            drain: Duration::from_secs(30),
        }
    }
}

/// Serves until `shutdown` completes, then lets the requests under way finish, and cuts what is left after the drain.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    metrics: Arc<Metrics>,
    shutdown: impl Future<Output = ()>,
) {
    let server = Arc::new(Server {
        router,
        limits,
        metrics,
        open: Mutex::default(),
    });
    let (drain, draining) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::select! {
        () = shutdown => {}
        () = accept(&listener, &server, &draining, &mut connections) => {}
    }
    drop(listener);
    drain.send_replace(true);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(server.limits.drain, finished).await.is_err() {
        tracing::warn!(connections = connections.len(), "cut what did not finish in time");
        connections.shutdown().await;
    }
}

/// Goes on until it is dropped.
async fn accept(
    listener: &TcpListener,
    server: &Arc<Server>,
    draining: &watch::Receiver<bool>,
    connections: &mut JoinSet<()>,
) {
    loop {
        // Finished ones are forgotten.
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(place) = Place::take(server, peer) {
                    connections.spawn(serve_connection(stream, place, draining.clone()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[derive(Debug)]
struct Server {
    router: Router,
    limits: ConnectionLimits,
    metrics: Arc<Metrics>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection's place among those that may be open; given back when dropped.
#[derive(Debug)]
struct Place {
    server: Arc<Server>,
    peer: SocketAddr,
}

impl Place {
    fn take(server: &Arc<Server>, peer: SocketAddr) -> Option<Self> {
        let address = peer.ip().to_canonical();
        let mut open = server.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = open.by_address.get(&address).copied().unwrap_or_default();
        if open.total >= server.limits.total {
            server.metrics.connection_refused("total");
            return None;
        }
        if of_address >= server.limits.per_address && !server.limits.unlimited.trusts(address) {
            server.metrics.connection_refused("address");
            return None;
        }
        open.total += 1;
        open.by_address.insert(address, of_address + 1);
        server.metrics.connections.inc();
        Some(Self {
            server: Arc::clone(server),
            peer,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let address = self.peer.ip().to_canonical();
        let mut open = self.server.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        if let Some(of_address) = open.by_address.get_mut(&address) {
            *of_address -= 1;
            if *of_address == 0 {
                open.by_address.remove(&address);
            }
        }
        self.server.metrics.connections.dec();
    }
}

async fn serve_connection(stream: TcpStream, place: Place, mut draining: watch::Receiver<bool>) {
    // Small answers leave at once; a socket that can't do this is about to fail anyway.
    drop(stream.set_nodelay(true));
    let server = &place.server;
    let peer = Peer(place.peer);
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        server.router.clone().oneshot(request.map(Body::new))
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(server.limits.head_time)
        .max_headers(server.limits.head_fields)
        .max_buf_size(server.limits.head_bytes.max(8 * 1024));
    let stream = WriteDeadline::new(stream, server.limits.write_time);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // How a connection ends is the client's business; its requests have their own lines in the log.
    tokio::select! {
        ended = connection.as_mut() => return drop(ended),
        _ = draining.wait_for(|draining| *draining) => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}
