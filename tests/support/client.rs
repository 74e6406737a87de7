//! An HTTP/1.1 client that sends exactly what a test writes and reports exactly what came back.

use super::wait::within;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request as bytes; nothing is added but what the test asks for, a Host and a body's Content-Length.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    raw_framing: bool,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            raw_framing: false,
        }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", target).body(body)
    }

    /// Appends a header line; a `Host` given here replaces the default one.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn host(self, host: &str) -> Self {
        self.header("Host", host)
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The test writes Host and framing headers itself.
    pub fn raw(mut self) -> Self {
        self.raw_framing = true;
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let has = |name: &str| self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.raw_framing && !has("host") {
            head.push_str("Host: localhost\r\n");
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.raw_framing && !self.body.is_empty() && !has("content-length") && !has("transfer-encoding") {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    /// In their order, as sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body ended as its framing says; false when the connection broke first.
    pub complete: bool,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).first().copied()
    }

    pub fn header_values(&self, name: &str) -> Vec<&str> {
        let lines = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }

    /// The `code` of the edge's error body.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// One connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = within("connecting", TcpStream::connect(address))
            .await
            .expect("the listener accepts");
        stream.set_nodelay(true).expect("a TCP socket");
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub async fn send(&mut self, request: &Request) -> Response {
        self.write(&request.bytes()).await;
        let head_only = request.method == "HEAD";
        self.response(head_only).await.expect("an answer")
    }

    /// Writes raw bytes. A peer that has closed is not an error here: its answer tells.
    pub async fn write(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).await);
    }

    /// The next answer; `None` when the connection ended before one began. Interim answers are skipped.
    pub async fn response(&mut self, head_only: bool) -> Option<Response> {
        loop {
            let head = self.head().await?;
            let (status, headers) = parse_head(&head);
            if status != 101 && (100..200).contains(&status) {
                continue;
            }
            let mut response = Response {
                status,
                headers,
                body: Vec::new(),
                complete: true,
            };
            let bodyless = head_only || status == 101 || status == 204 || status == 304;
            if !bodyless {
                self.read_body(&mut response).await;
            }
            return Some(response);
        }
    }

    /// The head of the next answer, whatever its body does.
    pub async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Some(String::from_utf8_lossy(&head).into_owned());
            }
            if self.fill().await == 0 {
                return None;
            }
        }
    }

    /// More bytes of the connection, at least one unless it has ended.
    pub async fn more(&mut self) -> Vec<u8> {
        if self.buffer.is_empty() {
            self.fill().await;
        }
        std::mem::take(&mut self.buffer)
    }

    /// Waits for the end of the connection; returns what came before it.
    pub async fn until_closed(&mut self) -> Vec<u8> {
        while self.fill().await > 0 {}
        std::mem::take(&mut self.buffer)
    }

    /// Reads until the last chunk of a chunked answer, or the end of the connection.
    pub async fn until_closed_or_final_chunk(&mut self) -> Vec<u8> {
        while !self.buffer.ends_with(b"0\r\n\r\n") && self.fill().await > 0 {}
        std::mem::take(&mut self.buffer)
    }

    pub fn into_stream(self) -> TcpStream {
        assert!(
            self.buffer.is_empty(),
            "bytes left: {:?}",
            String::from_utf8_lossy(&self.buffer)
        );
        self.stream
    }

    async fn fill(&mut self) -> usize {
        let mut piece = [0; 16 * 1024];
        let read = within("reading an answer", self.stream.read(&mut piece))
            .await
            .unwrap_or(0);
        self.buffer.extend_from_slice(&piece[..read]);
        read
    }

    async fn read_body(&mut self, response: &mut Response) {
        let chunked = response
            .header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        let length = response
            .header("content-length")
            .map(|length| length.parse::<usize>().expect("a number"));
        match (chunked, length) {
            (true, _) => self.read_chunks(response).await,
            (false, Some(length)) => {
                while self.buffer.len() < length && self.fill().await > 0 {}
                response.complete = self.buffer.len() >= length;
                let taken = length.min(self.buffer.len());
                response.body = self.buffer.drain(..taken).collect();
            }
            (false, None) => response.body = self.until_closed().await,
        }
    }

    async fn read_chunks(&mut self, response: &mut Response) {
        loop {
            let Some(line) = self.line().await else {
                response.complete = false;
                return;
            };
            let size =
                usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16).expect("a chunk size");
            while self.buffer.len() < size + 2 {
                if self.fill().await == 0 {
                    response.complete = false;
                    response.body.append(&mut self.buffer);
                    return;
                }
            }
            response.body.extend(self.buffer.drain(..size));
            assert_eq!(
                self.buffer.drain(..2).collect::<Vec<_>>(),
                b"\r\n",
                "a chunk ends with CRLF"
            );
            if size == 0 {
                return;
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.fill().await == 0 {
                return None;
            }
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn parse_head(head: &str) -> (u16, Vec<(String, String)>) {
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    (
        status.unwrap_or_else(|| panic!("not an HTTP answer: {head:?}")),
        headers.collect(),
    )
}
