//! Opens connections to upstreams, and keeps a handle to each by which a deadline can end it.
//!
//! Pingora has one read timeout per connection and none for a whole exchange. A second descriptor of the same socket,
//! kept in the connection's digest, lets `deadline` shut the socket down; Pingora then sees the end of the stream.

use async_trait::async_trait;
use pingora_core::connectors::L4Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{Digest, GetProxyDigest};
use pingora_core::{Error, ErrorType, OrErr, Result};
use socket2::Socket;
use std::os::fd::AsFd;
use std::sync::Arc;
use tokio::net::TcpStream;

/// Ends a connection from outside, from any thread.
#[derive(Debug)]
pub(crate) struct AbortHandle(Socket);

impl AbortHandle {
    fn of(stream: &TcpStream) -> std::io::Result<Self> {
        Ok(Self(Socket::from(stream.as_fd().try_clone_to_owned()?)))
    }

    /// The handle of a connection that this connector opened.
    pub(crate) fn from_digest(digest: &Digest) -> Option<Arc<Self>> {
        let data = digest.proxy_digest.as_ref()?.user_data.as_ref()?;
        data.downcast_ref::<Arc<Self>>().cloned()
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

/// How long connecting may take is the peer's business.
#[derive(Debug)]
pub(crate) struct Connector;

impl Connector {
    async fn open(&self, address: &SocketAddr) -> Result<TcpStream> {
        let Some(address) = address.as_inet() else {
            return Error::e_explain(ErrorType::ConnectError, "upstreams are reached over TCP");
        };
        match TcpStream::connect(address).await {
            Ok(stream) => Ok(stream),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                Error::e_because(ErrorType::ConnectRefused, "connecting", error)
            }
            Err(error) => Error::e_because(ErrorType::ConnectError, "connecting", error),
        }
    }

    /// A connection, and the digest that carries its handle.
    pub(crate) async fn open_with_digest(&self, address: &SocketAddr) -> Result<(TcpStream, ProxyDigest)> {
        let tcp = self.open(address).await?;
        let handle = Arc::new(AbortHandle::of(&tcp).or_err(ErrorType::SocketError, "keeping a handle to the socket")?);
        Ok((tcp, digest_with(handle)?))
    }
}

#[async_trait]
impl L4Connect for Connector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let (tcp, digest) = self.open_with_digest(address).await?;
        let mut stream = Stream::from(tcp);
        stream.set_proxy_digest(digest);
        Ok(stream)
    }
}

/// A proxy digest is the place where Pingora lets a connection carry data of ours; there is no forward proxy.
fn digest_with(handle: Arc<AbortHandle>) -> Result<ProxyDigest> {
    let no_proxy = pingora_http::ResponseHeader::build_no_case(200, None)?;
    Ok(ProxyDigest::new(Box::new(no_proxy), Some(Box::new(handle))))
}
