//! Opens connections to upstreams, and keeps a handle to each by which a deadline can end it.
//!
//! Pingora has one read timeout per connection and none for a whole exchange. A second descriptor of the same socket,
//! kept in the connection's digest, lets `deadline` shut the socket down; Pingora then sees the end of the stream.

use super::idle::IdleConnections;
use super::loan::{Loan, LoanedSocket};
use super::socket::Socket;
use super::tls::TlsClient;
use async_trait::async_trait;
use pingora_core::connectors::L4Connect;
use pingora_core::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::VirtualSocketStream;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{Digest, GetProxyDigest};
use pingora_core::{Error, ErrorType, OrErr, Result};
use socket2::Socket as Descriptor;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

/// Ends a connection from outside, from any thread.
#[derive(Debug)]
pub(crate) struct AbortHandle(Descriptor);

impl AbortHandle {
    fn of(stream: &TcpStream) -> std::io::Result<Self> {
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

/// A connection to an upstream.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: Socket,
    abort: Arc<AbortHandle>,
}

impl Connection {
    /// Of a connection that nobody reads from: something came, or its end.
    pub(crate) fn poll_disturbed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut byte = [0];
        Pin::new(&mut self.socket)
            .poll_read(cx, &mut ReadBuf::new(&mut byte))
            .map(drop)
    }

    pub(crate) fn handles(&self) -> Handles {
        Handles {
            abort: Arc::clone(&self.abort),
            loan: None,
        }
    }
}

/// What the digest of a connection carries of ours.
#[derive(Debug)]
pub(crate) struct Handles {
    pub(crate) abort: Arc<AbortHandle>,
    /// Of a connection that is not Pingora's to keep.
    pub(crate) loan: Option<Arc<Loan>>,
}

impl Handles {
    pub(crate) fn of(digest: &Digest) -> Option<&Self> {
        digest.proxy_digest.as_ref()?.user_data.as_ref()?.downcast_ref()
    }

    /// A proxy digest is the place where Pingora lets a connection carry data of ours; there is no forward proxy.
    pub(crate) fn attach(self, stream: &mut Stream) -> Result<()> {
        let no_proxy = pingora_http::ResponseHeader::build_no_case(200, None)?;
        stream.set_proxy_digest(ProxyDigest::new(Box::new(no_proxy), Some(Box::new(self))));
        Ok(())
    }
}

/// Opens the connections to one endpoint. How long that may take is the caller's business.
#[derive(Debug)]
pub(crate) struct Connector {
    tls: Option<Tls>,
}

#[derive(Debug)]
struct Tls {
    client: TlsClient,
    idle: Arc<IdleConnections>,
}

impl Connector {
    pub(crate) fn plain() -> Self {
        Self { tls: None }
    }

    pub(crate) fn tls(client: TlsClient, idle: IdleConnections) -> Self {
        let idle = Arc::new(idle);
        Self {
            tls: Some(Tls { client, idle }),
        }
    }

    /// A connection that is nobody's yet.
    pub(crate) async fn open(&self, address: SocketAddr) -> Result<Connection> {
        let tcp = open_tcp(address).await?;
        let abort = AbortHandle::of(&tcp).or_err(ErrorType::SocketError, "keeping a handle to the socket")?;
        let socket = match &self.tls {
            None => Socket::Tcp(tcp),
            Some(tls) => {
                tcp.set_nodelay(true)
                    .or_err(ErrorType::SocketError, "setting TCP_NODELAY")?;
                Socket::Tls(Box::new(tls.client.handshake(tcp).await?))
            }
        };
        Ok(Connection {
            socket,
            abort: Arc::new(abort),
        })
    }

    /// A connection for one exchange: of TLS ones, an idle one if there is any.
    async fn lend(&self, address: SocketAddr) -> Result<Stream> {
        let Some(Tls { idle, .. }) = &self.tls else {
            return self.open_stream(address).await;
        };
        let kept = idle.take(address);
        let reused = kept.is_some();
        let connection = match kept {
            Some(connection) => connection,
            None => self.open(address).await?,
        };
        let handles = connection.handles();
        let loan = Arc::new(Loan::new(connection, reused, address, idle));
        let mut stream = Stream::from(VirtualSocketStream::new(Box::new(LoanedSocket(Arc::clone(&loan)))));
        let loan = Some(loan);
        Handles { loan, ..handles }.attach(&mut stream)?;
        Ok(stream)
    }

    /// A fresh connection as Pingora's stream.
    pub(crate) async fn open_stream(&self, address: SocketAddr) -> Result<Stream> {
        let connection = self.open(address).await?;
        let handles = connection.handles();
        let mut stream = match connection.socket {
            Socket::Tcp(tcp) => Stream::from(tcp),
            tls @ Socket::Tls(_) => Stream::from(VirtualSocketStream::new(Box::new(tls))),
        };
        handles.attach(&mut stream)?;
        Ok(stream)
    }
}

async fn open_tcp(address: SocketAddr) -> Result<TcpStream> {
    match TcpStream::connect(address).await {
        Ok(stream) => Ok(stream),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Error::e_because(ErrorType::ConnectRefused, "connecting", error)
        }
        Err(error) => Error::e_because(ErrorType::ConnectError, "connecting", error),
    }
}

/// The address that Pingora was told to reach.
pub(crate) fn inet(address: &PeerAddress) -> Result<SocketAddr> {
    match address.as_inet() {
        Some(address) => Ok(*address),
        None => Error::e_explain(ErrorType::ConnectError, "upstreams are reached over TCP"),
    }
}

#[async_trait]
impl L4Connect for Connector {
    async fn connect(&self, address: &PeerAddress) -> Result<Stream> {
        self.lend(inet(address)?).await
    }
}
