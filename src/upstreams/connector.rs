//! Opens connections to upstreams.

use super::abort_handle::AbortHandle;
use super::connection::Connection;
use super::handles::Handles;
use super::idle::IdleConnections;
use super::loan::{Loan, LoanedSocket};
use super::socket::Socket;
use super::tls::TlsClient;
use async_trait::async_trait;
use pingora_core::connectors::L4Connect;
use pingora_core::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::VirtualSocketStream;
use pingora_core::{Error, ErrorType, OrErr, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;

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
        let abort = Arc::clone(&connection.abort);
        let loan = Arc::new(Loan::new(connection, reused, address, idle));
        let mut stream = Stream::from(VirtualSocketStream::new(Box::new(LoanedSocket(Arc::clone(&loan)))));
        let loan = Some(loan);
        Handles { abort, loan }.attach(&mut stream)?;
        Ok(stream)
    }

    /// A fresh connection as Pingora's stream.
    pub(crate) async fn open_stream(&self, address: SocketAddr) -> Result<Stream> {
        let connection = self.open(address).await?;
        let mut stream = match connection.socket {
            Socket::Tcp(tcp) => Stream::from(tcp),
            tls @ Socket::Tls(_) => Stream::from(VirtualSocketStream::new(Box::new(tls))),
        };
        let abort = connection.abort;
        Handles { abort, loan: None }.attach(&mut stream)?;
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
