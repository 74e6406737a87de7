//! Keeps an instant `101 Switching Protocols` from tearing a WebSocket down.
//!
//! Pingora queues an empty end-of-body task for every request without a body. When the upstream's 101 is read before
//! that task is done, the task ends the upgraded tunnel. Upgrade requests therefore use connections of their own, whose
//! reads wait until the flush that finishes the request body. Such connections are never reused.

use super::connector::{Connector, inet};
use super::handles::Handles;
use super::socket::Socket;
use async_trait::async_trait;
use pingora_core::Result;
use pingora_core::connectors::L4Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads pass: before the request, and after its body.
const OPEN: u8 = 0;
/// The request head is being sent: reads wait.
const HELD: u8 = 1;
/// The end of the body is queued: the next flush finishes it and opens the gate.
const BODY_QUEUED: u8 = 2;

/// One upgrade request's gate; made per request, used by its one connection.
#[derive(Debug, Default)]
pub(crate) struct UpgradeGate {
    state: AtomicU8,
    reader: Mutex<Option<Waker>>,
}

impl UpgradeGate {
    /// The connection stands and the request is about to be written.
    pub(crate) fn hold(&self) {
        self.state.store(HELD, Ordering::Release);
    }

    /// The request body has ended; its end is on the way to the connection's writer.
    pub(crate) fn body_queued(&self) {
        // A request body that ends after the upgrade concerns the tunnel, not the gate.
        let _ = self
            .state
            .compare_exchange(HELD, BODY_QUEUED, Ordering::AcqRel, Ordering::Acquire);
    }

    fn flushed(&self) {
        if self
            .state
            .compare_exchange(BODY_QUEUED, OPEN, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(waker) = reader {
                waker.wake();
            }
        }
    }

    fn poll_open(&self, cx: &Context<'_>) -> Poll<()> {
        if self.state.load(Ordering::Acquire) == OPEN {
            return Poll::Ready(());
        }
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        // The gate may have opened before the waker was in its place.
        if self.state.load(Ordering::Acquire) == OPEN {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// Opens the gated connection of one upgrade request.
#[derive(Debug)]
pub(crate) struct GatedConnector {
    pub(crate) connector: Arc<Connector>,
    pub(crate) gate: Arc<UpgradeGate>,
}

#[async_trait]
impl L4Connect for GatedConnector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let connection = self.connector.open(inet(address)?).await?;
        let gated = GatedSocket {
            socket: connection.socket,
            gate: Arc::clone(&self.gate),
        };
        let mut stream = Stream::from(VirtualSocketStream::new(Box::new(gated)));
        let abort = connection.abort;
        Handles { abort, loan: None }.attach(&mut stream)?;
        Ok(stream)
    }
}

#[derive(Debug)]
struct GatedSocket {
    socket: Socket,
    gate: Arc<UpgradeGate>,
}

impl AsyncRead for GatedSocket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.gate.poll_open(cx));
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for GatedSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
        self.gate.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl VirtualSocket for GatedSocket {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        self.socket.set_socket_option(option)
    }
}
