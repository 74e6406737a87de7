//! Requests whose head cannot be read: refused in the edge's own words, logged and counted like any other.

use crate::support::edge::one_route;
use crate::support::{Edge, Request, Response, eventually};
use platform_standin::scripted::{Log, Server, ok, recording};

const TOKEN: &str = "tok-5f0c9d2e7b";

async fn edge(gateway: &str, rust_log: &str) -> (Edge, Server) {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let map = one_route(&upstream.url(), "");
    let edge = Edge::with(&format!(
        "{map}security_headers: {{ x_content_type_options: nosniff }}\n"
    ));
    let edge = edge.gateway(gateway).env("RUST_LOG", rust_log).start().await;
    (edge, upstream)
}

/// Heads that no server should read, all with a credential.
fn unreadable() -> Vec<String> {
    let many = (0..300).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    [
        "GET /x HTTP/9.9\r\nHost: localhost\r\n",
        "GET /x\r\nHost: localhost\r\n",
        "GET /x HTTP/1.1\r\nHost: localhost\r\nHost: localhost:1\r\n",
        "GET /x HTTP/1.1\r\nHost: localhost\r\nno colon here\r\n",
        "GET /x HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n",
        &format!("GET /x HTTP/1.1\r\nHost: localhost\r\n{many}"),
    ]
    .map(|head| format!("{head}Authorization: Bearer {TOKEN}\r\n\r\n"))
    .to_vec()
}

async fn answer_to(edge: &Edge, head: &str) -> Response {
    let mut client = edge.client().await;
    client.write(head.as_bytes()).await;
    let answer = client.response(false).await;
    assert_eq!(client.until_closed().await, b"", "nothing follows: {head}");
    answer.unwrap_or_else(|| panic!("no answer: {head}"))
}

/// The body of every refusal, the headers of every answer, and a line in the log under the id of both.
async fn assert_refused(edge: &Edge, answer: &Response, status: u16, code: &str) {
    let id = answer.header("x-request-id").expect("an id");
    assert_eq!((answer.status, answer.code()), (status, code.into()));
    assert_eq!(answer.json()["request_id"], id);
    for (name, value) in [
        ("content-type", "application/problem+json"),
        ("cache-control", "no-store"),
        ("connection", "close"),
        ("server", "onasis-gateway"),
        ("vary", "Origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let line = edge.log_line(id).await;
    assert_eq!((&line["status"], &line["refusal"]), (&status.into(), &code.into()));
    assert_eq!(line["client_ip"], "127.0.0.1");
    assert!(line["method"].is_null() && line["path"].is_null() && line["protocol"].is_null());
    assert_eq!(line["bytes_sent"], answer.body.len());
}

#[tokio::test]
async fn a_malformed_head_is_refused_logged_and_counted_like_any_other_request() {
    let (edge, _upstream) = edge("", "warn").await;
    let heads = unreadable();
    for head in &heads {
        assert_refused(&edge, &answer_to(&edge, head).await, 400, "INVALID_REQUEST").await;
    }
    let counted = edge
        .metric(r#"edge_http_requests_total{code="400",method="_OTHER",route="none"}"#)
        .await;
    assert_eq!(counted.to_string(), heads.len().to_string());
}

#[tokio::test]
async fn a_connection_may_send_a_malformed_head_after_good_ones() {
    let (edge, _upstream) = edge("", "warn").await;
    let mut client = edge.client().await;
    for _ in 0..2 {
        assert_eq!(client.send(&Request::get("/x")).await.status, 200);
    }
    client.write(unreadable()[0].as_bytes()).await;
    let answer = client.response(false).await.expect("an answer");
    assert_refused(&edge, &answer, 400, "INVALID_REQUEST").await;
    assert_eq!(client.until_closed().await, b"");
}

#[tokio::test]
async fn a_tunnel_is_refused_with_the_methods_there_are() {
    let (edge, _upstream) = edge("", "warn").await;
    let answer = answer_to(&edge, "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n").await;
    assert_refused(&edge, &answer, 405, "METHOD_NOT_ALLOWED").await;
    let allowed = answer.header("allow").expect("Allow");
    assert!(allowed.contains("GET") && !allowed.contains("CONNECT"), "{allowed}");
}

#[tokio::test]
async fn a_head_that_comes_too_late_is_refused_logged_and_counted_too() {
    let (edge, _upstream) = edge("limits: { header_timeout: 300ms }", "warn").await;
    for begun in ["G", "GET /x HTTP/1.1\r\nHost: loc"] {
        assert_refused(&edge, &answer_to(&edge, begun).await, 408, "REQUEST_TIMEOUT").await;
    }
    let series = r#"edge_http_requests_total{code="408",method="_OTHER",route="none"}"#;
    assert_eq!(edge.metric(series).await.to_string(), "2");
}

#[tokio::test]
async fn no_level_of_diagnostics_tells_a_credential() {
    let (edge, _upstream) = edge("", "trace,pingora_proxy=trace,pingora_core=trace").await;
    let credential = format!("Bearer {TOKEN}");
    let good = Request::get("/x").header("Authorization", &credential);
    assert_eq!(edge.send(&good).await.status, 200);
    for head in unreadable() {
        answer_to(&edge, &head).await;
    }
    drop(edge.client().await);
    eventually("diagnostics are on", || {
        std::future::ready(edge.stderr().contains("a client sent no request").then_some(()))
    })
    .await;
    assert!(!edge.stderr().contains(TOKEN), "{}", edge.stderr());
}
