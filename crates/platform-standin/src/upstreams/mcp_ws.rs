//! The MCP WebSocket server: on any path, every message comes back as it was sent.

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::health;
use crate::answer::{self, Answer};
use crate::call::Call;
use crate::listening::Tasks;

pub(super) fn answer(call: &Call) -> Answer {
    match call.segments().as_slice() {
        ["health"] => answer::ok(health("mcp-ws")),
        _ => upgrade_required(),
    }
}

pub(crate) fn is_upgrade(parts: &Parts) -> bool {
    names(&parts.headers, UPGRADE, "websocket")
}

/// RFC 6455 section 4.2: refuses a handshake that is not one, otherwise switches and echoes.
pub(crate) fn accept(mut request: Request<Incoming>, tasks: &Tasks) -> Answer {
    let headers = request.headers();
    let Some(key) = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| is_key(key.as_bytes()))
        .cloned()
    else {
        return refused("Sec-WebSocket-Key must be 16 bytes in base64");
    };
    if request.method() != Method::GET || !names(headers, CONNECTION, "upgrade") {
        return refused("A WebSocket handshake is a GET with Connection: Upgrade");
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return upgrade_required();
    }
    let protocol = headers
        .get(SEC_WEBSOCKET_PROTOCOL)
        .and_then(|offered| offered.to_str().ok());
    let protocol = protocol
        .and_then(|offered| offered.split(',').next())
        .map(|first| first.trim().to_owned());

    tasks.spawn(echo(hyper::upgrade::on(&mut request)));

    let mut answer = Response::new(answer::full(""));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = answer::with(answer, CONNECTION, "Upgrade");
    let answer = answer::with(answer, UPGRADE, "websocket");
    let answer = answer::with(answer, SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes()));
    match protocol {
        Some(protocol) => answer::with(answer, SEC_WEBSOCKET_PROTOCOL, &protocol),
        None => answer,
    }
}

async fn echo(upgrade: OnUpgrade) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    // Pings and the closing handshake are answered by the library as long as someone reads.
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}

fn refused(text: &str) -> Answer {
    answer::error(StatusCode::BAD_REQUEST, text, "BAD_HANDSHAKE")
}

fn upgrade_required() -> Answer {
    let answer = answer::error(
        StatusCode::UPGRADE_REQUIRED,
        "This server speaks WebSocket",
        "UPGRADE_REQUIRED",
    );
    let answer = answer::with(answer, UPGRADE, "websocket");
    answer::with(answer, SEC_WEBSOCKET_VERSION, "13")
}

/// 16 bytes in base64 are 22 digits and the padding.
fn is_key(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix(b"==")
        .is_some_and(|digits| digits.len() == 22 && digits.iter().all(digit))
}

/// Whether a comma-separated header names `token`.
fn names(headers: &HeaderMap, header: HeaderName, token: &str) -> bool {
    let values = headers.get_all(header);
    values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}
