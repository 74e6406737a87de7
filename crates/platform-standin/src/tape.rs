//! Listens in on a connection that hyper serves, because hyper groups headers by name: the echo wants the head as it came.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::{BodyReader, Head, Malformed};

/// Heads heard on an HTTP/1 connection, in order. HTTP/2 and upgraded connections leave it empty.
#[derive(Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<Scan>>);

#[derive(Default)]
struct Scan {
    pending: BytesMut,
    heads: VecDeque<Head>,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Head,
    Body(BodyReader),
    /// No longer HTTP/1.
    Off,
}

impl Tape {
    pub(crate) fn next_head(&self) -> Option<Head> {
        self.scan().heads.pop_front()
    }

    fn hear(&self, bytes: &[u8]) {
        let mut scan = self.scan();
        if matches!(scan.state, State::Off) {
            return;
        }
        scan.pending.extend_from_slice(bytes);
        if scan.advance().is_err() {
            scan.state = State::Off;
            scan.pending = BytesMut::new();
        }
    }

    fn scan(&self) -> std::sync::MutexGuard<'_, Scan> {
        self.0.lock().expect("nothing panics while it holds the tape")
    }
}

impl Scan {
    fn advance(&mut self) -> Result<(), Malformed> {
        loop {
            match &mut self.state {
                State::Off => return Ok(()),
                State::Head => {
                    let Some(head) = Head::parse(&self.pending)? else {
                        return Ok(());
                    };
                    self.pending.advance(head.raw.len());
                    self.state = State::Body(head.body()?);
                    self.heads.push_back(head);
                }
                State::Body(reader) => {
                    let complete = reader.read(&mut self.pending)?;
                    reader.body = Default::default();
                    if !complete {
                        return Ok(());
                    }
                    self.state = State::Head;
                }
            }
        }
    }
}

/// A connection with a tape running.
pub(crate) struct Taped<S> {
    stream: S,
    tape: Tape,
}

impl<S> Taped<S> {
    pub(crate) fn new(stream: S, tape: Tape) -> Taped<S> {
        Taped { stream, tape }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Taped<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.tape.hear(&buf.filled()[before..]);
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Taped<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
