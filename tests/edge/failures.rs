//! Upstreams that fail in every way: what the client sees is documented, and the next requests are fine.

use crate::support::{Edge, Request, eventually};
use platform_standin::scripted::{
    Refused, Server, Unreachable, black_hole, fixed, ok, truncated_chunked, truncated_length,
};
use platform_standin::{Certificate, Name, Standin};

async fn refused_as(edge: &Edge) -> (u16, String) {
    let response = edge.get("/x").await;
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.json()["request_id"].as_str(), response.header("x-request-id"));
    (response.status, response.code())
}

#[tokio::test]
async fn a_refused_connection_is_502() {
    let nobody = Refused::reserve().expect("a free port");
    let edge = Edge::in_front_of(&nobody.url(), "").start().await;
    assert_eq!(refused_as(&edge).await, (502, "UPSTREAM_UNAVAILABLE".into()));
}

#[tokio::test]
async fn an_upstream_that_never_accepts_is_504() {
    let nobody = Unreachable::start().expect("a full backlog");
    let edge = Edge::in_front_of(&nobody.url(), "timeouts: { connect: 200ms }")
        .start()
        .await;
    assert_eq!(refused_as(&edge).await, (504, "UPSTREAM_TIMEOUT".into()));
}

#[tokio::test]
async fn an_upstream_that_never_answers_is_504() {
    let silent = Server::start(black_hole()).expect("a server");
    for timeouts in [
        "{ first_byte: 200ms, idle: 200ms }",
        "{ first_byte: 200ms, idle: 1h }",
        "{ first_byte: 1h, idle: 1h, total: 200ms }",
    ] {
        let edge = Edge::in_front_of(&silent.url(), &format!("timeouts: {timeouts}"))
            .start()
            .await;
        assert_eq!(refused_as(&edge).await, (504, "UPSTREAM_TIMEOUT".into()), "{timeouts}");
    }
}

#[tokio::test]
async fn a_broken_answer_is_502() {
    let nonsense = Server::start(fixed("this is not HTTP\r\n\r\n")).expect("a server");
    let edge = Edge::in_front_of(&nonsense.url(), "").start().await;
    assert_eq!(refused_as(&edge).await, (502, "UPSTREAM_BAD_RESPONSE".into()));
}

#[tokio::test]
async fn an_upstream_that_cannot_be_verified_is_502() {
    let certificate = Certificate::for_names(&["localhost"]);
    let upstream = Standin::start_tls(Name::Docs, &certificate).expect("a TLS server");
    let url = format!("https://localhost:{}", upstream.port());
    let distrusted = Edge::in_front_of(&url, "").start().await;
    assert_eq!(refused_as(&distrusted).await, (502, "UPSTREAM_TLS_FAILED".into()));
    let plain = Server::start(fixed(ok("no TLS here"))).expect("a server");
    let mismatched = Edge::in_front_of(&plain.url().replace("http://", "https://"), "")
        .start()
        .await;
    assert_eq!(refused_as(&mismatched).await, (502, "UPSTREAM_TLS_FAILED".into()));
}

#[tokio::test]
async fn an_answer_that_breaks_off_never_looks_complete() {
    for script in ["length", "chunked"] {
        let upstream = match script {
            "length" => Server::start(truncated_length()),
            _ => Server::start(truncated_chunked()),
        };
        let upstream = upstream.expect("a server");
        let edge = Edge::in_front_of(&upstream.url(), "").start().await;
        let response = edge.get("/x").await;
        assert_eq!(response.status, 200);
        assert!(!response.complete, "{script}: a cut answer must not end cleanly");
        let line = edge.log_line(response.header("x-request-id").expect("an id")).await;
        assert_eq!(line["broken"], true, "{script}");
    }
}

#[tokio::test]
async fn after_an_upstream_broke_off_the_next_thousand_requests_are_fine() {
    let port = {
        let dying = Server::start(truncated_length()).expect("a server");
        let port = dying.port();
        let edge = Edge::in_front_of(&dying.url(), "").start().await;
        for _ in 0..20 {
            assert!(!edge.get("/x").await.complete);
        }
        drop(dying);
        let healthy = eventually("the port is free again", || {
            std::future::ready(Server::start_on(port, fixed(ok("fine"))).ok())
        })
        .await;
        let mut client = edge.client().await;
        for number in 0..1000 {
            let response = client.send(&Request::get("/x")).await;
            assert_eq!(
                (response.status, response.text()),
                (200, "fine".into()),
                "request {number}"
            );
        }
        drop(healthy);
        port
    };
    assert_ne!(port, 0);
}

#[tokio::test]
async fn a_stalled_answer_is_cut_off_after_the_idle_limit_and_looks_broken() {
    // A close-delimited answer: only the deadline tells a stall from an end.
    let stalled = Server::start(|mut conn| async move {
        conn.read_request().await?;
        conn.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf")
            .await?;
        conn.until_closed().await
    });
    let stalled = stalled.expect("a server");
    for timeouts in [
        "{ first_byte: 300ms, idle: 300ms }",
        "{ first_byte: 1h, idle: 300ms }",
        "{ idle: 1h, first_byte: 1h, total: 300ms }",
    ] {
        let edge = Edge::in_front_of(&stalled.url(), &format!("timeouts: {timeouts}"))
            .start()
            .await;
        let response = edge.get("/x").await;
        assert_eq!(
            (response.status, response.text(), response.complete),
            (200, "half".into(), false),
            "{timeouts}"
        );
    }
}

#[tokio::test]
async fn a_backup_serves_when_the_primary_refuses() {
    let nobody = Refused::reserve().expect("a free port");
    let backup = Server::start(fixed(ok("from the backup"))).expect("a server");
    let routes = format!(
        "version: 1\nhosts:\n  own: {{ names: [edge.test], loopback: true }}\nupstreams:\n  up: {{ endpoints: [\"{}\"], backup: [\"{}\"] }}\nroutes:\n  - {{ id: all, hosts: [own], path: /*, to: up }}\n",
        nobody.url(),
        backup.url()
    );
    let edge = Edge::with(&routes).start().await;
    let response = edge.send(&Request::post("/x", "a body")).await;
    assert_eq!((response.status, response.text()), (200, "from the backup".into()));
}
