//! Which host a request is for, and which route of it: groups, malformed hosts, targets and framing, conditions.

use crate::support::{Client, Edge, Request, Response};
use platform_standin::scripted::{Log, Server, ok, recording};

const MAP: &str = "version: 1
hosts:
  own: { names: [edge.test, \"*.wild.test\"], loopback: true }
  other: { names: [other.test, special.wild.test, \"192.0.2.7\"] }
defaults: { hosts: [own] }
routes:
  - { id: everywhere, hosts: \"*\", path: /*, respond: { status: 200, text: everywhere } }
  - { id: own, path: /who, respond: { status: 200, text: own } }
  - { id: other, hosts: other, path: /who, respond: { status: 200, text: other } }
  - { id: both, hosts: [own, other], path: /both, respond: { status: 200, text: both } }
  - { id: only-other, hosts: [other], path: /only/other, respond: { status: 200, text: only other } }
";

#[tokio::test]
async fn a_host_belongs_to_a_group_whatever_its_port_and_case() {
    let edge = Edge::with(MAP).start().await;
    let own = [
        "edge.test",
        "EDGE.Test",
        "edge.test:8443",
        "edge.test.",
        "a.wild.test",
        "A-1.WILD.test:1",
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1",
        "127.9.8.7:80",
        "[::1]",
        "[::1]:8080",
    ];
    let other = ["other.test", "special.wild.test", "192.0.2.7", "192.0.2.7:81"];
    for (hosts, text) in [(&own[..], "own"), (&other[..], "other")] {
        for host in hosts {
            let answer = edge.send(&Request::get("/who").host(host)).await;
            assert_eq!((answer.status, answer.text()), (200, text.into()), "{host}");
        }
    }
}

#[tokio::test]
async fn a_host_of_no_group_is_421() {
    let edge = Edge::with(MAP).start().await;
    let unknown = [
        "unknown.test",
        "wild.test",
        "a.b.wild.test",
        ".wild.test",
        "edge.test.evil.test",
        "localhost.evil.test",
        "128.0.0.1",
        "[::2]",
        "0x7f.1",
        "2130706433",
    ];
    for host in unknown {
        let answer = edge.send(&Request::get("/who").host(host)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (421, "MISDIRECTED_REQUEST".into()),
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_route_is_found_on_its_hosts_only_and_a_named_host_wins_over_any() {
    let edge = Edge::with(MAP).start().await;
    for (host, path, text) in [
        ("edge.test", "/only/other", "everywhere"),
        ("other.test", "/only/other", "only other"),
        ("edge.test", "/both", "both"),
        ("other.test", "/both", "both"),
        ("other.test", "/else", "everywhere"),
    ] {
        let answer = edge.send(&Request::get(path).host(host)).await;
        assert_eq!(answer.text(), text, "{host} {path}");
    }
    let without_any = MAP.replace(
        "  - { id: everywhere, hosts: \"*\", path: /*, respond: { status: 200, text: everywhere } }\n",
        "",
    );
    let edge = Edge::with(&without_any).start().await;
    assert_eq!(
        edge.send(&Request::get("/only/other").host("edge.test")).await.status,
        404
    );
}

#[tokio::test]
async fn routes_without_hosts_and_defaults_serve_every_known_host() {
    let map = MAP.replace("defaults: { hosts: [own] }\n", "");
    let map = map.replace(
        "  - { id: other, hosts: other, path: /who, respond: { status: 200, text: other } }\n",
        "",
    );
    let edge = Edge::with(&map).start().await;
    for host in ["edge.test", "other.test"] {
        assert_eq!(
            edge.send(&Request::get("/who").host(host)).await.text(),
            "own",
            "{host}"
        );
    }
}

/// An answer to bytes, on a connection of its own.
async fn answer_to(edge: &Edge, bytes: &str) -> (Response, Client) {
    let mut client = edge.client().await;
    client.write(bytes.as_bytes()).await;
    let answer = client
        .response(false)
        .await
        .unwrap_or_else(|| panic!("no answer to {bytes:?}"));
    (answer, client)
}

#[tokio::test]
async fn a_missing_doubled_or_malformed_host_is_400() {
    let edge = Edge::with(MAP).start().await;
    let refused = [
        "GET /who HTTP/1.1\r\n\r\n",
        "GET /who HTTP/1.0\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: edge.test\r\nHost: edge.test\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: edge.test\r\nhost: other.test\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: edge.test, other.test\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: edge test\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: user@edge.test\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: edge.test:99999\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: edge.test:http\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: edge.test/x\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost: \u{e9}dge.test\r\n\r\n",
        "GET http://edge.test/who HTTP/1.1\r\nHost: other.test\r\n\r\n",
        "GET http://user@edge.test/who HTTP/1.1\r\nHost: edge.test\r\n\r\n",
    ];
    for request in refused {
        assert_eq!(answer_to(&edge, request).await.0.status, 400, "{request:?}");
    }
}

#[tokio::test]
async fn an_absolute_target_is_served_as_its_path_on_its_host() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    for request in [
        "GET http://edge.test/a//b?x=1 HTTP/1.1\r\nHost: edge.test\r\n\r\n",
        "GET HTTP://edge.test/a/./b?x=1 HTTP/1.1\r\nHost: edge.test\r\n\r\n",
        "GET http://edge.test:80/a/b?x=1 HTTP/1.1\r\nHost: edge.test:80\r\n\r\n",
    ] {
        let (answer, _) = answer_to(&edge, request).await;
        assert_eq!((answer.status, answer.text()), (200, "fine".into()), "{request:?}");
    }
    let (unknown, _) = answer_to(
        &edge,
        "GET http://unknown.test/a HTTP/1.1\r\nHost: unknown.test\r\n\r\n",
    )
    .await;
    assert_eq!(unknown.code(), "MISDIRECTED_REQUEST");
    let seen = log.requests();
    assert!(seen.iter().all(|request| request.head.target == "/a/b?x=1"), "{seen:?}");
    let hosts: Vec<_> = seen
        .iter()
        .map(|request| request.head.header_values("host").join("|"))
        .collect();
    assert_eq!(hosts, vec![upstream.address().to_string(); 3]);
    assert_eq!(seen[0].head.header("x-forwarded-host"), Some("edge.test"));
}

#[tokio::test]
async fn ambiguous_framing_is_refused_and_nothing_after_it_is_read() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let framings = [
        "Content-Length: 5,5",
        "Content-Length: 5, 6",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length:",
        "Content-Length: 99999999999999999999999",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunkedd",
        "Transfer-Encoding: identity",
    ];
    for framing in framings {
        let request = format!(
            "POST /x HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
        );
        let (answer, mut client) = answer_to(&edge, &request).await;
        assert!(matches!(answer.status, 400 | 501), "{framing}: {}", answer.status);
        assert_eq!(client.until_closed().await, b"", "{framing}");
    }
    let old = "POST /x HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(answer_to(&edge, old).await.0.status, 400);
    assert_eq!(log.requests().len(), 0);
}

#[tokio::test]
async fn a_length_beside_chunks_is_dropped_and_the_connection_ends() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let request = "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (answer, mut client) = answer_to(&edge, request).await;
    assert!(matches!(answer.status, 200 | 400), "{}", answer.status);
    assert_eq!(client.until_closed().await, b"");
    for request in log.requests() {
        assert_eq!((request.head.target.as_str(), request.text()), ("/x", "hello".into()));
        assert_eq!(request.head.header("content-length"), None);
    }
}

#[tokio::test]
async fn conditions_choose_among_routes_of_one_path() {
    let map = "version: 1
hosts: { own: { loopback: true } }
routes:
  - { id: plain, path: [/h, /q], respond: { status: 200, text: plain } }
  - { id: canary, path: /h, when: { headers: { X-Canary: \"1\" } }, respond: { status: 200, text: canary } }
  - { id: debug, path: /q, when: { query: { debug: \"*\" } }, respond: { status: 200, text: debug } }
  - { id: both, path: /h, when: { headers: { x-canary: \"1\" }, query: { v: \"2\" } }, respond: { status: 200, text: both } }
";
    let edge = Edge::with(map).start().await;
    let canary = |value: &str, target: &str| Request::get(target).header("x-canary", value);
    let cases = [
        (Request::get("/h"), "plain"),
        (canary("1", "/h"), "canary"),
        (canary("2", "/h"), "plain"),
        (canary("1", "/h?v=2"), "both"),
        (canary("1", "/h?v=3"), "canary"),
        (Request::get("/h?v=2"), "plain"),
        (Request::get("/q"), "plain"),
        (Request::get("/q?debug"), "debug"),
        (Request::get("/q?a=b&debug=7"), "debug"),
        (Request::get("/q?%64ebug=7"), "debug"),
        (Request::get("/q?debugger=1"), "plain"),
    ];
    for (request, text) in cases {
        assert_eq!(edge.send(&request).await.text(), text, "{request:?}");
    }
}
