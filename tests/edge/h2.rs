//! HTTP/2 with prior knowledge on the plain listener, towards HTTP/1.1 upstreams.

use crate::support::Edge;
use crate::support::h2::{H2, request};
use platform_standin::scripted::{Log, Server, Strictness, ok, recording, strict};

#[tokio::test]
async fn an_empty_final_data_frame_leaves_no_stray_bytes_on_the_upstream_connection() {
    let counts = Strictness::new();
    let upstream = Server::start(strict(&counts)).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let mut h2 = H2::connect(edge.address).await;
    for round in 0..50 {
        let (answer, _) = h2.send(request("POST", "/upload", &[]), &[b"some bytes", b""]).await;
        assert_eq!(answer.status(), 200, "upload {round}");
        let (answer, _) = h2.send(request("GET", "/after", &[]), &[]).await;
        assert_eq!(answer.status(), 200, "request after upload {round}");
    }
    assert_eq!(counts.stray_bytes(), 0);
    assert_eq!(counts.requests(), 100);
    assert!(upstream.connections() < 100, "upstream connections are reused");
}

#[tokio::test]
async fn cookie_crumbs_are_joined_for_an_http1_upstream() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let mut h2 = H2::connect(edge.address).await;
    let (answer, body) = h2
        .send(
            request("GET", "/", &[("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")]),
            &[],
        )
        .await;
    assert_eq!((answer.status().as_u16(), body.as_slice()), (200, &b"fine"[..]));
    assert_eq!(log.requests()[0].head.header_values("cookie"), ["a=1; b=2; c=3"]);
}

#[tokio::test]
async fn an_http2_request_is_an_http1_request_with_a_host_to_its_upstream() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let mut h2 = H2::connect(edge.address).await;
    let (answer, _) = h2
        .send(request("POST", "/a//b?x=1", &[("x-user-id", "forged")]), &[b"body"])
        .await;
    assert_eq!(answer.status(), 200);
    let seen = &log.requests()[0];
    assert_eq!(
        (seen.head.method.as_str(), seen.head.target.as_str()),
        ("POST", "/a/b?x=1")
    );
    assert_eq!(seen.head.header_values("host"), [upstream.address().to_string()]);
    assert_eq!(seen.head.header("x-forwarded-host"), Some("localhost"));
    assert_eq!(seen.head.header("x-user-id"), None);
    assert_eq!(seen.body, b"body");
}

#[tokio::test]
async fn an_upload_beyond_the_limit_is_413_and_the_connection_goes_on() {
    let upstream = Server::start(strict(&Strictness::new())).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "body_limit: 8").start().await;
    let mut h2 = H2::connect(edge.address).await;
    let (answer, body) = h2.send(request("POST", "/", &[]), &[b"12345678", b"9"]).await;
    assert_eq!(answer.status(), 413);
    assert!(String::from_utf8_lossy(&body).contains("BODY_TOO_LARGE"));
    let (answer, _) = h2.send(request("GET", "/", &[]), &[]).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_client_that_stops_in_the_middle_of_its_body_is_408_over_http2_too() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "")
        .gateway("limits: { client_idle: 300ms }")
        .start()
        .await;
    let mut h2 = H2::connect(edge.address).await;
    let (answer, body) = h2.stall(request("POST", "/upload", &[]), b"half").await;
    assert_eq!(answer.status(), 408, "{}", String::from_utf8_lossy(&body));
    let (answer, _) = h2.send(request("POST", "/upload", &[]), &[b"some", b" bytes"]).await;
    assert_eq!(answer.status(), 200, "the connection goes on");
}
