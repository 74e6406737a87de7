//! HTTP/1.0 clients: no chunks, and no connection that outlives its answer unless they ask for it.

use crate::support::{Client, Edge};
use platform_standin::scripted::{Server, fixed, ok};

async fn behind(answer: impl Into<Vec<u8>>) -> (Edge, Server) {
    let upstream = Server::start(fixed(answer)).expect("a server");
    (Edge::in_front_of(&upstream.url(), "").start().await, upstream)
}

async fn ask(edge: &Edge, more: &str) -> Client {
    let mut client = edge.client().await;
    client
        .write(format!("GET /x HTTP/1.0\r\nHost: localhost\r\n{more}\r\n").as_bytes())
        .await;
    client
}

#[tokio::test]
async fn an_answer_of_unknown_length_ends_with_the_connection() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n4\r\n now\r\n0\r\n\r\n";
    let (edge, _upstream) = behind(chunked).await;
    for more in ["", "Connection: keep-alive\r\n"] {
        let answer = ask(&edge, more).await.response(false).await.expect("an answer");
        assert_eq!((answer.status, answer.text()), (200, "fine now".into()), "{more}");
        assert_eq!(
            (answer.header("transfer-encoding"), answer.header("connection")),
            (None, Some("close")),
            "{more}"
        );
    }
}

#[tokio::test]
async fn a_connection_goes_on_when_the_client_asks_and_the_length_is_known() {
    let (edge, _upstream) = behind(ok("fine")).await;
    let mut closing = ask(&edge, "").await;
    assert_eq!(closing.response(false).await.expect("an answer").text(), "fine");
    assert_eq!(closing.until_closed().await, b"");
    let mut kept = ask(&edge, "Connection: keep-alive\r\n").await;
    for _ in 0..2 {
        let answer = kept.response(false).await.expect("an answer");
        assert_eq!(
            (answer.text(), answer.header("connection")),
            ("fine".into(), Some("keep-alive"))
        );
        kept.write(b"GET /x HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
            .await;
    }
}
