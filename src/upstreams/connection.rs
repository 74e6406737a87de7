//! A connection to an upstream, in nobody's use.

use super::abort_handle::AbortHandle;
use super::socket::Socket;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// A connection to an upstream.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: Socket,
    pub(crate) abort: Arc<AbortHandle>,
}

impl Connection {
    /// Of a connection that nobody reads from: something came, or its end.
    pub(crate) fn poll_disturbed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut byte = [0];
        Pin::new(&mut self.socket)
            .poll_read(cx, &mut ReadBuf::new(&mut byte))
            .map(drop)
    }
}
