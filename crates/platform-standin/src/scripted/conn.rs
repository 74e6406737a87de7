//! One accepted connection, in the hands of a script.

use std::io;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::rustls::HandshakeKind;
use tokio_util::either::Either;

use super::Request;
use crate::listening::Stream;
use crate::wire::{Head, Malformed};

pub struct Conn {
    stream: Stream,
    number: usize,
    buffer: BytesMut,
}

impl Conn {
    pub(super) fn new(stream: Stream, number: usize) -> Conn {
        Conn {
            stream,
            number,
            buffer: BytesMut::new(),
        }
    }

    /// Its place among the connections of the server, counted from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The name the client asked for in TLS (SNI).
    pub fn server_name(&self) -> Option<&str> {
        match &self.stream {
            Either::Left(_) => None,
            Either::Right(tls) => tls.get_ref().1.server_name(),
        }
    }

    /// Whether its TLS session continues that of an earlier connection.
    pub fn is_resumed(&self) -> bool {
        match &self.stream {
            Either::Left(_) => false,
            Either::Right(tls) => tls.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }

    /// The next request's head; its body, if any, is left to be read. `None` when the client closed in between.
    pub async fn read_head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(head) = Head::parse(&self.buffer)? {
                self.buffer.advance(head.raw.len());
                return Ok(Some(head));
            }
            if self.fill().await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        }
    }

    /// The next request with its whole body. `None` when the client closed in between.
    pub async fn read_request(&mut self) -> io::Result<Option<Request>> {
        let Some(head) = self.read_head().await? else {
            return Ok(None);
        };
        let mut reader = head.body()?;
        while !reader.read(&mut self.buffer)? {
            if self.fill().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Some(Request {
            head,
            body: reader.body.decoded,
            raw_body: reader.body.raw,
        }))
    }

    /// Bytes as they come; none once the client has closed.
    pub async fn read(&mut self) -> io::Result<Vec<u8>> {
        if self.buffer.is_empty() {
            self.fill().await?;
        }
        Ok(self.buffer.split().to_vec())
    }

    /// Writes these very bytes, at once.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    /// Ends our side of the connection in order (FIN, and close_notify on TLS).
    pub async fn close(mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Ends the connection with a reset (RST).
    pub fn reset(self) -> io::Result<()> {
        match &self.stream {
            Either::Left(tcp) => tcp.set_zero_linger(),
            Either::Right(tls) => tls.get_ref().0.set_zero_linger(),
        }
    }

    /// Reads and forgets until the client closes.
    pub async fn until_closed(&mut self) -> io::Result<()> {
        while !self.read().await?.is_empty() {}
        Ok(())
    }

    /// What has arrived and was not read yet.
    pub(super) fn buffered(&self) -> &[u8] {
        &self.buffer
    }

    pub(super) async fn fill(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.buffer).await
    }
}

impl From<Malformed> for io::Error {
    fn from(malformed: Malformed) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, malformed)
    }
}
