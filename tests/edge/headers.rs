//! Headers on their way through: identity, hop-by-hop, forwarding and tracing fields up; cookies, servers and policies down.

use crate::support::edge::one_route;
use crate::support::{Echo, Edge, Request, eventually};
use platform_standin::scripted::{Log, Refused, Server, fixed, ok, recording};
use platform_standin::{Name, Standin};

const ID: &str = "0190b2f0-7d5c-7c3a-9b1e-2f6a1c0d9e8f";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn echoing(gateway: &str) -> (Edge, Standin) {
    let upstream = Standin::start(Name::Docs).expect("a stand-in");
    let edge = Edge::in_front_of(&upstream.url(), "").gateway(gateway).start().await;
    (edge, upstream)
}

async fn echo(edge: &Edge, request: Request) -> Echo {
    Echo::of(&edge.send(&request.header("x-standin-echo", "1")).await)
}

#[tokio::test]
async fn a_valid_request_id_is_kept_sent_returned_and_logged() {
    let (edge, _upstream) = echoing("").await;
    for id in [ID, "0190B2F07D5C7C3A9B1E2F6A1C0D9E8F"] {
        let request = Request::get("/x")
            .header("X-Request-ID", id)
            .header("x-standin-echo", "1");
        let response = edge.send(&request).await;
        assert_eq!(response.header_values("x-request-id"), [id]);
        assert_eq!(Echo::of(&response).header_values("x-request-id"), [id]);
        assert_eq!(edge.log_line(id).await["path"], "/x");
    }
}

#[tokio::test]
async fn any_other_request_id_is_replaced_by_a_uuid_of_version_7() {
    let (edge, _upstream) = echoing("").await;
    let twice = Request::get("/x").header("X-Request-ID", ID).header("X-Request-ID", ID);
    let mut seen = Vec::new();
    for request in [
        Request::get("/x"),
        Request::get("/x").header("X-Request-ID", "<script>"),
        Request::get("/x").header("X-Request-ID", &format!("{ID}0")),
        twice,
    ] {
        let response = edge.send(&request.header("x-standin-echo", "1")).await;
        let id = response.header("x-request-id").expect("an id").to_owned();
        let parts: Vec<&str> = id.split('-').collect();
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12],
            "{id}"
        );
        assert!(parts[2].starts_with('7'), "{id}");
        assert_eq!(Echo::of(&response).header_values("x-request-id"), [id.as_str()]);
        edge.log_line(&id).await;
        seen.push(id);
    }
    seen.dedup();
    assert_eq!(seen.len(), 4, "each is new");
}

#[tokio::test]
async fn refusals_carry_the_request_id_as_header_and_in_the_body() {
    let (edge, _upstream) = echoing("").await;
    let refused = edge
        .send(&Request::get("/x").host("unknown.test").header("X-Request-ID", ID))
        .await;
    assert_eq!(refused.header("x-request-id"), Some(ID));
    assert_eq!(refused.json()["request_id"], ID);
    assert_eq!(edge.log_line(ID).await["refusal"], "MISDIRECTED_REQUEST");
}

#[tokio::test]
async fn a_trace_goes_on_through_the_edge_with_a_span_of_its_own() {
    let (edge, _upstream) = echoing("").await;
    let request = Request::get("/x")
        .header("traceparent", PARENT)
        .header("tracestate", "a=1")
        .header("tracestate", "b=2")
        .header("x-standin-echo", "1");
    let response = edge.send(&request).await;
    let upstream = Echo::of(&response);
    let sent = upstream.header("traceparent").expect("a traceparent");
    assert!(
        sent.starts_with(&PARENT[..36]) && sent.ends_with("-01") && sent != PARENT,
        "{sent}"
    );
    assert_eq!(response.header("traceparent"), Some(sent));
    assert_eq!(upstream.header_values("tracestate"), ["a=1,b=2"]);
    let line = edge.log_line(response.header("x-request-id").expect("an id")).await;
    assert_eq!(line["trace_id"], PARENT[3..35]);
}

#[tokio::test]
async fn a_broken_or_absent_trace_starts_a_new_one() {
    let (edge, _upstream) = echoing("").await;
    let twice = Request::get("/x")
        .header("traceparent", PARENT)
        .header("traceparent", PARENT);
    for request in [
        Request::get("/x"),
        twice,
        Request::get("/x").header("traceparent", "nonsense"),
    ] {
        let upstream = echo(&edge, request.header("tracestate", "a=1")).await;
        let [sent] = upstream.header_values("traceparent")[..] else {
            panic!("one traceparent: {upstream:?}")
        };
        assert!(
            sent.len() == 55 && sent.starts_with("00-") && !sent.starts_with(&PARENT[..35]),
            "{sent}"
        );
        assert_eq!(upstream.header("tracestate"), None);
    }
}

/// Everything by which a client could claim to be somebody else.
fn forged(request: Request) -> Request {
    request
        .header("X-Forwarded-For", "6.6.6.6, 203.0.113.9")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "evil.test")
        .header("X-Forwarded-Port", "666")
        .header("X-Forwarded-Prefix", "/evil")
        .header("X-Forwarded", "for=6.6.6.6")
        .header("Forwarded", "for=6.6.6.6")
        .header("X-Real-IP", "6.6.6.6")
        .header("X-Client-IP", "6.6.6.6")
        .header("True-Client-IP", "6.6.6.6")
        .header("CF-Connecting-IP", "6.6.6.6")
}

/// The forwarding headers, in a fixed order; the others must be gone.
fn forwarding(echo: &Echo) -> [&str; 6] {
    for gone in [
        "x-forwarded-prefix",
        "x-forwarded",
        "x-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
    ] {
        assert_eq!(echo.header(gone), None, "{gone}");
    }
    let names = [
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-real-ip",
        "forwarded",
    ];
    names.map(|name| match echo.header_values(name)[..] {
        [value] => value,
        ref other => panic!("{name}: {other:?}"),
    })
}

#[tokio::test]
async fn nobody_but_a_trusted_proxy_says_where_a_request_comes_from() {
    let (edge, _upstream) = echoing("").await;
    let upstream = echo(&edge, forged(Request::get("/x").host("edge.test:8080"))).await;
    assert_eq!(
        forwarding(&upstream),
        [
            "127.0.0.1",
            "http",
            "edge.test:8080",
            "8080",
            "127.0.0.1",
            "for=127.0.0.1;proto=http;host=\"edge.test:8080\""
        ]
    );
}

#[tokio::test]
async fn a_trusted_proxys_word_is_taken_and_passed_on_rewritten() {
    let (edge, _upstream) = echoing("trusted_proxies: [\"127.0.0.0/8\", \"10.0.0.0/8\"]").await;
    let upstream = echo(&edge, forged(Request::get("/x").host("edge.test"))).await;
    assert_eq!(
        forwarding(&upstream),
        [
            "203.0.113.9, 127.0.0.1",
            "https",
            "edge.test",
            "443",
            "203.0.113.9",
            "for=203.0.113.9;proto=https;host=\"edge.test\""
        ]
    );
    let through_two = Request::get("/x")
        .host("edge.test")
        .header("X-Forwarded-For", "2001:db8::1")
        .header("X-Forwarded-For", "10.1.1.1")
        .header("X-Request-ID", ID);
    let upstream = echo(&edge, through_two).await;
    assert_eq!(
        forwarding(&upstream),
        [
            "2001:db8::1, 10.1.1.1, 127.0.0.1",
            "http",
            "edge.test",
            "80",
            "2001:db8::1",
            "for=\"[2001:db8::1]\";proto=http;host=\"edge.test\""
        ]
    );
    assert_eq!(edge.log_line(ID).await["client_ip"], "2001:db8::1");
}

#[tokio::test]
async fn fields_of_one_connection_do_not_pass() {
    let (edge, _upstream) = echoing("").await;
    let request = Request::get("/x")
        .header("Connection", "keep-alive, X-Mine")
        .header("Connection", "x-also-mine")
        .header("X-Mine", "1")
        .header("X-Also-Mine", "1")
        .header("X-Theirs", "1")
        .header("Keep-Alive", "timeout=5")
        .header("Proxy-Connection", "keep-alive")
        .header("Proxy-Authorization", "Basic c2VjcmV0")
        .header("TE", "trailers")
        .header("Trailer", "X-Mine")
        .header("Upgrade", "h2c")
        .header("HTTP2-Settings", "AAMAAABkAAQAAP__");
    let upstream = echo(&edge, request).await;
    let mut names: Vec<&str> = upstream.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "forwarded",
            "host",
            "traceparent",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-proto",
            "x-real-ip",
            "x-request-id",
            "x-standin-echo",
            "x-theirs",
        ]
    );
}

#[tokio::test]
async fn nominating_the_edges_own_headers_deletes_none_of_them() {
    let (edge, _upstream) = echoing("trusted_proxies: [\"127.0.0.1\"]").await;
    let own = [
        "X-Request-ID",
        "traceparent",
        "X-Real-IP",
        "Forwarded",
        "X-Forwarded-Port",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "Host",
    ];
    for name in own.into_iter().chain(["\"X-Forwarded-For\"", "x-FORWARDED-for"]) {
        let request = forged(Request::get("/x"))
            .header("X-Request-ID", ID)
            .header("Connection", &format!("close, {name}"))
            .header("x-standin-echo", "1");
        let response = edge.send(&request).await;
        if response.status == 400 {
            assert_eq!(response.code(), "INVALID_REQUEST", "{name}");
            continue;
        }
        let upstream = Echo::of(&response);
        assert_eq!(forwarding(&upstream)[0], "203.0.113.9, 127.0.0.1", "{name}");
        assert_eq!(upstream.header("x-request-id"), Some(ID), "{name}");
        assert!(upstream.header("traceparent").is_some(), "{name}");
        assert!(upstream.header("host").is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_nominated_content_length_does_not_break_the_framing() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let mut client = edge.client().await;
    for _ in 0..3 {
        let request = Request::post("/x", "GET /smuggled HTTP/1.1\r\n\r\n").header("Connection", "content-length");
        assert_eq!(client.send(&request).await.text(), "fine");
    }
    let targets: Vec<String> = log.requests().into_iter().map(|request| request.head.target).collect();
    assert_eq!(targets, ["/x", "/x", "/x"]);
    assert!(
        log.requests()
            .iter()
            .all(|request| request.text().starts_with("GET /smuggled"))
    );
}

#[tokio::test]
async fn identity_headers_of_a_client_reach_no_upstream_in_any_spelling() {
    let (edge, _upstream) = echoing("").await;
    let names = [
        "X-User-Id",
        "x-user-email",
        "X_User_Role",
        "x.user.id",
        "X-User_Id",
        "x-USER-anything",
        "X-UAI-Auth-Id",
        "x_uai_session",
        "X-Actor-Id",
        "x.actor-type",
        "X-Scopes",
        "x_scopes",
        "X-Session-Id",
        "X_SESSION_ID",
        "X-API-Key-Id",
        "x-api_key-id",
        "X-Auth-Method",
        "X-Auth-Source",
        "X-Credential-Id",
        "X-Identity-Assertion",
        "x_identity_assertion",
    ];
    let request = names.iter().fold(Request::get("/x"), |request, name| {
        request.header(name, "forged").header(name, "twice")
    });
    let upstream = echo(&edge, request.header("X-API-Key", "mine").header("User-Agent", "me")).await;
    let forged: Vec<_> = upstream
        .headers
        .iter()
        .filter(|(_, value)| value == "forged" || value == "twice")
        .collect();
    assert!(forged.is_empty(), "{forged:?}");
    assert_eq!(
        (upstream.header("x-api-key"), upstream.header("user-agent")),
        (Some("mine"), Some("me"))
    );
}

#[tokio::test]
async fn identity_headers_hide_neither_in_trailers_nor_in_sloppy_lines() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let mut client = edge.client().await;
    let head = Request::new("POST", "/x")
        .header("Transfer-Encoding", "chunked")
        .header("Trailer", "X-User-Id");
    client
        .write(&[head.bytes(), b"1\r\na\r\n0\r\nX-User-Id: forged\r\n\r\n".to_vec()].concat())
        .await;
    assert_eq!(client.response(false).await.expect("an answer").status, 200);
    let sloppy = [
        "X-User-Id : forged",
        " X-User-Id: forged",
        "A: b\r\n X-User-Id: forged",
        "X-User-Id\t: forged",
        "A: b\rX-User-Id: forged",
    ];
    for line in sloppy {
        let mut client = edge.client().await;
        client
            .write(format!("GET /x HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n").as_bytes())
            .await;
        let answer = client.response(false).await.expect("an answer");
        assert!(matches!(answer.status, 200 | 400), "{line}");
    }
    for request in log.requests() {
        let text = [request.head.raw, request.raw_body].concat();
        let text = String::from_utf8_lossy(&text).to_lowercase();
        assert!(!text.contains("x-user-id:"), "{text}");
    }
}

#[tokio::test]
async fn set_cookie_lines_come_through_byte_for_byte_and_in_order() {
    let cookies = [
        "Set-Cookie: a=1; Path=/; HttpOnly; SameSite=Lax",
        "Set-Cookie: b=\"x, y\"; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
        "set-cookie: a=2;Path=/;secure",
        "Set-Cookie: c=%7B%22k%22%3A1%7D; Max-Age=0",
    ];
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{}\r\n\r\nok",
        cookies.join("\r\n")
    );
    let upstream = Server::start(fixed(answer)).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let mut client = edge.client().await;
    client.write(&Request::get("/x").bytes()).await;
    let head = client.head().await.expect("an answer");
    let values = |lines: &[&str]| -> Vec<String> {
        let cookies = lines
            .iter()
            .filter(|line| line.to_lowercase().starts_with("set-cookie:"));
        cookies.map(|line| line["set-cookie:".len()..].to_owned()).collect()
    };
    assert_eq!(values(&head.split("\r\n").collect::<Vec<_>>()), values(&cookies));
}

#[tokio::test]
async fn a_server_tells_neither_its_version_nor_other_ways_to_reach_it() {
    let answer = "HTTP/1.1 200 OK\r\nServer: Apache/2.4.1 (Unix)\r\nAlt-Svc: h3=\":443\"\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok";
    let upstream = Server::start(fixed(answer)).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let response = edge.get("/x").await;
    assert_eq!(response.header_values("server"), ["onasis-gateway"]);
    for gone in ["alt-svc", "keep-alive", "proxy-connection"] {
        assert_eq!(response.header(gone), None, "{gone}");
    }
    assert_eq!(response.header("x-kept"), Some("1"));
    let refused = edge.send(&Request::get("/x").host("unknown.test")).await;
    assert_eq!(refused.header_values("server"), ["onasis-gateway"]);
}

const SECURITY: &str = "security_headers:
  strict_transport_security: \"max-age=77; preload\"
  x_content_type_options: nosniff
  x_frame_options: SAMEORIGIN
  x_xss_protection: \"1; mode=block\"
  referrer_policy: strict-origin
";

fn secured(url: &str, hsts_on: &str) -> String {
    let security = match hsts_on {
        "" => SECURITY.to_owned(),
        word => format!("{SECURITY}  hsts_on: {word}\n"),
    };
    one_route(url, "").replace("upstreams:", &format!("{security}upstreams:"))
}

#[tokio::test]
async fn security_headers_are_on_every_answer() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let nobody = Refused::reserve().expect("a free port");
    let edge = Edge::with(&secured(&upstream.url(), "")).start().await;
    let down = Edge::with(&secured(&nobody.url(), "")).start().await;
    let answers = [
        edge.get("/x").await,
        edge.get("/bad%").await,
        edge.send(&Request::get("/").host("unknown.test")).await,
        down.get("/x").await,
    ];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 400, 421, 502]);
    for answer in answers {
        let sent = [
            "x-content-type-options",
            "x-frame-options",
            "x-xss-protection",
            "referrer-policy",
        ]
        .map(|name| answer.header_values(name).join("|"));
        assert_eq!(
            sent,
            ["nosniff", "SAMEORIGIN", "1; mode=block", "strict-origin"],
            "{}",
            answer.status
        );
    }
    // What the map does not name is the upstream's business.
    let silent = Edge::in_front_of(&upstream.url(), "").start().await;
    assert_eq!(silent.get("/x").await.header("x-frame-options"), None);
}

#[tokio::test]
async fn hsts_is_for_clients_that_came_over_https() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let https = Request::get("/x").header("X-Forwarded-Proto", "https");
    let cases = [
        ("", "", false, false),
        ("", "trusted_proxies: [\"127.0.0.1/32\"]", false, true),
        ("https", "trusted_proxies: [\"127.0.0.1/32\"]", false, true),
        ("always", "", true, true),
        ("never", "trusted_proxies: [\"127.0.0.1/32\"]", false, false),
    ];
    for (hsts_on, gateway, over_http, over_https) in cases {
        let edge = Edge::with(&secured(&upstream.url(), hsts_on))
            .gateway(gateway)
            .start()
            .await;
        for (request, expected) in [(Request::get("/x"), over_http), (https.clone(), over_https)] {
            let answer = edge.send(&request).await;
            let expected: &[&str] = if expected { &["max-age=77; preload"] } else { &[] };
            assert_eq!(
                answer.header_values("strict-transport-security"),
                expected,
                "{hsts_on} {gateway}"
            );
        }
    }
}

#[tokio::test]
async fn an_upstreams_stricter_framing_rule_is_kept() {
    for (theirs, sent) in [
        ("DENY", "DENY"),
        ("deny", "deny"),
        ("ALLOWALL", "SAMEORIGIN"),
        ("SAMEORIGIN", "SAMEORIGIN"),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\nX-Frame-Options: {theirs}\r\nContent-Length: 2\r\n\r\nok");
        let upstream = Server::start(fixed(answer)).expect("a server");
        let edge = Edge::with(&secured(&upstream.url(), "")).start().await;
        assert_eq!(
            edge.get("/x").await.header_values("x-frame-options"),
            [sent],
            "{theirs}"
        );
    }
}

#[tokio::test]
async fn a_deprecated_host_names_its_successor_and_is_counted() {
    let answer = "HTTP/1.1 200 OK\r\nLink: </next>; rel=\"next\"\r\nContent-Length: 2\r\n\r\nok";
    let upstream = Server::start(fixed(answer)).expect("a server");
    let routes = one_route(&upstream.url(), "").replace(
        "upstreams:",
        "  old: { names: [old.test, older.test], successor: \"https://new.test\" }\nupstreams:",
    );
    let routes = routes.replace("hosts: [own]", "hosts: [own, old]");
    let edge = Edge::with(&routes).start().await;
    let series = "edge_deprecated_host_requests_total{hosts=\"old\"}";
    assert_eq!(edge.metric(series).await, 0.0);
    for host in ["old.test", "OLDER.test:8080"] {
        let answer = edge.send(&Request::get("/a//b?c=d").host(host)).await;
        assert!(answer.header("deprecation").is_some(), "{host}");
        assert_eq!(
            answer.header_values("link"),
            [
                "</next>; rel=\"next\"",
                "<https://new.test/a/b>; rel=\"successor-version\""
            ]
        );
    }
    let refused = edge.send(&Request::get("/bad%").host("old.test")).await;
    assert!(refused.status == 400 && refused.header("deprecation").is_some() && refused.header("link").is_some());
    let current = edge.send(&Request::get("/x").host("edge.test")).await;
    assert_eq!(
        (current.header("deprecation"), current.header_values("link").len()),
        (None, 1)
    );
    eventually("the three are counted", || async {
        (edge.metric(series).await == 3.0).then_some(())
    })
    .await;
}
