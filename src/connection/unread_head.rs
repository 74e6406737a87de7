//! A request whose head could not be read: its answer, its line in the log, its count. Nothing of the head is believed,
//! so the answer is dressed as for a client of which only the address is known.

use crate::answer::{Denied, Reply, ReplyBody, SERVER};
use crate::filters::client_address::{Peer, Scheme};
use crate::filters::cors;
use crate::filters::request_id::{RequestId, X_REQUEST_ID};
use crate::live::Gateway;
use crate::routes::method::MethodSet;
use crate::telemetry::access_log::Entry;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::time::Duration;

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What Pingora means by the head of its own answer to a request that it keeps to itself.
pub(super) fn refusal_in(head: &[u8]) -> Denied {
    let status = head.get(9..12).and_then(|digits| StatusCode::from_bytes(digits).ok());
    match status {
        // A CONNECT: this gateway opens no tunnels.
        Some(StatusCode::METHOD_NOT_ALLOWED) => Denied::MethodNotAllowed { allow: MethodSet::ANY },
        _ => Denied::InvalidRequest("the request head is malformed"),
    }
}

/// Logs and counts the refusal, and returns its answer, head and body. The connection is to be closed after it.
pub(super) fn refuse(gateway: &Gateway, peer: &Peer, denied: &Denied, waited: Duration) -> Vec<u8> {
    let request_id = RequestId::generate();
    let (answer, body_length) = answer(gateway, denied, &request_id);
    let status = denied.status().as_u16();
    gateway.metrics.unrouted.observe(None, status, waited, false);
    gateway.access_log.write(&Entry {
        client_ip: Some(peer.as_str()),
        status,
        refusal: Some(denied.code()),
        bytes_sent: body_length,
        duration: waited,
        ..Entry::of(request_id.as_str())
    });
    answer
}

fn answer(gateway: &Gateway, denied: &Denied, request_id: &RequestId) -> (Vec<u8>, u64) {
    let reply = Reply::refusal(denied, request_id);
    let body = match reply.body {
        ReplyBody::Full(bytes) => bytes,
        ReplyBody::Empty | ReplyBody::File { .. } => bytes::Bytes::new(),
    };
    let mut headers = HeaderMap::new();
    headers.extend(reply.headers);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(header::CONNECTION, CLOSE);
    cors::vary_by_origin(&mut headers);
    gateway
        .snapshot()
        .map
        .security_headers
        .write(Scheme::Http, &mut headers);
    headers.insert(header::SERVER, SERVER);
    headers.insert(X_REQUEST_ID, request_id.header_value().clone());
    let mut bytes = format!("HTTP/1.1 {}\r\n", reply.status).into_bytes();
    for (name, value) in &headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    (bytes, body.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_bare_answer_tells_the_refusal() {
        assert_eq!(refusal_in(b"HTTP/1.1 405 Method Not Allowed\r\n").status(), 405);
        for head in [b"HTTP/1.1 400 Bad Request\r\n".as_slice(), b"HTTP/1.1 4", b""] {
            assert_eq!(refusal_in(head).status(), 400);
        }
    }
}
