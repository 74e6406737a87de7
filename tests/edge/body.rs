//! Request bodies: fields put into JSON, limits, and nothing left over to be read as the next request.

use crate::support::{Client, Edge, Request};
use platform_standin::scripted::{Log, Server, Strictness, ok, recording, strict};

const MIB: usize = 1 << 20;
/// What the edge may have read beyond a limit: one buffer's worth.
const ONE_READ: u64 = 64 * 1024;
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// One route that puts the path's parameter into the body; `extra` is more YAML of its target.
fn items(url: &str, extra: &str) -> String {
    format!(
        "version: 1\nhosts:\n  own: {{ names: [edge.test], loopback: true }}\nupstreams:\n  up: {{ endpoints: [\"{url}\"] }}\nroutes:\n  - id: item\n    hosts: [own]\n    path: /items/:id\n    methods:\n      POST: {{ to: up, path: /update, json_body: {{ id: \":id\" }}{extra} }}\n      PUT: {{ to: up }}\n"
    )
}

fn chunked(target: &str, pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Request::new("POST", target)
        .header("Transfer-Encoding", "chunked")
        .bytes();
    for piece in pieces {
        bytes.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

/// `{"text":"xxx…"}` of exactly this many bytes.
fn object_of(bytes: usize) -> Vec<u8> {
    let frame = r#"{"text":""}"#;
    format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes - frame.len())).into_bytes()
}

#[tokio::test]
async fn a_field_joins_the_object_and_the_rest_stays_byte_for_byte() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::with(&items(&upstream.url(), "")).start().await;
    let body =
        r#"{"id":"forged","n": 1.10,"big":123456789012345678901234567890,"e":1e400,"s":"é\u00e9","l":[1, 2],"id":7}"#;
    let response = edge
        .send(&Request::post("/items/a%20b%2Bc%22", body).header("Content-Type", "application/json"))
        .await;
    assert_eq!((response.status, response.text()), (200, "fine".into()));

    let seen = &log.requests()[0];
    assert_eq!(
        seen.text(),
        r#"{"n":1.10,"big":123456789012345678901234567890,"e":1e400,"s":"é\u00e9","l":[1, 2],"id":"a b+c\""}"#
    );
    assert_eq!(seen.head.target, "/update");
    assert_eq!(seen.head.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn an_injected_body_is_framed_as_what_it_has_become() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::with(&items(&upstream.url(), "")).start().await;
    let mut client = edge.client().await;
    client.send(&Request::post("/items/1", "{}")).await;
    client.write(&chunked("/items/2", &[b"{\"a\"", b":1}"])).await;
    client.response(false).await.expect("an answer");

    for (request, body) in log.requests().iter().zip([r#"{"id":"1"}"#, r#"{"a":1,"id":"2"}"#]) {
        assert_eq!(request.text(), body);
        let head = &request.head;
        assert_eq!(head.header_values("transfer-encoding"), ["chunked"]);
        assert_eq!(head.header_values("content-length"), [""; 0]);
        let raw = String::from_utf8_lossy(&request.raw_body).into_owned();
        assert_eq!(raw, format!("{:X}\r\n{body}\r\n0\r\n\r\n", body.len()));
    }
    assert_eq!(upstream.connections(), 1, "the connection is clean and used again");
}

#[tokio::test]
async fn objects_that_arrive_in_many_pieces_are_whole_upstream() {
    let counts = Strictness::new();
    let counting = Server::start(strict(&counts)).expect("a server");
    let log = Log::new();
    let recording = Server::start(recording(&log, ok("fine"))).expect("a server");
    let object = object_of(300_000);
    let pieces: Vec<&[u8]> = object.chunks(7_001).collect();
    for url in [counting.url(), recording.url()] {
        let edge = Edge::with(&items(&url, "")).start().await;
        let mut client = edge.client().await;
        for _ in 0..5 {
            let sized = client.send(&Request::post("/items/1", object.clone())).await;
            client.write(&chunked("/items/1", &pieces)).await;
            let chunks = client.response(false).await.expect("an answer");
            assert_eq!((sized.status, chunks.status), (200, 200));
        }
    }
    assert_eq!((counts.requests(), counts.stray_bytes()), (10, 0));
    let mut expected = object[..object.len() - 1].to_vec();
    expected.extend(br#","id":"1"}"#);
    for request in log.requests() {
        assert!(request.body == expected, "{} bytes arrived", request.body.len());
    }
}

#[tokio::test]
async fn anything_but_an_object_is_400_and_never_reaches_the_upstream_whole() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::with(&items(&upstream.url(), "")).start().await;
    for body in [
        "[]",
        "null",
        "\"x\"",
        "7",
        "{",
        "{} {}",
        "{\"a\":}",
        "a=b",
        "\u{feff}{}",
    ] {
        let sized = edge.send(&Request::post("/items/1", body)).await;
        assert_eq!(
            (sized.status, sized.code()),
            (400, "INVALID_JSON_BODY".into()),
            "{body}"
        );
        let mut client = edge.client().await;
        client.write(&chunked("/items/1", &[body.as_bytes()])).await;
        let chunks = client.response(false).await.expect("an answer");
        assert_eq!(
            (chunks.status, chunks.code()),
            (400, "INVALID_JSON_BODY".into()),
            "{body}"
        );
    }
    let empty = [
        Request::post("/items/1", ""),
        Request::post("/items/1", "").header("Content-Length", "0"),
    ];
    for request in empty {
        assert_eq!(edge.send(&request).await.code(), "INVALID_JSON_BODY");
    }
    let mut client = edge.client().await;
    client.write(&chunked("/items/1", &[])).await;
    assert_eq!(
        client.response(false).await.expect("an answer").code(),
        "INVALID_JSON_BODY"
    );
    assert_eq!(log.requests().len(), 0);
}

#[tokio::test]
async fn a_json_body_may_have_a_mebibyte_unless_configured() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    for (extra, limit) in [("", MIB), (", json_body_limit: 2KiB", 2048)] {
        let edge = Edge::with(&items(&upstream.url(), extra)).start().await;
        let fits = edge.send(&Request::post("/items/1", object_of(limit))).await;
        assert_eq!(fits.status, 200, "{extra}");
        assert_eq!(refused_by_length(&edge, "POST", "/items/1", limit + 1).await, limit);
        assert!(read_of_endless_chunks(&edge, "/items/1").await <= limit as u64 + ONE_READ);
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_declared_or_not() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "body_limit: 4KiB").start().await;
    assert_eq!(refused_by_length(&edge, "POST", "/x", 4097).await, 4096);
    assert_eq!(upstream.connections(), 0, "no upstream is asked");
    assert_eq!(edge.send(&Request::post("/x", vec![b'x'; 4096])).await.status, 200);
    assert!(read_of_endless_chunks(&edge, "/x").await <= 4096 + ONE_READ);
}

/// Declares a body, sends none of it, and is refused at once; the limit that the refusal names.
async fn refused_by_length(edge: &Edge, method: &str, target: &str, length: usize) -> usize {
    let mut client = edge.client().await;
    let head = Request::new(method, target).header("Content-Length", &length.to_string());
    client.write(&head.bytes()).await;
    let refused = client.response(false).await.expect("an answer before the body");
    assert_eq!((refused.status, refused.code()), (413, "BODY_TOO_LARGE".into()));
    let detail = refused.json()["detail"].as_str().expect("a text").to_owned();
    let number = detail.split(' ').find_map(|word| word.parse().ok());
    number.unwrap_or_else(|| panic!("no limit in {detail}"))
}

/// Sends chunks until it is refused; how much of them the edge has read.
async fn read_of_endless_chunks(edge: &Edge, target: &str) -> u64 {
    let mut client = edge.client().await;
    client
        .write(
            &Request::new("POST", target)
                .header("Transfer-Encoding", "chunked")
                .bytes(),
        )
        .await;
    let mut chunk = b"10000\r\n".to_vec();
    chunk.extend([b' '; 0x10000]);
    chunk.extend(b"\r\n");
    for _ in 0..64 {
        client.write(&chunk).await;
    }
    let refused = client.response(false).await.expect("an answer");
    assert_eq!((refused.status, refused.code()), (413, "BODY_TOO_LARGE".into()));
    let line = edge.log_line(refused.header("x-request-id").expect("an id")).await;
    line["bytes_received"].as_u64().expect("a number")
}

/// Answers of the edge's own, each with the status it gives to a POST.
const OWN_ANSWERS: [(&str, &str, u16); 8] = [
    ("localhost", "/nowhere", 404),
    ("localhost", "/only-get", 405),
    ("localhost", "/bad%", 400),
    ("unknown.test", "/", 421),
    ("localhost", "/fixed", 200),
    ("localhost", "/moved", 302),
    ("localhost", "/health", 200),
    ("localhost", "/tiny", 413),
];

fn own_answers(url: &str) -> String {
    format!(
        "version: 1
hosts: {{ own: {{ names: [edge.test], loopback: true }} }}
upstreams: {{ up: {{ endpoints: [\"{url}\"] }} }}
routes:
  - {{ id: x, path: [/x, /smuggled], to: up }}
  - {{ id: only-get, path: /only-get, methods: [GET], to: up }}
  - {{ id: fixed, path: /fixed, respond: {{ status: 200, text: fixed }} }}
  - {{ id: moved, path: /moved, redirect: {{ to: /x, status: 302 }} }}
  - {{ id: health, path: /health, endpoint: health }}
  - {{ id: tiny, path: /tiny, to: up, body_limit: 10 }}
"
    )
}

#[tokio::test]
async fn a_small_refused_body_is_dropped_and_the_connection_goes_on() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::with(&own_answers(&upstream.url())).start().await;
    for (host, target, status) in OWN_ANSWERS {
        let request = Request::post(target, SMUGGLED).host(host);
        // The body comes with the head, and after the answer.
        for split in [0, SMUGGLED.len()] {
            let mut client = edge.client().await;
            let bytes = request.bytes();
            let (now, later) = bytes.split_at(bytes.len() - split);
            client.write(now).await;
            let answer = client.response(false).await.expect("an answer");
            assert_eq!(answer.status, status, "{target}");
            client.write(later).await;
            let next = client.send(&Request::get("/x")).await;
            assert_eq!(
                (next.status, next.text()),
                (200, "fine".into()),
                "after {target}, split {split}"
            );
        }
    }
    assert!(log.requests().iter().all(|request| request.head.target == "/x"));
}

#[tokio::test]
async fn after_a_refused_body_of_unknown_or_great_length_the_connection_ends() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::with(&own_answers(&upstream.url())).start().await;
    let great = Request::new("POST", "").header("Content-Length", "70000");
    let unknown = Request::new("POST", "").header("Transfer-Encoding", "chunked");
    let waiting = Request::new("POST", "")
        .header("Content-Length", &SMUGGLED.len().to_string())
        .header("Expect", "100-continue");
    for (what, framing) in [("great", great), ("unknown", unknown), ("waiting", waiting)] {
        // Chunks are refused when they have come.
        let answers = OWN_ANSWERS
            .into_iter()
            .filter(|(_, _, status)| *status != 413 || what != "unknown");
        for (host, target, status) in answers {
            let mut client = edge.client().await;
            let head = String::from_utf8(framing.clone().host(host).bytes()).expect("ASCII");
            client
                .write(head.replacen("POST ", &format!("POST {target}"), 1).as_bytes())
                .await;
            let answer = client.response(false).await.expect("an answer without the body");
            assert_eq!(answer.status, status, "{what} {target}");
            assert_eq!(answer.header("connection"), Some("close"), "{what} {target}");
            client.write(SMUGGLED.as_bytes()).await;
            assert_eq!(client.until_closed().await, b"", "{what} {target}");
        }
    }
    assert_eq!(log.requests().len(), 0);
}

#[tokio::test]
async fn a_body_refused_on_its_way_ends_the_connection() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::with(&items(&upstream.url(), "")).start().await;
    let mut client = edge.client().await;
    let mut bytes = Request::post("/items/1", "[]").bytes();
    bytes.extend(
        SMUGGLED
            .replace("/smuggled", "/items/2")
            .replace("GET", "PUT")
            .as_bytes(),
    );
    client.write(&bytes).await;
    let answer = client.response(false).await.expect("an answer");
    assert_eq!(answer.code(), "INVALID_JSON_BODY");
    assert_eq!(client.until_closed().await, b"");
    assert_eq!(log.requests().len(), 0);
}

#[tokio::test]
async fn expect_100_continue_is_between_client_and_upstream() {
    let upstream = Server::start(|mut conn| async move {
        let head = conn.read_head().await?.expect("a request");
        assert_eq!(head.header("expect"), Some("100-continue"));
        conn.write("HTTP/1.1 100 Continue\r\n\r\n").await?;
        let body = conn.read().await?;
        conn.write(ok(&String::from_utf8_lossy(&body))).await?;
        conn.until_closed().await
    });
    let upstream = upstream.expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "body_limit: 10").start().await;
    let expecting = |length: &str| {
        Request::new("PUT", "/x")
            .header("Expect", "100-continue")
            .header("Content-Length", length)
    };
    let mut client = Client::connect(edge.address).await;
    client.write(&expecting("5").bytes()).await;
    let interim = client.head().await.expect("an interim answer");
    assert!(interim.starts_with("HTTP/1.1 100 "), "{interim}");
    client.write(b"hello").await;
    let answer = client.response(false).await.expect("an answer");
    assert_eq!((answer.status, answer.text()), (200, "hello".into()));

    let mut client = Client::connect(edge.address).await;
    client.write(&expecting("11").bytes()).await;
    let refused = client.head().await.expect("an answer");
    assert!(
        refused.starts_with("HTTP/1.1 413 "),
        "no invitation comes first: {refused}"
    );
}
