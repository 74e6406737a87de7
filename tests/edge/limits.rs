//! Slow, greedy and idle clients, and how long a stopping edge waits.

use crate::support::edge::one_route;
use crate::support::websocket::{echoes, handshake, open};
use crate::support::{Client, Edge, Request, eventually};
use platform_standin::scripted::{
    EventSource, Gate, Log, Server, Strictness, event_stream, gated, instant_101, ok, recording, strict,
};
use std::time::Duration;

async fn with_limits(limits: &str) -> (Edge, Server) {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "")
        .gateway(&format!("limits: {{ {limits} }}"))
        .start()
        .await;
    (edge, upstream)
}

/// Sends bytes one by one, slowly, while the connection lives.
async fn trickle(client: &mut Client, bytes: &[u8]) {
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    for byte in bytes {
        pace.tick().await;
        client.write(&[*byte]).await;
    }
}

async fn assert_timed_out(client: &mut Client, what: &str) {
    let answer = client
        .response(false)
        .await
        .unwrap_or_else(|| panic!("{what}: no answer"));
    assert_eq!(
        (answer.status, answer.header("connection")),
        (408, Some("close")),
        "{what}"
    );
    assert_eq!(client.until_closed().await, b"", "{what}");
}

/// Each in a task of its own, so that their waits are one.
async fn all_at_once<F: Future<Output = ()> + Send + 'static>(tasks: impl IntoIterator<Item = F>) {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    for task in tasks {
        task.await.expect("no panic");
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_is_408() {
    let (edge, _upstream) = with_limits("header_timeout: 400ms").await;
    let address = edge.address;
    let begun = [
        "G",
        "GET /x HTTP/1.1\r\n",
        "GET /x HTTP/1.1\r\nHost: localhost\r\n",
        "P",
        "PRI * HT",
    ];
    all_at_once(begun.map(|begun| async move {
        let mut client = Client::connect(address).await;
        client.write(begun.as_bytes()).await;
        assert_timed_out(&mut client, begun).await;
    }))
    .await;
    let silent = edge.client().await.until_closed().await;
    assert_eq!(silent, b"", "who says nothing hears nothing");
    assert_eq!(edge.get("/x").await.status, 200);
}

#[tokio::test]
async fn a_head_has_one_deadline_however_its_bytes_are_spread() {
    let (edge, _upstream) = with_limits("header_timeout: 400ms").await;
    let address = edge.address;
    let slow = [
        "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    all_at_once(slow.map(|slow| async move {
        let mut client = Client::connect(address).await;
        trickle(&mut client, slow.as_bytes()).await;
        assert_timed_out(&mut client, slow).await;
    }))
    .await;
}

#[tokio::test]
async fn the_deadline_of_a_head_counts_on_every_request_of_a_connection() {
    let (edge, _upstream) = with_limits("header_timeout: 400ms").await;
    let mut client = edge.client().await;
    for _ in 0..3 {
        assert_eq!(client.send(&Request::get("/x")).await.status, 200);
    }
    client.write(b"GET /x HTTP/1.1\r\nHost: loc").await;
    assert_timed_out(&mut client, "fourth head").await;
}

#[tokio::test]
async fn the_deadline_of_a_head_does_not_count_its_body_nor_its_answer() {
    let gate = Gate::closed();
    let upstream = Server::start(gated(&gate, ok("late"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "")
        .gateway("limits: { header_timeout: 300ms }")
        .start()
        .await;
    let mut client = edge.client().await;
    client
        .write(&Request::new("POST", "/x").header("Content-Length", "8").bytes())
        .await;
    trickle(&mut client, b"the body").await;
    eventually("the upstream has it all", || {
        std::future::ready((gate.waiting() > 0).then_some(()))
    })
    .await;
    let mut other = edge.client().await;
    other.write(b"G").await;
    assert_timed_out(&mut other, "a head begun later").await;
    gate.open();
    assert_eq!(client.response(false).await.expect("an answer").text(), "late");
}

/// An answer of the edge's own leaves nothing behind by which the wait for the next head would count.
#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let (edge, _upstream) = with_limits("header_timeout: 200ms, keepalive: 1s").await;
    for target in ["/x", "/no\\such"] {
        let mut client = edge.client().await;
        let status = client.send(&Request::get(target)).await.status;
        assert_eq!(client.until_closed().await, b"", "after {status}");
    }
}

fn head_of(fields: usize, bytes: usize) -> Request {
    let fill = "x".repeat(bytes / (fields - 1));
    (1..fields).fold(Request::get("/x"), |request, number| {
        request.header(&format!("X-{number}"), &fill)
    })
}

#[tokio::test]
async fn a_head_of_too_many_or_too_long_fields_is_431() {
    let (edge, _upstream) = with_limits("header_timeout: 5s").await;
    for (fields, bytes) in [(100, 100), (10, 60_000)] {
        assert_eq!(
            edge.send(&head_of(fields, bytes)).await.status,
            200,
            "{fields} fields, {bytes} bytes"
        );
    }
    for (fields, bytes) in [(101, 101), (200, 200), (10, 70_000), (2, 900_000)] {
        let mut client = edge.client().await;
        let answer = client.send(&head_of(fields, bytes)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (431, "HEAD_TOO_LARGE".into()),
            "{fields} fields, {bytes} bytes"
        );
        assert_eq!(
            client.send(&Request::get("/x")).await.status,
            200,
            "its end is known, so the connection goes on"
        );
    }
    // Beyond what is read at all.
    for (fields, bytes) in [(300, 300), (2, 2_000_000)] {
        let mut client = edge.client().await;
        client.write(&head_of(fields, bytes).bytes()).await;
        let answer = client.response(false).await;
        assert!(
            answer.is_none_or(|answer| matches!(answer.status, 400 | 431)),
            "{fields} fields, {bytes} bytes"
        );
        assert_eq!(client.until_closed().await, b"");
    }
}

#[tokio::test]
async fn no_more_connections_than_the_cap_are_open() {
    for (limits, cap) in [("connections: 3", "total"), ("connections_per_address: 3", "address")] {
        let (edge, _upstream) = with_limits(limits).await;
        let mut open = Vec::new();
        for _ in 0..3 {
            let mut client = edge.client().await;
            assert_eq!(client.send(&Request::get("/x")).await.status, 200);
            open.push(client);
        }
        for _ in 0..2 {
            assert_eq!(edge.client().await.until_closed().await, b"", "{cap}");
        }
        let series = format!("edge_connections_refused_total{{cap=\"{cap}\"}}");
        assert_eq!(
            (edge.metric(&series).await, edge.metric("edge_connections").await),
            (2.0, 3.0),
            "{cap}"
        );
        for client in &mut open {
            assert_eq!(
                client.send(&Request::get("/x")).await.status,
                200,
                "those inside are served"
            );
        }
        drop(open.pop());
        let mut next = eventually("a place is free", || async {
            let mut client = edge.client().await;
            client.write(&Request::get("/x").bytes()).await;
            client.response(false).await.map(|_| client)
        })
        .await;
        assert_eq!(next.send(&Request::get("/x")).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_that_stops_in_the_middle_of_its_body_is_408() {
    let (edge, _upstream) = with_limits("client_idle: 300ms").await;
    for framing in [("Content-Length", "10"), ("Transfer-Encoding", "chunked")] {
        let mut client = edge.client().await;
        client
            .write(&Request::new("POST", "/x").header(framing.0, framing.1).bytes())
            .await;
        client.write(b"3\r\n123").await;
        let answer = client.response(false).await.expect("an answer");
        assert_eq!(
            (answer.status, answer.code()),
            (408, "REQUEST_TIMEOUT".into()),
            "{framing:?}"
        );
        assert_eq!(client.until_closed().await, b"");
    }
}

#[tokio::test]
async fn a_slow_body_that_keeps_coming_is_served() {
    let counts = Strictness::new();
    let upstream = Server::start(strict(&counts)).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "")
        .gateway("limits: { client_idle: 2s }")
        .start()
        .await;
    let mut client = edge.client().await;
    let body = [b'x'; 50];
    client
        .write(&Request::new("POST", "/x").header("Content-Length", "50").bytes())
        .await;
    trickle(&mut client, &body).await;
    assert_eq!(client.response(false).await.expect("an answer").status, 200);
    assert_eq!(counts.stray_bytes(), 0);
}

#[tokio::test]
async fn a_client_that_stops_reading_is_let_go() {
    let upstream = Server::start(|mut conn| async move {
        conn.read_head().await?;
        conn.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            .await?;
        loop {
            conn.write(vec![b'x'; 65536]).await?;
        }
    });
    let upstream = upstream.expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "")
        .gateway("limits: { client_idle: 300ms }")
        .start()
        .await;
    let mut client = edge.client().await;
    client
        .write(
            &Request::get("/x")
                .header("X-Request-ID", "0190B2F07D5C7C3A9B1E2F6A1C0D9E8F")
                .bytes(),
        )
        .await;
    let line = edge.log_line("0190B2F07D5C7C3A9B1E2F6A1C0D9E8F").await;
    assert_eq!((&line["status"], &line["broken"]), (&200.into(), &true.into()));
    eventually("the connection is gone", || async {
        (edge.metric("edge_connections").await == 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_connection_without_another_request_is_closed() {
    let (edge, _upstream) = with_limits("keepalive: 1s").await;
    let address = edge.address;
    let requests = [
        Request::get("/x"),
        Request::get("/x").header("Connection", "keep-alive"),
        Request::get("/x").host("unknown.test"),
    ];
    all_at_once(requests.map(|request| async move {
        let mut client = Client::connect(address).await;
        for _ in 0..2 {
            let answer = client.send(&request).await;
            assert_ne!(answer.header("connection"), Some("close"));
        }
        assert_eq!(client.until_closed().await, b"", "{request:?}");
    }))
    .await;
}

async fn not_ready(edge: &Edge) {
    eventually("it drains", || async {
        (edge.admin("/readyz").await.status == 503).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_drain_waits_for_requests_as_long_as_configured() {
    let gate = Gate::closed();
    let upstream = Server::start(gated(&gate, ok("never"))).expect("a server");
    let mut edge = Edge::in_front_of(&upstream.url(), "")
        .gateway("drain: { requests: 300ms }")
        .start()
        .await;
    let mut client = edge.client().await;
    client.write(&Request::get("/x").bytes()).await;
    eventually("it is held", || std::future::ready((gate.waiting() > 0).then_some(()))).await;
    edge.signal("TERM");
    assert_eq!(edge.exit_code().await, Some(0));
    assert_eq!(client.until_closed().await, b"", "cut off");
}

#[tokio::test]
async fn a_drain_waits_for_streams_as_long_as_configured() {
    let source = EventSource::new();
    let sse = Server::start(event_stream(&source)).expect("a server");
    let ws = Server::start(instant_101()).expect("a server");
    let routes = one_route(&sse.url(), "stream: sse").replace(
        "upstreams:",
        &format!("upstreams:\n  ws: {{ endpoints: [\"{}\"] }}", ws.url()),
    ) + "  - { id: ws, hosts: [own], path: /ws, to: ws, stream: websocket }\n";
    let mut edge = Edge::with(&routes).gateway("drain: { streams: 300ms }").start().await;
    let mut tunnel = open(edge.address, &handshake("/ws")).await;
    let mut events = edge.client().await;
    events.write(&Request::get("/sse").bytes()).await;
    events.head().await.expect("a stream");
    edge.signal("TERM");
    assert_eq!(edge.exit_code().await, Some(0));
    assert!(!echoes(&mut tunnel, b"over").await);
    events.until_closed().await;
}

#[tokio::test]
async fn a_drain_ends_with_the_last_stream_whatever_the_limit_of_requests() {
    let source = EventSource::new();
    let upstream = Server::start(event_stream(&source)).expect("a server");
    let mut edge = Edge::in_front_of(&upstream.url(), "stream: sse")
        .gateway("drain: { requests: 0s }")
        .start()
        .await;
    let mut events = edge.client().await;
    events.write(&Request::get("/sse").bytes()).await;
    events.head().await.expect("a stream");
    edge.signal("TERM");
    not_ready(&edge).await;
    source.send("data: still open\n\n");
    assert!(String::from_utf8_lossy(&events.more().await).contains("still open"));
    source.end();
    assert!(events.until_closed().await.ends_with(b"0\r\n\r\n"));
    assert_eq!(edge.exit_code().await, Some(0));
}

#[tokio::test]
async fn a_second_interrupt_stops_at_once() {
    let gate = Gate::closed();
    let upstream = Server::start(gated(&gate, ok("never"))).expect("a server");
    let mut edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let mut client = edge.client().await;
    client.write(&Request::get("/x").bytes()).await;
    eventually("it is held", || std::future::ready((gate.waiting() > 0).then_some(()))).await;
    edge.signal("INT");
    not_ready(&edge).await;
    edge.signal("INT");
    assert_eq!(edge.exit_code().await, Some(0));
    assert_eq!(client.until_closed().await, b"");
}
