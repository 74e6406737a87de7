//! Upstreams that misbehave to order: a [`Server`] runs a script, a closure over each [`Conn`] it accepts.
//!
//! The ready-made scripts combine with plain and TLS servers alike: `Server::start(fixed(ok("hello")))`.

mod conn;
mod no_listener;
mod ready_made;
mod sse;
mod watch;

use std::future::Future;
use std::io;
use std::net::SocketAddr;

pub use conn::Conn;
pub use no_listener::{Refused, Unreachable};
pub use ready_made::{Script, black_hole, fixed, instant_101, ok, truncated_chunked, truncated_length};
pub use sse::{EventSource, event_stream};
pub use watch::{Gate, Log, Strictness, gated, recording, strict};

pub use crate::wire::Head;

use crate::listening::Listening;
use crate::standin::loopback;
use crate::tls::Certificate;

/// A server on a free port of 127.0.0.1 that runs `script` on every connection; it ends when dropped.
pub struct Server(Listening);

/// A whole request, as [`Conn::read_request`] and [`Log`] give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub head: Head,
    /// Without chunk framing.
    pub body: Vec<u8>,
    /// As on the wire: chunk sizes and trailers included.
    pub raw_body: Vec<u8>,
}

impl Server {
    /// What the script returns as an error ends its connection, nothing more.
    pub fn start<F, Fut>(script: F) -> io::Result<Server>
    where
        F: Fn(Conn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<()>> + Send + 'static,
    {
        Server::listen(0, None, script)
    }

    /// On a port of the test's choice, such as one that refused before.
    pub fn start_on<F, Fut>(port: u16, script: F) -> io::Result<Server>
    where
        F: Fn(Conn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<()>> + Send + 'static,
    {
        Server::listen(port, None, script)
    }

    pub fn start_tls<F, Fut>(certificate: &Certificate, script: F) -> io::Result<Server>
    where
        F: Fn(Conn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<()>> + Send + 'static,
    {
        Server::listen(0, Some(certificate), script)
    }

    fn listen<F, Fut>(port: u16, certificate: Option<&Certificate>, script: F) -> io::Result<Server>
    where
        F: Fn(Conn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listening = Listening::start(loopback(port), certificate, move |stream, number, _| {
            let run = script(Conn::new(stream, number));
            async move {
                let _ = run.await;
            }
        })?;
        Ok(Server(listening))
    }

    /// `http://127.0.0.1:PORT`, or `https://…` with TLS.
    pub fn url(&self) -> String {
        self.0.url()
    }

    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.0.connections()
    }
}

impl Request {
    /// The body as text, lossy.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
