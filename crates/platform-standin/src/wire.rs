//! HTTP/1.1 requests as bytes on the wire: heads in the order received, bodies with and without their framing.
//! No I/O; it reads what a test wants to see, and makes no promise to resist an attacker.

use bytes::{Buf, BytesMut};

const MAX_HEADERS: usize = 256;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an HTTP/1.1 request")]
pub(crate) struct Malformed;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub method: String,
    /// The request target, character for character.
    pub target: String,
    /// In the order received, duplicates kept, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The bytes themselves, up to and with the empty line.
    pub raw: Vec<u8>,
}

impl Head {
    /// The head at the start of `bytes`, or `None` while it is incomplete.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Head>, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = request.parse(bytes).map_err(|_| Malformed)? else {
            return Ok(None);
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Ok(Some(Head {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            headers: request
                .headers
                .iter()
                .map(|h| (h.name.to_ascii_lowercase(), text(h.value)))
                .collect(),
            raw: bytes[..length].to_vec(),
        }))
    }

    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a header, in order.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    pub(crate) fn body(&self) -> Result<BodyReader, Malformed> {
        let chunked = |value: &str| value.to_ascii_lowercase().ends_with("chunked");
        let state = match (self.header("transfer-encoding"), self.header("content-length")) {
            (Some(coding), _) if chunked(coding) => State::ChunkSize,
            (Some(_), _) => return Err(Malformed),
            (None, Some(length)) => State::Length(length.parse().map_err(|_| Malformed)?),
            (None, None) => State::Length(0),
        };
        Ok(BodyReader {
            state,
            body: Body::default(),
        })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) decoded: Vec<u8>,
    pub(crate) raw: Vec<u8>,
}

pub(crate) struct BodyReader {
    state: State,
    pub(crate) body: Body,
}

#[derive(Clone, Copy)]
enum State {
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    Done,
}

impl BodyReader {
    /// Takes what belongs to the body from the front of `input`; true once the body is complete.
    pub(crate) fn read(&mut self, input: &mut BytesMut) -> Result<bool, Malformed> {
        loop {
            self.state = match self.state {
                State::Done | State::Length(0) => return Ok(true),
                State::Length(rest) => match self.take_data(input, rest) {
                    0 => return Ok(false),
                    taken => State::Length(rest - taken),
                },
                State::ChunkSize => match httparse::parse_chunk_size(input).map_err(|_| Malformed)? {
                    httparse::Status::Partial => return Ok(false),
                    httparse::Status::Complete((line, size)) => {
                        self.take_framing(input, line);
                        if size == 0 {
                            State::Trailers
                        } else {
                            State::ChunkData(size)
                        }
                    }
                },
                State::ChunkData(rest) => match self.take_data(input, rest) {
                    taken if taken == rest => State::ChunkEnd,
                    0 => return Ok(false),
                    taken => State::ChunkData(rest - taken),
                },
                State::ChunkEnd if input.len() < 2 => return Ok(false),
                State::ChunkEnd if !input.starts_with(b"\r\n") => return Err(Malformed),
                State::ChunkEnd => {
                    self.take_framing(input, 2);
                    State::ChunkSize
                }
                State::Trailers => match input.windows(2).position(|pair| pair == b"\r\n") {
                    None => return Ok(false),
                    Some(length) => {
                        self.take_framing(input, length + 2);
                        if length == 0 { State::Done } else { State::Trailers }
                    }
                },
            };
        }
    }

    fn take_data(&mut self, input: &mut BytesMut, at_most: u64) -> u64 {
        let length = usize::try_from(at_most).unwrap_or(usize::MAX).min(input.len());
        self.body.decoded.extend_from_slice(&input[..length]);
        self.take_framing(input, length);
        length as u64
    }

    fn take_framing(&mut self, input: &mut BytesMut, length: usize) {
        self.body.raw.extend_from_slice(&input[..length]);
        input.advance(length);
    }
}

#[cfg(test)]
mod tests;
