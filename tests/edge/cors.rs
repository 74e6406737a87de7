//! Cross-origin requests: preflights answered at the edge, one policy on every answer, the edge's own included.

use crate::support::{Edge, EdgeBuilder, Request, Response};
use platform_standin::scripted::{Log, Refused, Server, ok, recording};

const APP: &str = "https://app.example";

/// Routes under the default policy, beside one without a policy and one under another.
fn map(url: &str, refused: &str) -> EdgeBuilder {
    Edge::with(&format!(
        "version: 1
hosts: {{ own: {{ names: [edge.test], loopback: true }} }}
cors:
  app:
    origins: [\"{APP}\", \"https://*.example.org\", \"http://localhost:3000\"]
    methods: [GET, PUT]
    request_headers: [Authorization, X-Lanonasis-*]
    expose: [X-Request-ID, Retry-After]
    credentials: true
    max_age: 10m
  open: {{ origins: [\"https://open.example\"] }}
defaults: {{ cors: app }}
upstreams:
  up: {{ endpoints: [\"{url}\"] }}
  nobody: {{ endpoints: [\"{refused}\"] }}
routes:
  - {{ id: any, path: /any, to: up }}
  - {{ id: posts, path: /posts, methods: [POST], to: up, body_limit: 4 }}
  - {{ id: nobody, path: /nobody, to: nobody }}
  - {{ id: fixed, path: /fixed, respond: {{ status: 200, text: fixed }} }}
  - {{ id: private, path: /private, cors: none, to: up }}
  - {{ id: open, path: /open, cors: open, to: up }}
"
    ))
}

/// An upstream with CORS ideas of its own.
const OPINIONATED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Private-Network: true\r\nAccess-Control-Expose-Headers: X-Secret\r\nVary: Accept-Encoding\r\n\r\nfine";

/// The edge and what is behind it.
struct Setup {
    edge: Edge,
    log: Log,
    _upstream: Server,
    _nobody: Refused,
}

async fn start() -> Setup {
    let log = Log::new();
    let upstream = Server::start(recording(&log, OPINIONATED)).expect("a server");
    let nobody = Refused::reserve().expect("a free port");
    Setup {
        edge: map(&upstream.url(), &nobody.url()).start().await,
        log,
        _upstream: upstream,
        _nobody: nobody,
    }
}

fn preflight(target: &str, origin: &str, headers: &str) -> Request {
    let request = Request::new("OPTIONS", target)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "PUT");
    match headers {
        "" => request,
        _ => request.header("Access-Control-Request-Headers", headers),
    }
}

/// Every CORS header and `Vary`, sorted.
fn cors_headers(response: &Response) -> Vec<String> {
    let lines = response.headers.iter().filter_map(|(name, value)| {
        let name = name.to_lowercase();
        (name == "vary" || name.starts_with("access-control-")).then(|| format!("{name}: {value}"))
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}

const REFUSED: [&str; 1] = ["vary: Origin"];
const ALLOWED: [&str; 4] = [
    "access-control-allow-credentials: true",
    "access-control-allow-origin: https://app.example",
    "access-control-expose-headers: X-Request-ID, Retry-After",
    "vary: Origin",
];

#[tokio::test]
async fn a_preflight_is_204_with_exactly_the_headers_of_its_policy() {
    let setup = start().await;
    let answer = setup
        .edge
        .send(&preflight("/any", APP, "content-type, X-Lanonasis-Nonce, x-other"))
        .await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(
        cors_headers(&answer),
        [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: Authorization, X-Lanonasis-Nonce",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://app.example",
            "access-control-max-age: 600",
            "vary: Origin",
        ]
    );
    assert_eq!(answer.header("content-length"), None, "RFC 9110 section 8.6");
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(setup.log.requests().len(), 0, "answered by the edge");
}

#[tokio::test]
async fn a_policy_that_says_little_allows_little() {
    let setup = start().await;
    let answer = setup
        .edge
        .send(&preflight("/open", "https://open.example", "authorization"))
        .await;
    assert_eq!(
        cors_headers(&answer),
        [
            "access-control-allow-methods: GET, HEAD, POST",
            "access-control-allow-origin: https://open.example",
            "access-control-max-age: 7200",
            "vary: Origin",
        ]
    );
    let answer = setup
        .edge
        .send(&Request::get("/open").header("Origin", "https://open.example"))
        .await;
    assert_eq!(
        cors_headers(&answer),
        [
            "access-control-allow-origin: https://open.example",
            "vary: Accept-Encoding",
            "vary: Origin"
        ]
    );
}

#[tokio::test]
async fn a_preflight_needs_no_method_of_its_route() {
    let setup = start().await;
    let answer = setup.edge.send(&preflight("/posts", APP, "")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, PUT"));
    // Without what makes it a preflight it is an ordinary request.
    assert_eq!(setup.edge.send(&Request::new("OPTIONS", "/posts")).await.status, 405);
    assert_eq!(
        setup
            .edge
            .send(&Request::new("OPTIONS", "/posts").header("Origin", APP))
            .await
            .status,
        405
    );
    assert_eq!(
        setup
            .edge
            .send(&Request::new("OPTIONS", "/any").header("Origin", APP))
            .await
            .text(),
        "fine"
    );
    assert_eq!(setup.log.requests().len(), 1);
    // A preflight of what is not there is refused like any other request.
    assert_eq!(setup.edge.send(&preflight("/nowhere", APP, "")).await.status, 404);
}

#[tokio::test]
async fn origins_are_allowed_exactly_or_by_one_label() {
    let setup = start().await;
    for origin in [APP, "https://a.example.org", "http://localhost:3000"] {
        for request in [
            preflight("/any", origin, ""),
            Request::get("/any").header("Origin", origin),
        ] {
            let answer = setup.edge.send(&request).await;
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        }
    }
    let others = [
        "null",
        "https://example.org",
        "https://a.b.example.org",
        "https://app.example.evil.test",
        "https://app.example:8443",
        "http://app.example",
        "https://APP.example",
        "http://localhost:3001",
        "https://app.example, https://evil.test",
        "*",
        "",
    ];
    for origin in others {
        let asked = setup.edge.send(&preflight("/any", origin, "authorization")).await;
        assert_eq!(
            (asked.status, cors_headers(&asked)),
            (204, REFUSED.map(String::from).to_vec()),
            "{origin}"
        );
        let answer = setup.edge.send(&Request::get("/fixed").header("Origin", origin)).await;
        assert_eq!(
            (answer.status, cors_headers(&answer)),
            (200, REFUSED.map(String::from).to_vec()),
            "{origin}"
        );
    }
    let twice = Request::get("/fixed").header("Origin", APP).header("Origin", APP);
    assert_eq!(cors_headers(&setup.edge.send(&twice).await), REFUSED);
}

#[tokio::test]
async fn an_upstreams_cors_headers_are_replaced() {
    let setup = start().await;
    let theirs = "vary: Accept-Encoding".to_owned();
    let allowed = setup.edge.send(&Request::get("/any").header("Origin", APP)).await;
    let mut expected = ALLOWED.map(String::from).to_vec();
    expected.insert(3, theirs.clone());
    assert_eq!((allowed.text(), cors_headers(&allowed)), ("fine".into(), expected));
    for request in [
        Request::get("/any"),
        Request::get("/any").header("Origin", "https://evil.test"),
    ] {
        let answer = setup.edge.send(&request).await;
        assert_eq!(cors_headers(&answer), [theirs.as_str(), "vary: Origin"]);
    }
}

#[tokio::test]
async fn the_edges_own_answers_carry_cors_headers() {
    let setup = start().await;
    let own = [
        (Request::get("/fixed"), 200),
        (Request::get("/bad%"), 400),
        (Request::get("/nowhere"), 404),
        (Request::get("/posts"), 405),
        (Request::post("/posts", "12345"), 413),
        (Request::get("/").host("unknown.test"), 421),
        (Request::get("/nobody"), 502),
    ];
    for (request, status) in own {
        let plain = setup.edge.send(&request).await;
        assert_eq!(
            (plain.status, cors_headers(&plain)),
            (status, REFUSED.map(String::from).to_vec())
        );
        let allowed = setup.edge.send(&request.clone().header("Origin", APP)).await;
        assert_eq!(
            (allowed.status, cors_headers(&allowed)),
            (status, ALLOWED.map(String::from).to_vec())
        );
        let foreign = setup.edge.send(&request.header("Origin", "https://evil.test")).await;
        assert_eq!(
            (foreign.status, cors_headers(&foreign)),
            (status, REFUSED.map(String::from).to_vec())
        );
    }
}

#[tokio::test]
async fn a_late_413_carries_cors_headers_too() {
    let setup = start().await;
    let mut client = setup.edge.client().await;
    let head = Request::new("POST", "/posts")
        .header("Origin", APP)
        .header("Transfer-Encoding", "chunked");
    client.write(&[head.bytes(), b"5\r\n12345\r\n".to_vec()].concat()).await;
    let answer = client.response(false).await.expect("an answer");
    assert_eq!(
        (answer.status, cors_headers(&answer)),
        (413, ALLOWED.map(String::from).to_vec())
    );
}

#[tokio::test]
async fn a_route_without_cors_lets_no_origin_in() {
    let setup = start().await;
    let answer = setup.edge.send(&Request::get("/private").header("Origin", APP)).await;
    assert_eq!(
        (answer.status, cors_headers(&answer)),
        (200, vec!["vary: Accept-Encoding".into(), "vary: Origin".into()])
    );
    // Nobody at the edge answers a preflight there: the upstream gets it, and its consent does not pass.
    let asked = setup.edge.send(&preflight("/private", APP, "")).await;
    assert_eq!((asked.status, cors_headers(&asked).len()), (200, 2));
    assert_eq!(setup.log.requests()[1].head.method, "OPTIONS");
}

#[tokio::test]
async fn development_adds_origins_to_every_policy() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let nobody = Refused::reserve().expect("a free port");
    let edge = map(&upstream.url(), &nobody.url())
        .gateway("development: { cors_origins: [\"http://localhost:5173\"] }")
        .start()
        .await;
    for target in ["/any", "/open"] {
        let answer = edge
            .send(&Request::get(target).header("Origin", "http://localhost:5173"))
            .await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("http://localhost:5173"),
            "{target}"
        );
    }
    let answer = edge
        .send(&Request::get("/private").header("Origin", "http://localhost:5173"))
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
