//! A TLS connection while an exchange uses it, and what becomes of it afterwards.
//!
//! Pingora's pool knows connections by their descriptor, which a virtual socket does not have: it puts one in and never
//! finds it again. But whether an exchange left its connection fit for another is Pingora's to say, and it says so by
//! the pool: when the request ends, an unfit connection is closed and a fit one is kept. So a connection that is still
//! there at the end is taken out of Pingora's hands, and kept in the endpoint's own `IdleConnections`.

use super::connection::Connection;
use super::idle::IdleConnections;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[derive(Debug)]
pub(crate) struct Loan {
    lent: Mutex<Lent>,
    reused: bool,
    address: SocketAddr,
    home: Arc<IdleConnections>,
}

#[derive(Debug)]
struct Lent {
    /// `None` once Pingora has closed it or it is back home.
    connection: Option<Connection>,
    reader: Option<Waker>,
}

impl Loan {
    pub(crate) fn new(connection: Connection, reused: bool, address: SocketAddr, home: &Arc<IdleConnections>) -> Self {
        Self {
            lent: Mutex::new(Lent {
                connection: Some(connection),
                reader: None,
            }),
            reused,
            address,
            home: Arc::clone(home),
        }
    }

    /// Whether the connection has served an exchange before.
    pub(crate) fn is_reused(&self) -> bool {
        self.reused
    }

    /// To be called when the request is over, and Pingora has decided.
    pub(crate) fn end(&self) {
        let (connection, reader) = {
            let mut lent = self.lent();
            (lent.connection.take(), lent.reader.take())
        };
        if let Some(connection) = connection {
            self.home.keep(self.address, connection);
        }
        // Pingora watches what is in its pool: it sees the end, and forgets the empty socket.
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn lent(&self) -> MutexGuard<'_, Lent> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What Pingora reads from and writes to.
#[derive(Debug)]
pub(crate) struct LoanedSocket(pub(crate) Arc<Loan>);

impl LoanedSocket {
    fn poll<T>(&self, at_home: T, poll: impl FnOnce(&mut Connection) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let mut lent = self.0.lent();
        lent.connection.as_mut().map_or(Poll::Ready(Ok(at_home)), poll)
    }
}

impl Drop for LoanedSocket {
    fn drop(&mut self) {
        let connection = self.0.lent().connection.take();
        drop(connection);
    }
}

impl AsyncRead for LoanedSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut lent = self.0.lent();
        let Some(connection) = lent.connection.as_mut() else {
            return Poll::Ready(Ok(()));
        };
        let read = Pin::new(&mut connection.socket).poll_read(cx, buf);
        if read.is_pending() {
            let known = lent.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker()));
            if !known {
                lent.reader = Some(cx.waker().clone());
            }
        }
        read
    }
}

impl AsyncWrite for LoanedSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(0, |connection| Pin::new(&mut connection.socket).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll((), |connection| Pin::new(&mut connection.socket).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll((), |connection| Pin::new(&mut connection.socket).poll_shutdown(cx))
    }
}

impl VirtualSocket for LoanedSocket {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        let lent = self.0.lent();
        lent.connection
            .as_ref()
            .map_or(Ok(()), |connection| connection.socket.set_socket_option(option))
    }
}
