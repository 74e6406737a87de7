use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use platform_standin::{Name, Settings, Standin};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::{connect, get, read_until};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What arrives next, or `None` at the end; a test must not wait for ever.
async fn next(socket: &mut Socket) -> Option<tungstenite::Result<Message>> {
    timeout(Duration::from_secs(10), socket.next())
        .await
        .expect("something arrives, or the connection ends")
}

#[tokio::test]
async fn websocket_returns_every_message_on_any_path() {
    let standin = Standin::start(Name::McpWs).unwrap();
    for path in ["/ws", "/", "/any/where?access_token=t"] {
        let (mut socket, _) = connect_async(format!("ws://{}{path}", standin.address()))
            .await
            .unwrap();
        for message in [
            Message::text("caf\u{e9}"),
            Message::binary(vec![0, 255, 7]),
            Message::text(""),
        ] {
            socket.send(message.clone()).await.unwrap();
            assert_eq!(next(&mut socket).await.unwrap().unwrap(), message);
        }
        socket.send(Message::Ping("p".into())).await.unwrap();
        assert_eq!(next(&mut socket).await.unwrap().unwrap(), Message::Pong("p".into()));
        socket.close(None).await.unwrap();
        assert!(matches!(next(&mut socket).await, Some(Ok(Message::Close(None)))));
    }
}

#[tokio::test]
async fn websocket_agrees_to_the_first_subprotocol() {
    let standin = Standin::start(Name::McpWs).unwrap();
    let mut request = format!("ws://{}/ws", standin.address()).into_client_request().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "mcp, other".parse().unwrap());
    let (_, answer) = connect_async(request).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "mcp");
}

#[test]
fn websocket_refuses_what_is_no_handshake() {
    let standin = Standin::start(Name::McpWs).unwrap();
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    let cases: [(&[&str], u16); 4] = [
        (&[], 426),
        (
            &["upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"],
            400,
        ),
        (
            &[
                "upgrade: websocket",
                "connection: upgrade",
                "sec-websocket-version: 13",
                "sec-websocket-key: short",
            ],
            400,
        ),
        (
            &[
                "upgrade: websocket",
                "connection: upgrade",
                "sec-websocket-version: 12",
                key,
            ],
            426,
        ),
    ];
    for (headers, status) in cases {
        assert_eq!(get(standin.port(), "/ws", headers).status, status, "{headers:?}");
    }
}

#[test]
fn event_stream_starts_with_connected_and_goes_on_without_heartbeats() {
    let settings = Settings {
        sse_interval: Duration::from_millis(20),
    };
    let standin = Standin::start_on(Name::McpSse, (Ipv4Addr::LOCALHOST, 0).into(), settings).unwrap();
    for path in ["/sse", "/api/v1/events"] {
        let mut stream = connect(standin.port());
        write!(stream, "GET {path} HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
        let head = read_until(&mut stream, "\r\n\r\n");
        assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
        let connected = read_until(&mut stream, "\n\n");
        assert!(connected.contains("event: connected\n"), "{connected}");
        let (first, second) = (read_until(&mut stream, "\n\n"), read_until(&mut stream, "\n\n"));
        assert!(first.contains("event: memory\nid: 1\ndata: {\"number\":1,"), "{first}");
        assert!(second.contains("id: 2\n") && !second.contains("\n:"), "{second}");
    }
}

#[test]
fn dropping_a_standin_cuts_its_streams() {
    let standin = Standin::start(Name::McpSse).unwrap();
    let mut stream = connect(standin.port());
    stream.write_all(b"GET /sse HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
    read_until(&mut stream, "event: connected\n");
    drop(standin);
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest);
    // Cut, not ended: the last chunk of a finished body is missing.
    assert!(
        end.is_err() || !rest.ends_with(b"0\r\n\r\n"),
        "{:?}",
        String::from_utf8_lossy(&rest)
    );
}

#[tokio::test]
async fn dropping_a_standin_cuts_its_websockets() {
    let standin = Standin::start(Name::McpWs).unwrap();
    let (mut socket, _) = connect_async(format!("ws://{}/", standin.address())).await.unwrap();
    drop(standin);
    assert!(!matches!(next(&mut socket).await, Some(Ok(_))));
}
