//! Timeouts of a route, of its upstream and of the defaults: each is felt, and the narrower place wins.

use crate::support::{Edge, Request, Response};
use platform_standin::scripted::{Server, Unreachable, black_hole};
use std::time::Duration;

/// Which places say what. Absent ones are written as empty mappings.
fn map(url: &str, defaults: &str, upstream: &str, route: &str) -> String {
    format!(
        "version: 1
hosts: {{ own: {{ loopback: true }} }}
defaults: {{ timeouts: {{ {defaults} }} }}
upstreams: {{ up: {{ endpoints: [\"{url}\"], timeouts: {{ {upstream} }} }} }}
routes:
  - {{ id: all, path: /*, to: up, timeouts: {{ {route} }} }}
"
    )
}

/// A short value at each place, under a long one wherever a wider place could speak.
fn places(key: &str) -> [[String; 3]; 3] {
    let (short, long) = (format!("{key}: 250ms"), format!("{key}: 1h"));
    let none = String::new;
    [
        [short.clone(), none(), none()],
        [long.clone(), short.clone(), none()],
        [long.clone(), long, short],
    ]
}

/// Sends half an answer and nothing more.
fn stalling() -> Server {
    let server = Server::start(|mut conn| async move {
        conn.read_request().await?;
        conn.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await?;
        conn.until_closed().await
    });
    server.expect("a server")
}

async fn answer(url: &str, [defaults, upstream, route]: &[String; 3]) -> Response {
    let edge = Edge::with(&map(url, defaults, upstream, route)).start().await;
    // Hangs, and fails the test, where the limit is not felt: the defaults are longer than anything is waited for.
    edge.get("/x").await
}

/// What comes of each place's limit, all at once.
async fn answers(server: &Server, key: &str) -> Vec<Response> {
    let asked = places(key).map(|place| {
        let url = server.url();
        tokio::spawn(async move { answer(&url, &place).await })
    });
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.expect("no panic"));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_byte_is_awaited_as_long_as_configured() {
    let silent = Server::start(black_hole()).expect("a server");
    for answer in answers(&silent, "first_byte").await {
        assert_eq!(answer.code(), "UPSTREAM_TIMEOUT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_within_an_answer_is_suffered_as_long_as_configured() {
    for answer in answers(&stalling(), "idle").await {
        assert_eq!((answer.status, answer.complete), (200, false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_lasts_no_longer_than_configured() {
    // Ends in the end, so that a limit that is not felt is a failure.
    let endless = Server::start(|mut conn| async move {
        conn.read_request().await?;
        conn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await?;
        for _ in 0..500 {
            conn.write("1\r\n.\r\n").await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        conn.write("0\r\n\r\n").await
    });
    for answer in answers(&endless.expect("a server"), "total").await {
        assert_eq!((answer.status, answer.complete), (200, false));
    }
}

/// The answer of whichever edge answers first, and its place in the list.
async fn first_of(edges: [&Edge; 2]) -> (usize, Response) {
    let (mut a, mut b) = (edges[0].client().await, edges[1].client().await);
    let request = Request::get("/x");
    tokio::select! {
        answer = a.send(&request) => (0, answer),
        answer = b.send(&request) => (1, answer),
    }
}

#[tokio::test]
async fn a_connection_is_awaited_as_long_as_configured() {
    let nobody = Unreachable::start().expect("a full backlog");
    let slow = Edge::with(&map(&nobody.url(), "", "", "")).start().await;
    for [defaults, upstream, route] in places("connect") {
        let quick = Edge::with(&map(&nobody.url(), &defaults, &upstream, &route))
            .start()
            .await;
        let (first, answer) = first_of([&slow, &quick]).await;
        assert_eq!(
            (first, answer.code()),
            (1, "UPSTREAM_TIMEOUT".into()),
            "{defaults} {upstream} {route}"
        );
    }
}

#[tokio::test]
async fn a_longer_limit_of_a_narrower_place_wins_too() {
    let nobody = Unreachable::start().expect("a full backlog");
    let silent = Server::start(black_hole()).expect("a server");
    for (url, key) in [(nobody.url(), "connect"), (silent.url(), "first_byte")] {
        let quick = Edge::with(&map(&url, "", "", &format!("{key}: 400ms"))).start().await;
        for (defaults, upstream, route) in [("100ms", "1h", ""), ("100ms", "100ms", "1h")] {
            let written = [defaults, upstream, route].map(|value| match value {
                "" => String::new(),
                value => format!("{key}: {value}"),
            });
            let patient = Edge::with(&map(&url, &written[0], &written[1], &written[2]))
                .start()
                .await;
            assert_eq!(first_of([&patient, &quick]).await.0, 1, "{written:?}");
        }
    }
}

#[tokio::test]
async fn a_written_none_lifts_the_total_of_a_wider_place() {
    let slow = Server::start(|mut conn| async move {
        conn.read_request().await?;
        conn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await?;
        for _ in 0..10 {
            conn.write("1\r\n.\r\n").await?;
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        conn.write("0\r\n\r\n").await
    });
    let slow = slow.expect("a server");
    let cut = Edge::with(&map(&slow.url(), "total: 300ms", "", "")).start().await;
    assert!(!cut.get("/x").await.complete);
    for (upstream, route) in [("total: none", ""), ("total: 300ms", "total: none")] {
        let whole = Edge::with(&map(&slow.url(), "total: 300ms", upstream, route))
            .start()
            .await;
        let answer = whole.get("/x").await;
        assert_eq!((answer.complete, answer.text().len()), (true, 10), "{upstream} {route}");
    }
}
