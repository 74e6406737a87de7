use platform_standin::{Name, Standin};
use serde_json::json;

use crate::client::{exchange, get, parse, read_until, send};

#[test]
fn every_standin_echoes_under_its_own_name() {
    for name in Name::ALL {
        let standin = Standin::start(name).unwrap();
        let reply = get(standin.port(), "/health", &["x-standin-echo: 1"]);
        assert_eq!((reply.status, &reply.json()["upstream"]), (200, &json!(name.as_str())));
    }
}

#[test]
fn echo_keeps_the_order_of_headers_and_their_duplicates() {
    let standin = Standin::start(Name::Docs).unwrap();
    let request = "PATCH /x HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\na: 3\r\nX-Standin-Echo: 1\r\n\
                   Cookie: b=2\r\nb:\r\nCookie: a=1\r\nCookie: a=1\r\nConnection: close\r\n\r\n";
    assert_eq!(
        exchange(standin.port(), request).json(),
        json!({
            "upstream": "docs",
            "method": "PATCH",
            "target": "/x",
            "headers": [
                ["host", "h"], ["a", "1"], ["b", "2"], ["a", "3"], ["x-standin-echo", "1"],
                ["cookie", "b=2"], ["b", ""], ["cookie", "a=1"], ["cookie", "a=1"], ["connection", "close"],
            ],
            "body": "",
        })
    );
}

#[test]
fn echo_tells_the_target_character_for_character() {
    let standin = Standin::start(Name::Legacy).unwrap();
    let targets = [
        "/",
        "/?",
        "//a///b/",
        "/a/../b/./c",
        "/%2e%2E/%2f%5C%00?%zz=%",
        "/a;b=c,d/!$&'()*+@:~-._?x=?/:@&&=",
        "/a?b#c",
        "/caf\u{e9}?\u{20ac}",
        "/{a}[b]|c\\d^e\"",
        "http://other.example/absolute?form",
    ];
    for target in targets {
        let reply = get(standin.port(), target, &["x-standin-echo: 1"]);
        assert_eq!(reply.status, 200, "{target}");
        assert_eq!(reply.json()["target"], target);
    }
}

#[test]
fn echo_gives_the_body_without_its_framing() {
    let standin = Standin::start(Name::Supabase).unwrap();
    let reply = send(
        standin.port(),
        "POST",
        "/",
        &["x-standin-echo: 1"],
        "{\"caf\u{e9}\": 1}\r\n",
    );
    assert_eq!(reply.json()["body"], "{\"caf\u{e9}\": 1}\r\n");

    let chunked = "PUT / HTTP/1.1\r\nhost: h\r\nx-standin-echo: 1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    assert_eq!(exchange(standin.port(), chunked).json()["body"], "abcde");

    let mut binary =
        b"POST / HTTP/1.1\r\nhost: h\r\nx-standin-echo: 1\r\nconnection: close\r\ncontent-length: 3\r\n\r\n".to_vec();
    binary.extend(b"a\xffb");
    assert_eq!(exchange(standin.port(), binary).json()["body"], "a\u{fffd}b");
}

#[test]
fn echo_to_head_is_a_head() {
    let standin = Standin::start(Name::Supabase).unwrap();
    let reply = send(standin.port(), "HEAD", "/x", &["x-standin-echo: 1"], "");
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    assert_eq!(reply.header("content-type"), ["application/json"]);
}

#[test]
fn echo_of_an_upgrade_switches_nothing() {
    let standin = Standin::start(Name::McpWs).unwrap();
    let headers = [
        "x-standin-echo: 1",
        "upgrade: websocket",
        "connection: upgrade",
        "sec-websocket-version: 13",
    ];
    let reply = get(standin.port(), "/ws?access_token=t", &headers);
    assert_eq!(
        (reply.status, &reply.json()["target"]),
        (200, &json!("/ws?access_token=t"))
    );
}

#[test]
fn requests_on_one_connection_are_told_apart() {
    let standin = Standin::start(Name::Supabase).unwrap();
    let mut stream = crate::client::connect(standin.port());
    let echo = "host: h\r\nx-standin-echo: 1\r\n";
    // Sent together: a body that looks like a request, in chunks, and two requests behind it.
    let requests = format!(
        "POST /1 HTTP/1.1\r\n{echo}transfer-encoding: chunked\r\n\r\n14\r\nGET /no HTTP/1.1\r\n\r\n\r\n0\r\n\r\n\
         POST /2 HTTP/1.1\r\n{echo}b: 1\r\na: 2\r\nb: 3\r\ncontent-length: 4\r\n\r\nbody\
         GET /3 HTTP/1.1\r\n{echo}\r\n"
    );
    std::io::Write::write_all(&mut stream, requests.as_bytes()).unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let head = read_until(&mut stream, "\r\n\r\n");
        let length: usize = parse(head.as_bytes()).header("content-length")[0].parse().unwrap();
        let mut body = vec![0; length];
        std::io::Read::read_exact(&mut stream, &mut body).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        seen.push((
            body["target"].clone(),
            body["body"].clone(),
            body["headers"].as_array().unwrap().len(),
        ));
    }
    let looks_like_a_request = "GET /no HTTP/1.1\r\n\r\n";
    assert_eq!(
        seen,
        [
            (json!("/1"), json!(looks_like_a_request), 3),
            (json!("/2"), json!("body"), 6),
            (json!("/3"), json!(""), 2)
        ]
    );
}

#[test]
fn only_the_value_1_asks_for_an_echo() {
    let standin = Standin::start(Name::Supabase).unwrap();
    assert_eq!(get(standin.port(), "/nowhere", &["x-standin-echo: 0"]).status, 404);
}

#[tokio::test]
async fn echo_works_over_http_2_with_prior_knowledge() {
    use http_body_util::BodyExt as _;
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let standin = Standin::start(Name::Docs).unwrap();
    let stream = tokio::net::TcpStream::connect(standin.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = http::Request::post("http://docs.test/a%2Fb?q=1")
        .header("x-standin-echo", "1")
        .body("hello".to_owned())
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&answer.collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(
        (&body["target"], &body["body"]),
        (&json!("/a%2Fb?q=1"), &json!("hello"))
    );
}
