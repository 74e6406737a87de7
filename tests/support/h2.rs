//! An HTTP/2 client with prior knowledge, frame by frame.

use super::wait::within;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request, Response};
use std::net::SocketAddr;

/// One connection.
pub struct H2 {
    sender: SendRequest<Bytes>,
}

impl H2 {
    pub async fn connect(address: SocketAddr) -> Self {
        let tcp = tokio::net::TcpStream::connect(address)
            .await
            .expect("the listener accepts");
        let (sender, connection) = within("the HTTP/2 handshake", h2::client::handshake(tcp))
            .await
            .expect("HTTP/2 is spoken");
        tokio::spawn(async move { drop(connection.await) });
        Self { sender }
    }

    /// Sends a request and one piece of its body, and no more.
    pub async fn stall(&mut self, request: Request<()>, piece: &'static [u8]) -> (Response<()>, Vec<u8>) {
        let mut sender = self.sender.clone().ready().await.expect("the connection lives");
        let (response, mut stream) = sender.send_request(request, false).expect("a request");
        stream.send_data(Bytes::from_static(piece), false).expect("a frame");
        received(response).await
    }

    /// Sends a request whose body is these DATA frames, the last of which ends the stream.
    pub async fn send(&mut self, request: Request<()>, frames: &[&'static [u8]]) -> (Response<()>, Vec<u8>) {
        let mut sender = self.sender.clone().ready().await.expect("the connection lives");
        let (response, mut stream) = sender.send_request(request, frames.is_empty()).expect("a request");
        for (index, frame) in frames.iter().enumerate() {
            stream
                .send_data(Bytes::from_static(frame), index + 1 == frames.len())
                .expect("a frame");
        }
        received(response).await
    }
}

async fn received(answer: ResponseFuture) -> (Response<()>, Vec<u8>) {
    let answer = within("an HTTP/2 answer", answer).await.expect("an answer");
    let (head, mut body) = answer.into_parts();
    let mut bytes = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.expect("a whole body");
        drop(body.flow_control().release_capacity(piece.len()));
        bytes.extend_from_slice(&piece);
    }
    (Response::from_parts(head, ()), bytes)
}

/// A request for the edge's own host.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://localhost{path}"))
        .body(())
        .expect("a request");
    let map: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                name.parse::<http::HeaderName>().expect("a name"),
                value.parse::<http::HeaderValue>().expect("a value"),
            )
        })
        .collect();
    *request.headers_mut() = map;
    request
}
