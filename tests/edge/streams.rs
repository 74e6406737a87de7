//! WebSockets and event streams: unbuffered, with limits of their own, counted.

use crate::support::websocket::{echoes, handshake, open};
use crate::support::{Client, Edge, Request, eventually};
use platform_standin::scripted::{EventSource, Log, Server, event_stream, instant_101, ok, recording};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Keeps every core busy until dropped.
struct CpuLoad(Arc<AtomicBool>);

impl CpuLoad {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        for _ in 0..cores * 2 {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || while !stop.load(Ordering::Relaxed) {});
        }
        Self(stop)
    }
}

impl Drop for CpuLoad {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_websocket_is_torn_down_by_an_instant_101_under_cpu_load() {
    let upstream = Server::start(instant_101()).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "stream: websocket").start().await;
    let _load = CpuLoad::start();
    for batch in 0..20 {
        let sessions = (0..50).map(|number| {
            let address = edge.address;
            tokio::spawn(async move {
                let mut tunnel = open(address, &handshake("/ws")).await;
                let first = format!("hello from {batch}/{number}");
                echoes(&mut tunnel, first.as_bytes()).await && echoes(&mut tunnel, b"still there").await
            })
        });
        for (number, session) in sessions.collect::<Vec<_>>().into_iter().enumerate() {
            assert!(
                session.await.expect("no panic"),
                "session {batch}/{number} was torn down"
            );
        }
    }
}

#[tokio::test]
async fn upgrade_on_an_ordinary_route_is_an_ordinary_request() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("plain"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "body_limit: 4").start().await;
    let response = edge
        .send(
            &handshake("/a/../x")
                .header("X-User-Id", "forged")
                .header("Origin", "https://evil.example"),
        )
        .await;
    assert_eq!((response.status, response.text()), (200, "plain".into()));
    let seen = &log.requests()[0].head;
    assert_eq!(seen.target, "/x");
    assert_eq!((seen.header("upgrade"), seen.header("x-user-id")), (None, None));
    // Limits and refusals are the route's own, upgrade or not.
    let refused = edge
        .send(
            &Request::post("/x", "12345")
                .header("Connection", "Upgrade")
                .header("Upgrade", "websocket"),
        )
        .await;
    assert_eq!(refused.code(), "BODY_TOO_LARGE");
    assert_eq!(edge.send(&handshake("/%2e%2e/x")).await.code(), "INVALID_PATH");
}

#[tokio::test]
async fn a_browser_of_a_foreign_origin_opens_no_websocket() {
    let upstream = Server::start(instant_101()).expect("a server");
    let routes = crate::support::edge::one_route(&upstream.url(), "stream: websocket\ncors: app").replace(
        "routes:",
        "cors:\n  app: { origins: [\"https://app.example\"], methods: [GET] }\nroutes:",
    );
    let edge = Edge::with(&routes).start().await;
    let refused = edge
        .send(&handshake("/ws").header("Origin", "https://evil.example"))
        .await;
    assert_eq!((refused.status, refused.code()), (403, "ORIGIN_NOT_ALLOWED".into()));
    assert_eq!(edge.send(&handshake("/ws").header("Origin", "null")).await.status, 403);
    open(edge.address, &handshake("/ws").header("Origin", "https://app.example")).await;
    open(edge.address, &handshake("/ws").header("Origin", "http://localhost")).await;
    open(edge.address, &handshake("/ws")).await;
}

#[tokio::test]
async fn a_websocket_lives_while_either_side_speaks_and_ends_after_the_idle_limit() {
    let upstream = Server::start(instant_101()).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "stream: websocket\ntimeouts: { idle: 400ms }")
        .start()
        .await;
    let mut tunnel = open(edge.address, &handshake("/ws")).await;
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_millis(1200) {
        assert!(
            echoes(&mut tunnel, b"tick").await,
            "a busy tunnel outlives its idle limit"
        );
    }
    assert_eq!(edge.metric("edge_ws_connections").await, 1.0);
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(
        std::time::Duration::from_secs(20),
        tokio::io::AsyncReadExt::read_to_end(&mut tunnel, &mut rest),
    )
    .await;
    assert!(closed.is_ok(), "a silent tunnel ends");
    eventually("the tunnel is no longer counted", || async {
        (edge.metric("edge_ws_connections").await == 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn events_arrive_one_by_one_as_they_are_sent() {
    let source = EventSource::new();
    let upstream = Server::start(event_stream(&source)).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "stream: sse").start().await;
    let mut client = Client::connect(edge.address).await;
    client
        .write(&Request::get("/sse").header("Accept", "text/event-stream").bytes())
        .await;
    let head = client.head().await.expect("the head comes before any event");
    assert!(
        head.to_lowercase().contains("content-type: text/event-stream"),
        "{head}"
    );
    assert_eq!(edge.metric("edge_sse_connections").await, 1.0);
    for number in 0..5 {
        // The next event is sent only after this one has arrived: nothing can have been held back.
        source.send(format!("data: {number}\n\n"));
        let mut text = String::new();
        while !text.contains(&format!("data: {number}\n\n")) {
            let piece = client.more().await;
            assert!(!piece.is_empty(), "the stream ended");
            text.push_str(&String::from_utf8_lossy(&piece));
        }
    }
    source.end();
    let rest = String::from_utf8_lossy(&client.until_closed_or_final_chunk().await).into_owned();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
    eventually("the stream is no longer counted", || async {
        (edge.metric("edge_sse_connections").await == 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_quiet_event_stream_outlives_the_limits_of_ordinary_routes() {
    let source = EventSource::new();
    let upstream = Server::start(event_stream(&source)).expect("a server");
    let routes = crate::support::edge::one_route(&upstream.url(), "stream: sse").replace(
        "routes:",
        "defaults: { timeouts: { first_byte: 200ms, idle: 200ms, total: 400ms } }\nroutes:",
    );
    let edge = Edge::with(&routes)
        .gateway("limits: { client_idle: 200ms }")
        .start()
        .await;
    let mut client = Client::connect(edge.address).await;
    client.write(&Request::get("/sse").bytes()).await;
    client.head().await.expect("the head");
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    source.send("data: late\n\n");
    let piece = String::from_utf8_lossy(&client.more().await).into_owned();
    assert!(piece.contains("data: late"), "{piece:?}");
}
