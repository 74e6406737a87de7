//! A client's connection: small write buffer, protocol detection, and one deadline for a whole request head.
//!
//! Pingora's own stream has a 64 KiB read buffer per connection and a timeout per read, by which a client that sends a
//! byte a minute holds a connection for ever. This one has neither. What Pingora would answer by itself to a head that it
//! cannot read, the edge says in its own words.

mod unread_head;

use crate::answer::Denied;
use crate::filters::client_address::{ClientAddress, Forwarded, Peer};
use crate::live::Gateway;
use async_trait::async_trait;
use bytes::BytesMut;
use http::HeaderValue;
use pingora_core::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream, TimingDigest,
    UniqueID, UniqueIDType,
};
use pingora_proxy::Session;
use std::io;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// The head and the first piece of an answer leave in one packet.
const WRITE_BUFFER: usize = 8 * 1024;
/// Room for the head and a small body, so that most answers never grow it.
const FIRST_BUFFER: usize = 4 * 1024;
/// RFC 9113 section 3.4.
const H2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Which protocol a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// Shared between a connection's stream and its requests.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    peer: Peer,
    /// Even while a head is awaited; odd from its end to the next head, when the head deadline rests.
    stage: AtomicUsize,
    /// What was forwarded last: mostly, the next request's upstream is told the same.
    forwarded: Mutex<Option<Arc<Forwarded>>>,
}

impl ConnectionState {
    pub(crate) fn of(session: &Session) -> Option<&Self> {
        let data = session.digest()?.proxy_digest.as_ref()?.user_data.as_ref()?;
        data.downcast_ref::<Arc<Self>>().map(Arc::as_ref)
    }

    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// To be called when a request's head has been read.
    pub(crate) fn head_complete(&self) {
        self.stage.fetch_or(1, Ordering::AcqRel);
    }

    fn awaits_head(&self) -> bool {
        self.stage.load(Ordering::Acquire).is_multiple_of(2)
    }

    /// A new head is awaited.
    pub(crate) fn next_head(&self) {
        self.head_complete();
        self.stage.fetch_add(1, Ordering::AcqRel);
    }

    /// What an upstream is told of the connection's client.
    pub(crate) fn forwarded(&self, client: &ClientAddress, host: Option<&HeaderValue>) -> Arc<Forwarded> {
        let mut last = self.forwarded.lock().unwrap_or_else(PoisonError::into_inner);
        let forwarded = Forwarded::of(client, host, last.take());
        *last = Some(Arc::clone(&forwarded));
        forwarded
    }
}

/// The stream Pingora reads requests from.
#[derive(Debug)]
pub(crate) struct ClientStream {
    tcp: TcpStream,
    gateway: Arc<Gateway>,
    protocol: Protocol,
    /// A head could not be read, and its answer is on the way: nothing may follow.
    refused: bool,
    /// Bytes read to tell the protocol, served before the socket's own.
    peeked: BytesMut,
    written: BytesMut,
    header_timeout: Duration,
    /// When the head under way began: with its first byte, the first one with the connection.
    head_began: Option<Instant>,
    /// Set when a head does not come in one piece.
    head_deadline: Option<Pin<Box<Sleep>>>,
    /// The stage that `head_began` and `head_deadline` belong to.
    stage: usize,
    state: Arc<ConnectionState>,
    digest: Arc<ProxyDigest>,
    socket: Arc<SocketDigest>,
    established: SystemTime,
}

impl ClientStream {
    /// Takes a fresh connection over. The first head's deadline counts from now.
    pub(crate) fn new(
        tcp: TcpStream,
        peer: std::net::SocketAddr,
        gateway: &Arc<Gateway>,
        header_timeout: Duration,
    ) -> pingora_core::Result<Self> {
        let state = Arc::new(ConnectionState {
            peer: Peer::new(peer.ip()),
            stage: AtomicUsize::new(0),
            forwarded: Mutex::new(None),
        });
        let socket = SocketDigest::from_raw_fd(tcp.as_raw_fd());
        // A new cell is empty.
        drop(socket.peer_addr.set(Some(PeerAddress::Inet(peer))));
        let no_proxy = pingora_http::ResponseHeader::build_no_case(200, None)?;
        let digest = ProxyDigest::new(Box::new(no_proxy), Some(Box::new(Arc::clone(&state))));
        Ok(Self {
            tcp,
            gateway: Arc::clone(gateway),
            protocol: Protocol::Http1,
            refused: false,
            peeked: BytesMut::new(),
            written: BytesMut::new(),
            header_timeout,
            head_began: Some(Instant::now()),
            head_deadline: None,
            stage: 0,
            state,
            digest: Arc::new(digest),
            socket: Arc::new(socket),
            established: SystemTime::now(),
        })
    }

    pub(crate) fn state(&self) -> Arc<ConnectionState> {
        Arc::clone(&self.state)
    }

    /// Tells the protocol from a connection's first bytes, within the first head's deadline.
    pub(crate) async fn detect(&mut self) -> io::Result<Protocol> {
        let deadline = Instant::now() + self.header_timeout;
        let Ok(told) = tokio::time::timeout_at(deadline, self.peek()).await else {
            if !self.peeked.is_empty() {
                self.refuse_late_head();
            }
            return Err(io::ErrorKind::TimedOut.into());
        };
        self.protocol = told?;
        Ok(self.protocol)
    }

    /// Reads just enough to know: an HTTP/1 request differs from the HTTP/2 preface within its first bytes.
    async fn peek(&mut self) -> io::Result<Protocol> {
        while self.peeked.len() < H2_PREFACE.len() {
            let mut piece = [0; 24];
            let wanted = H2_PREFACE.len() - self.peeked.len();
            let read = self.tcp.read(&mut piece[..wanted]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.peeked.extend_from_slice(&piece[..read]);
            if !H2_PREFACE.starts_with(&self.peeked) {
                return Ok(Protocol::Http1);
            }
        }
        Ok(Protocol::Http2)
    }

    /// Waits for a request's first byte, or the connection's end. Pingora would keep the state of a whole exchange and
    /// buffers for it meanwhile, which an idle connection had better not cost.
    pub(crate) async fn readable(stream: &mut Stream) -> io::Result<()> {
        stream.flush().await?;
        match stream.as_ref().as_any().downcast_ref::<Self>() {
            Some(client) => client.tcp.readable().await,
            None => Ok(()),
        }
    }

    /// Whether a head is overdue. Most heads come in one piece and need no timer.
    fn poll_head_deadline(&mut self, cx: &mut Context<'_>, got_bytes: bool) -> Poll<io::Error> {
        // An HTTP/2 connection has its own ways to end.
        if self.protocol == Protocol::Http2 {
            return Poll::Pending;
        }
        let stage = self.state.stage.load(Ordering::Acquire);
        if stage != self.stage {
            (self.stage, self.head_began, self.head_deadline) = (stage, None, None);
        }
        if stage % 2 == 1 {
            return Poll::Pending;
        }
        if got_bytes && self.head_began.is_none() {
            self.head_began = Some(Instant::now());
        }
        let Some(due) = self.head_began.map(|began| began + self.header_timeout) else {
            return Poll::Pending;
        };
        if got_bytes && self.head_deadline.is_none() {
            return Poll::Pending;
        }
        let deadline = self
            .head_deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        deadline.as_mut().poll(cx).map(|()| io::ErrorKind::TimedOut.into())
    }

    /// Whether the client reads the answer or not, the connection closes.
    fn refuse_late_head(&mut self) {
        let answer = self.refuse_head(&Denied::RequestTimeout);
        drop(self.tcp.try_write(&answer));
    }

    fn refuse_head(&mut self, denied: &Denied) -> Vec<u8> {
        let waited = self.head_began.map(|began| began.elapsed()).unwrap_or_default();
        self.refused = true;
        self.state.head_complete();
        unread_head::refuse(&self.gateway, &self.state.peer, denied, waited)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.written.is_empty() {
            let sent = ready!(Pin::new(&mut self.tcp).poll_write(cx, &self.written))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            bytes::Buf::advance(&mut self.written, sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.peeked.is_empty() {
            let length = this.peeked.len().min(buf.remaining());
            buf.put_slice(&this.peeked.split_to(length));
            return Poll::Ready(Ok(()));
        }
        // Whoever reads is about to wait: nothing written before may be held back meanwhile.
        if let Poll::Ready(Err(broken)) = this.poll_drain(cx) {
            return Poll::Ready(Err(broken));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.tcp).poll_read(cx, buf)?;
        let got_bytes = buf.filled().len() > before;
        if read.is_ready() && !got_bytes {
            return Poll::Ready(Ok(()));
        }
        if let Poll::Ready(overdue) = this.poll_head_deadline(cx, got_bytes) {
            this.refuse_late_head();
            return Poll::Ready(Err(overdue));
        }
        read.map(Ok)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.state.awaits_head() && this.protocol == Protocol::Http1 {
            let answer = this.refuse_head(&unread_head::refusal_in(buf));
            this.written.extend_from_slice(&answer);
        }
        if this.refused {
            return Poll::Ready(Ok(buf.len()));
        }
        if this.written.len() + buf.len() <= WRITE_BUFFER {
            if this.written.capacity() == 0 {
                this.written.reserve(FIRST_BUFFER.max(buf.len()));
            }
            this.written.extend_from_slice(buf);
            return Poll::Ready(Ok(buf.len()));
        }
        if this.written.is_empty() {
            return Pin::new(&mut this.tcp).poll_write(cx, buf);
        }
        // Both parts in one system call.
        let parts = [io::IoSlice::new(&this.written), io::IoSlice::new(buf)];
        let sent = ready!(Pin::new(&mut this.tcp).poll_write_vectored(cx, &parts))?;
        let buffered = this.written.len();
        if sent > buffered {
            this.written.clear();
            return Poll::Ready(Ok(sent - buffered));
        }
        bytes::Buf::advance(&mut this.written, sent);
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.tcp).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        if this.written.capacity() > 0 {
            // An idle connection holds no buffer.
            this.written = BytesMut::new();
        }
        Pin::new(&mut this.tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.tcp).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for ClientStream {
    async fn shutdown(&mut self) {
        if let Err(error) = AsyncWriteExt::shutdown(self).await {
            log::debug!("a client connection was already closed: {error}");
        }
    }
}

impl UniqueID for ClientStream {
    fn id(&self) -> UniqueIDType {
        self.tcp.as_raw_fd()
    }
}

impl Ssl for ClientStream {}

impl GetTimingDigest for ClientStream {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        vec![Some(TimingDigest {
            established_ts: self.established,
            ..TimingDigest::default()
        })]
    }
}

impl GetProxyDigest for ClientStream {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        Some(Arc::clone(&self.digest))
    }
}

impl GetSocketDigest for ClientStream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(Arc::clone(&self.socket))
    }
}

#[async_trait]
impl Peek for ClientStream {
    /// Answers from what `detect` has read.
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        let length = self.peeked.len().min(buf.len());
        buf[..length].copy_from_slice(&self.peeked[..length]);
        Ok(true)
    }
}
