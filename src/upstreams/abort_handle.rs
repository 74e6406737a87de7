//! A handle by which a deadline ends a connection to an upstream.
//!
//! Pingora has one read timeout per connection and none for a whole exchange. A second descriptor of the same socket,
//! kept in the connection's digest, lets `deadline` shut the socket down; Pingora then sees the end of the stream.

use socket2::Socket as Descriptor;
use std::os::fd::AsFd;
use tokio::net::TcpStream;

/// Ends a connection from outside, from any thread.
#[derive(Debug)]
pub(crate) struct AbortHandle(Descriptor);

impl AbortHandle {
    pub(super) fn of(stream: &TcpStream) -> std::io::Result<Self> {
        Ok(Self(Descriptor::from(stream.as_fd().try_clone_to_owned()?)))
    }

    /// Waits until the system takes more bytes for the upstream.
    pub(crate) async fn has_room(&self) -> std::io::Result<()> {
        TcpStream::from_std(self.0.try_clone()?.into())?.writable().await
    }

    pub(crate) fn abort(&self) {
        if let Err(error) = self.0.shutdown(std::net::Shutdown::Both) {
            // The peer may have gone first.
            log::debug!("upstream connection was already closed: {error}");
        }
    }
}
