//! Accepts client connections within their caps, and hands each to Pingora's proxy.

use crate::connection::{ClientStream, Protocol};
use crate::live::Gateway;
use crate::proxy::Edge;
use pingora_core::apps::{HttpPersistentSettings, HttpServerApp, ServerApp};
use pingora_core::protocols::Stream;
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use pingora_proxy::HttpProxy;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// What every accepted connection needs.
#[derive(Clone)]
pub(super) struct Acceptor {
    pub(super) proxy: Arc<HttpProxy<Edge>>,
    pub(super) gateway: Arc<Gateway>,
    pub(super) shutdown: ShutdownWatch,
    pub(super) open: Arc<OpenConnections>,
}

/// Connections per client address.
#[derive(Debug, Default)]
pub(super) struct OpenConnections {
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

/// Evidence that a connection is within the caps; gives its place back when dropped.
struct Place {
    acceptor: Acceptor,
    address: IpAddr,
}

impl Acceptor {
    /// Accepts until shutdown begins.
    pub(super) async fn serve(self, listener: TcpListener) {
        let mut shutdown = self.shutdown.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = shutdown.changed() => return,
            };
            match accepted {
                Ok((tcp, peer)) => self.admit(tcp, peer),
                Err(error) => {
                    // Out of descriptors, most likely: others must close before the next can be taken.
                    log::error!("a connection could not be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn admit(&self, tcp: TcpStream, peer: SocketAddr) {
        let address = peer.ip().to_canonical();
        let Some(place) = self.take_place(address) else { return };
        let acceptor = self.clone();
        tokio::spawn(async move {
            acceptor.handle(tcp, peer).await;
            drop(place);
        });
    }

    fn take_place(&self, address: IpAddr) -> Option<Place> {
        let limits = self.gateway.snapshot().settings.limits;
        let mut by_address = self.open.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let total = usize::try_from(self.gateway.metrics.connections.get()).unwrap_or(0);
        let of_address = by_address.get(&address).copied().unwrap_or(0);
        let met = match () {
            () if total >= limits.connections => Some("total"),
            () if of_address >= limits.connections_per_address => Some("address"),
            () => None,
        };
        if let Some(cap) = met {
            self.gateway.metrics.connections_refused.with_label_values(&[cap]).inc();
            return None;
        }
        by_address.insert(address, of_address + 1);
        self.gateway.metrics.connections.inc();
        Some(Place {
            acceptor: self.clone(),
            address,
        })
    }

    async fn handle(&self, tcp: TcpStream, peer: SocketAddr) {
        let limits = self.gateway.snapshot().settings.limits;
        if let Err(error) = tcp.set_nodelay(true) {
            log::debug!("TCP_NODELAY: {error}");
        }
        let mut stream = match ClientStream::new(tcp, peer, &self.gateway, limits.header_timeout) {
            Ok(stream) => stream,
            Err(error) => return log::error!("a connection could not be set up: {error}"),
        };
        let mut shutdown = self.shutdown.clone();
        let detected = tokio::select! {
            detected = stream.detect() => detected,
            // Nothing was asked yet.
            _ = shutdown.changed() => return,
        };
        match detected {
            Ok(Protocol::Http2) => {
                self.proxy.process_new(Box::new(stream), &self.shutdown).await;
            }
            Ok(Protocol::Http1) => self.serve_http1(stream, limits.keepalive).await,
            Err(error) => log::debug!("a client sent no request: {error}"),
        }
    }

    /// One request after the other.
    async fn serve_http1(&self, stream: ClientStream, keepalive: Duration) {
        let state = stream.state();
        let patience = keepalive.as_secs().max(1);
        let mut shutdown = self.shutdown.clone();
        let mut stopping = std::pin::pin!(shutdown.changed());
        let mut stream: Stream = Box::new(stream);
        let mut settings = None;
        loop {
            let session = session_of(stream, settings, patience);
            let reused = self.proxy.process_new_http(session, &self.shutdown).await;
            let Some(reused) = reused else { return };
            (stream, settings) = reused.consume();
            state.next_head();
            let request = ClientStream::readable(&mut stream);
            let asked = tokio::select! {
                asked = pingora_timeout::timeout(Duration::from_secs(patience), request) => asked,
                _ = &mut stopping => return,
            };
            if !matches!(asked, Ok(Ok(()))) {
                return;
            }
        }
    }
}

/// A connection's next request. Reading one undoes the keep-alive: every session of the connection is told anew.
fn session_of(stream: Stream, settings: Option<HttpPersistentSettings>, patience: u64) -> ServerSession {
    let mut session = ServerSession::new_http1(stream);
    if let Some(settings) = settings {
        settings.apply_to_session(&mut session);
    }
    session.set_keepalive(Some(patience));
    session
}

impl Drop for Place {
    fn drop(&mut self) {
        self.acceptor.gateway.metrics.connections.dec();
        let mut by_address = self
            .acceptor
            .open
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}
