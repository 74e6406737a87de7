//! The accept loop.

use crate::support::{Gateway, Says, State, eventually, header};
use auth_gateway::http::route::{Route, get};
use auth_gateway::http::{BaseSettings, ConnectionLimits, TrustedProxies};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

async fn start(table: Vec<Route<State>>, limits: ConnectionLimits) -> Gateway {
    Gateway::start(table, BaseSettings::default(), limits, Says::default()).await
}

async fn until_closed(mut stream: TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut received)).await;
    // A reset closes as well.
    drop(closed.expect("the connection is closed"));
    received
}

#[tokio::test]
async fn a_head_that_does_not_arrive_is_cut() {
    let limits = ConnectionLimits {
        head_time: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let gateway = start(vec![get("/", async || "")], limits).await;
    let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await
        .expect("sent");
    assert!(!until_closed(stream).await.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn who_does_not_read_is_cut() {
    let limits = ConnectionLimits {
        write_time: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let gateway = start(vec![get("/", async || vec![b'a'; 64 << 20])], limits).await;
    let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
    let requests = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3);
    stream.write_all(requests.as_bytes()).await.expect("sent");
    eventually(|| (gateway.metrics.connections.get() == 1).then_some(())).await;
    eventually(|| (gateway.metrics.connections.get() == 0).then_some(())).await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let gateway = start(vec![get("/", async || "")], ConnectionLimits::default()).await;
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "a".repeat(20_000));
    for fields in [many, long] {
        let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        // The server may have closed before all of it was sent.
        drop(stream.write_all(head.as_bytes()).await);
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.expect("an answer");
        assert_eq!(&status, b"HTTP/1.1 431");
    }
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_a_trusted_proxy_any_number() {
    let limits = ConnectionLimits {
        per_address: 2,
        ..ConnectionLimits::default()
    };
    let gateway = start(vec![get("/", async || "")], limits.clone()).await;
    let held = [
        TcpStream::connect(gateway.address).await.expect("a connection"),
        TcpStream::connect(gateway.address).await.expect("a connection"),
    ];
    eventually(|| (gateway.metrics.connections.get() == 2).then_some(())).await;
    let third = TcpStream::connect(gateway.address).await.expect("a connection");
    assert!(until_closed(third).await.is_empty());
    assert!(
        gateway
            .metrics
            .render()
            .contains(r#"auth_connections_refused_total{cap="address"} 1"#)
    );
    drop(held);
    eventually(|| (gateway.metrics.connections.get() == 0).then_some(())).await;
    assert!(gateway.get("/").await.status().is_success());

    let proxy = TrustedProxies::new(vec!["127.0.0.0/8".parse().expect("a network")]);
    let limits = ConnectionLimits {
        unlimited: proxy,
        ..limits
    };
    let gateway = start(vec![get("/", async || "")], limits).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(TcpStream::connect(gateway.address).await.expect("a connection"));
    }
    assert!(gateway.get("/").await.status().is_success());
}

#[tokio::test]
async fn a_shutdown_lets_answers_finish_and_takes_nothing_new() {
    let (began, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (begin, pass) = (Arc::clone(&began), Arc::clone(&gate));
    let slow = async move || {
        begin.add_permits(1);
        drop(pass.acquire().await);
        "finished"
    };
    let mut gateway = start(vec![get("/slow", slow)], ConnectionLimits::default()).await;
    let request = tokio::spawn(gateway.client.get(gateway.url("/slow")).send());
    drop(began.acquire().await);
    let idle = TcpStream::connect(gateway.address).await.expect("a connection");
    gateway.stop();
    assert!(until_closed(idle).await.is_empty(), "idle connections are closed");
    assert!(TcpStream::connect(gateway.address).await.is_err());
    gate.add_permits(1);
    let response = request.await.expect("no panic").expect("an answer");
    assert_eq!(header(&response, "connection"), Some("close"));
    assert_eq!(response.text().await.expect("text"), "finished");
    gateway.served().await;
}

#[tokio::test]
async fn what_does_not_finish_in_the_drain_is_cut() {
    let began = Arc::new(Semaphore::new(0));
    let begin = Arc::clone(&began);
    let forever = async move || -> &'static str {
        begin.add_permits(1);
        std::future::pending().await
    };
    let limits = ConnectionLimits {
        drain: Duration::from_millis(50),
        ..ConnectionLimits::default()
    };
    let mut gateway = start(vec![get("/forever", forever)], limits).await;
    let request = tokio::spawn(gateway.client.get(gateway.url("/forever")).send());
    drop(began.acquire().await);
    gateway.stop();
    gateway.served().await;
    assert!(request.await.expect("no panic").is_err());
}

#[tokio::test]
async fn a_request_of_http_1_1_names_its_host_once() {
    let gateway = start(vec![get("/", async || "")], ConnectionLimits::default()).await;
    let cases = [
        ("GET / HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: a\r\n", "200"),
        ("GET / HTTP/1.0\r\n", "200"),
        ("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n", "400"),
    ];
    for (head, status) in cases {
        let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
        let head = format!("{head}Connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let received = until_closed(stream).await;
        let line = String::from_utf8_lossy(&received);
        assert_eq!(line.split(' ').nth(1), Some(status), "{head}: {line}");
    }
}
