//! Health, status and policy views on the public listener; liveness, readiness, metrics and state on the admin's.

use crate::support::{Client, Edge, EdgeBuilder, Request, Response, eventually};
use platform_standin::scripted::{Gate, Log, Server, gated, ok};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

const SECRET: &str = "k3y-of-the-upstream";

/// A server that answers with the status it is told to, and notes what it was asked.
struct Switched {
    status: Arc<AtomicU16>,
    log: Log,
    server: Server,
}

impl Switched {
    fn start() -> Self {
        let (status, log) = (Arc::new(AtomicU16::new(200)), Log::new());
        let (shared, seen) = (Arc::clone(&status), log.clone());
        let server = Server::start(move |mut conn| {
            let (status, log) = (Arc::clone(&shared), seen.clone());
            async move {
                while let Some(request) = conn.read_request().await? {
                    log.push(request);
                    let status = status.load(Ordering::SeqCst);
                    conn.write(format!("HTTP/1.1 {status} Told\r\nContent-Length: 0\r\n\r\n"))
                        .await?;
                }
                Ok(())
            }
        });
        Self {
            status,
            log,
            server: server.expect("a server"),
        }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }
}

fn map(auth: &Switched, docs: &Switched) -> EdgeBuilder {
    let health = "health: { path: /are/you/well?x=1, interval: 100ms, unhealthy_after: 1 }";
    Edge::with(&format!(
        "version: 1
hosts: {{ own: {{ loopback: true }} }}
upstreams:
  auth-gateway:
    endpoints: [\"{}\"]
    base_path: /base
    critical: true
    service: auth
    request_headers: {{ set: {{ apikey: {{ secret: UPSTREAM_KEY }} }} }}
    {health}
  docs: {{ endpoints: [\"{}\"], service: docs, {health} }}
  unchecked: {{ endpoints: [\"http://127.0.0.1:9\"] }}
routes:
  - {{ id: health, path: [/health, /api/v1/health], endpoint: health }}
  - {{ id: full, path: /health/full, endpoint: health-full }}
  - {{ id: status, path: /api/v1/status, endpoint: status }}
  - {{ id: policy, path: /policy, about: what is served, endpoint: route-policy }}
  - {{ id: docs, path: /docs/*, about: documents for people, methods: [GET, POST], to: docs, body_limit: 5MiB, cors: none }}
  - {{ id: auth, path: /auth/*, to: auth-gateway, stream: sse, timeouts: {{ total: 90s }} }}
  - {{ id: unchecked, path: /unchecked, to: unchecked }}
",
        auth.server.url(),
        docs.server.url(),
    ))
    .env("UPSTREAM_KEY", SECRET)
}

/// The answer of `/health` once it says this.
async fn health_once(edge: &Edge, status: &str) -> Response {
    eventually(&format!("the platform is {status}"), || async {
        let answer = edge.get("/health").await;
        (answer.json()["status"] == status).then_some(answer)
    })
    .await
}

fn services(answer: &Response) -> [String; 2] {
    let services = answer.json()["services"].clone();
    assert_eq!(services.as_object().expect("an object").len(), 2, "{services}");
    ["auth", "docs"].map(|name| services[name]["status"].as_str().expect("a word").to_owned())
}

#[tokio::test]
async fn health_is_503_only_while_a_critical_upstream_is_down() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let edge = map(&auth, &docs).start().await;
    let answer = health_once(&edge, "ok").await;
    assert_eq!(
        (answer.status, services(&answer)),
        (200, ["online", "online"].map(String::from))
    );

    docs.answers(500);
    let answer = health_once(&edge, "degraded").await;
    assert_eq!(
        (answer.status, services(&answer)),
        (200, ["online", "offline"].map(String::from))
    );

    auth.answers(503);
    let answer = health_once(&edge, "down").await;
    assert_eq!(
        (answer.status, services(&answer)),
        (503, ["offline", "offline"].map(String::from))
    );
    assert_eq!(edge.get("/auth/x").await.code(), "NO_HEALTHY_UPSTREAM");
    assert_eq!(
        edge.metric(&format!(
            "edge_upstream_up{{endpoint=\"{}\",upstream=\"docs\"}}",
            docs.server.url()
        ))
        .await,
        0.0
    );

    // A redirect is an answer of a server that is well.
    auth.answers(302);
    docs.answers(204);
    let answer = health_once(&edge, "ok").await;
    assert_eq!(
        (answer.status, services(&answer)),
        (200, ["online", "online"].map(String::from))
    );
    assert_eq!(edge.get("/auth/x").await.status, 302);
    assert_eq!(
        edge.metric(&format!(
            "edge_upstream_up{{endpoint=\"{}\",upstream=\"docs\"}}",
            docs.server.url()
        ))
        .await,
        1.0
    );
}

#[tokio::test]
async fn health_has_the_shape_that_monitors_know() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let edge = map(&auth, &docs).start().await;
    for path in ["/health", "/api/v1/health"] {
        let answer = edge.get(path).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = answer.json();
        assert_eq!(body["service"], "onasis-gateway");
        assert!(body["uptime"].as_f64().expect("seconds") < 60.0, "{body}");
        assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
        let timestamp = body["timestamp"].as_str().expect("a time");
        assert!(timestamp.starts_with("20") && timestamp.ends_with('Z'), "{timestamp}");
        assert!(
            body.get("upstreams").is_none() && body.get("config").is_none(),
            "{body}"
        );
    }
}

#[tokio::test]
async fn checks_ask_what_is_configured_with_the_upstreams_own_headers() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let _edge = map(&auth, &docs).start().await;
    let asked = eventually("both were checked", || {
        std::future::ready(
            auth.log
                .requests()
                .first()
                .cloned()
                .zip(docs.log.requests().first().cloned()),
        )
    })
    .await;
    assert_eq!(
        (asked.0.head.method.as_str(), asked.0.head.target.as_str()),
        ("GET", "/base/are/you/well?x=1")
    );
    assert_eq!(asked.0.head.header("apikey"), Some(SECRET));
    assert_eq!(asked.1.head.target, "/are/you/well?x=1");
    assert_eq!(
        asked.1.head.header("host"),
        Some(docs.server.address().to_string().as_str())
    );
}

async fn full(edge: &Edge, client: &str) -> Response {
    edge.send(&Request::get("/health/full").header("X-Forwarded-For", client))
        .await
}

#[tokio::test]
async fn the_full_view_is_for_private_addresses_unless_configured() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let trusting = "trusted_proxies: [\"127.0.0.1\"]";
    let edge = map(&auth, &docs).gateway(trusting).start().await;
    for (client, status) in [
        ("203.0.113.9", 403),
        ("2001:db8::1", 403),
        ("10.1.2.3", 200),
        ("fd00::1", 200),
    ] {
        assert_eq!(full(&edge, client).await.status, status, "{client}");
    }
    assert_eq!(full(&edge, "203.0.113.9").await.code(), "PRIVATE_ENDPOINT");
    assert_eq!(edge.get("/health/full").await.status, 200);

    let edge = map(&auth, &docs).start().await;
    assert_eq!(
        full(&edge, "203.0.113.9").await.status,
        200,
        "an unproven claim changes nothing"
    );

    let edge = map(&auth, &docs)
        .gateway(trusting)
        .gateway("health_full: anyone")
        .start()
        .await;
    assert_eq!(full(&edge, "203.0.113.9").await.status, 200);

    let listed = "health_full: [\"203.0.113.0/24\", \"2001:db8::7\"]";
    let edge = map(&auth, &docs).gateway(trusting).gateway(listed).start().await;
    for (client, status) in [
        ("203.0.113.9", 200),
        ("2001:db8::7", 200),
        ("198.51.100.1", 403),
        ("10.1.2.3", 403),
    ] {
        assert_eq!(full(&edge, client).await.status, status, "{client}");
    }
    assert_eq!(edge.get("/health/full").await.status, 403);
}

#[tokio::test]
async fn the_full_view_names_every_upstream_with_its_state() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let edge = map(&auth, &docs).start().await;
    docs.answers(500);
    health_once(&edge, "degraded").await;
    let answer = eventually("auth was checked", || async {
        let answer = edge.get("/health/full").await;
        answer.json()["upstreams"][0]["endpoints"][0]["latency_ms"]
            .is_number()
            .then_some(answer)
    })
    .await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let body = answer.json();
    let names: Vec<&Value> = body["upstreams"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|up| &up["name"])
        .collect();
    assert_eq!(names, ["auth-gateway", "docs", "unchecked"]);
    let [auth_state, docs_state, unchecked] = [0, 1, 2].map(|index| body["upstreams"][index].clone());
    assert_eq!(
        (&auth_state["up"], &auth_state["critical"], &auth_state["checked"]),
        (&true.into(), &true.into(), &true.into())
    );
    assert_eq!(auth_state["endpoints"][0]["last_error"], Value::Null);
    assert_eq!(
        (&docs_state["up"], &docs_state["critical"], &docs_state["service"]),
        (&false.into(), &false.into(), &"docs".into())
    );
    assert_eq!(docs_state["endpoints"][0]["last_error"], "answered with status 500");
    assert_eq!(docs_state["endpoints"][0]["url"], docs.server.url());
    assert_eq!((&unchecked["up"], &unchecked["checked"]), (&true.into(), &false.into()));

    assert_eq!(body["config"]["hash"].as_str().expect("a hash").len(), 16);
    assert_eq!(body["config"]["routes"], 7);
    assert_eq!(body["config"]["last_reload"]["successful"], true);
    assert!(body["config"]["last_reload"]["at"].as_u64().expect("a time") > 1_700_000_000);
    assert_eq!((&body["draining"], &body["ready"]), (&false.into(), &true.into()));
    assert_eq!(
        edge.admin("/state").await.json()["upstreams"],
        edge.get("/health/full").await.json()["upstreams"]
    );
}

#[tokio::test]
async fn no_view_shows_a_secret() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let edge = map(&auth, &docs).start().await;
    auth.answers(401);
    health_once(&edge, "down").await;
    for path in ["/health", "/health/full", "/api/v1/status", "/policy", "/auth/x"] {
        assert!(!edge.get(path).await.text().contains(SECRET), "{path}");
    }
    for path in ["/state", "/metrics", "/readyz"] {
        assert!(!edge.admin(path).await.text().contains(SECRET), "{path}");
    }
    for args in [
        &["routes", "-o", "json"][..],
        &["explain", "GET", "/auth/x"],
        &["explain", "GET", "/auth/x", "-o", "json"],
        &["check"],
    ] {
        let output = edge.cli(args);
        assert!(output.status.success(), "{args:?}");
        let said = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&said).contains(SECRET), "{args:?}");
    }
    assert!(!edge.stderr().contains(SECRET));
}

#[tokio::test]
async fn the_status_says_that_the_gateway_runs() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let edge = map(&auth, &docs).start().await;
    auth.answers(500);
    health_once(&edge, "down").await;
    let answer = edge.get("/api/v1/status").await;
    assert_eq!(answer.status, 200, "whatever is behind it");
    let body = answer.json();
    assert_eq!(
        (&body["status"], &body["gateway"], &body["draining"]),
        (&"down".into(), &"onasis-gateway".into(), &false.into())
    );
    assert_eq!(body["routes"], 7);
}

#[tokio::test]
async fn the_public_policy_tells_what_is_served_and_not_from_where() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let edge = map(&auth, &docs).start().await;
    let answer = edge.get("/policy").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let body = answer.json();
    let find = |id: &str| -> Value {
        let routes = body["routes"].as_array().expect("a list");
        routes
            .iter()
            .find(|route| route["id"] == id)
            .unwrap_or_else(|| panic!("no {id} in {body}"))
            .clone()
    };
    let docs_route = find("docs");
    assert_eq!(docs_route["about"], "documents for people");
    assert_eq!(docs_route["paths"], serde_json::json!(["/docs/*"]));
    assert_eq!(docs_route["methods"], serde_json::json!(["GET", "HEAD", "POST"]));
    assert_eq!(
        (&docs_route["body_limit"], &docs_route["cors"]),
        (&(5 << 20).into(), &false.into())
    );
    assert_eq!(
        (&find("auth")["stream"], &find("auth")["timeouts"]["total"]),
        (&"sse".into(), &90.0.into())
    );
    for hidden in ["127.0.0.1", "auth-gateway", "unchecked\"}", "apikey", "/base"] {
        assert!(!answer.text().contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn operators_paths_are_on_the_admin_listener_alone() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let edge = map(&auth, &docs).start().await;
    for path in ["/livez", "/readyz", "/metrics", "/state", "/reload"] {
        let public = edge.get(path).await;
        assert_eq!((public.status, public.code()), (404, "NO_SUCH_ROUTE".into()), "{path}");
    }
    assert_eq!(edge.admin("/livez").await.text(), "alive\n");
    assert_eq!(edge.admin("/readyz").await.text(), "ready\n");
    let metrics = edge.admin("/metrics").await;
    assert!(
        metrics
            .header("content-type")
            .expect("a type")
            .starts_with("text/plain; version=0.0.4")
    );
    assert!(metrics.text().contains("\nedge_connections "), "{}", metrics.text());
    assert!(edge.admin("/state").await.json()["config"]["hash"].is_string());
    // Over TCP nothing can be changed.
    for (method, path, status) in [
        ("POST", "/reload", 404),
        ("POST", "/readyz", 405),
        ("GET", "/health", 404),
        ("GET", "/", 404),
    ] {
        let answer = Client::connect(edge.admin)
            .await
            .send(&Request::new(method, path))
            .await;
        assert_eq!(answer.status, status, "{method} {path}");
    }
    let head = Client::connect(edge.admin)
        .await
        .send(&Request::new("HEAD", "/livez"))
        .await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status() {
    let (auth, docs) = (Switched::start(), Switched::start());
    let edge = map(&auth, &docs).start().await;
    edge.get("/docs/a").await;
    edge.get("/docs/b").await;
    edge.send(&Request::new("PATCH", "/docs/b")).await;
    edge.send(&Request::new("BREW", "/auth/x")).await;
    edge.get("/no/such/path").await;
    let counted = [
        "edge_http_requests_total{code=\"200\",method=\"GET\",route=\"docs\"} 2",
        "edge_http_requests_total{code=\"405\",method=\"PATCH\",route=\"docs\"} 1",
        "edge_http_requests_total{code=\"200\",method=\"_OTHER\",route=\"auth\"} 1",
        "edge_http_requests_total{code=\"404\",method=\"GET\",route=\"none\"} 1",
    ];
    let metrics = eventually("all are counted", || async {
        let metrics = edge.admin("/metrics").await.text();
        counted
            .iter()
            .all(|line| metrics.lines().any(|other| other == *line))
            .then_some(metrics)
    })
    .await;
    assert!(!metrics.contains("/docs/a") && !metrics.contains("BREW"));
}

#[tokio::test]
async fn a_draining_edge_is_not_ready_finishes_what_it_has_and_ends_well() {
    let gate = Gate::closed();
    let upstream = Server::start(gated(&gate, ok("at last"))).expect("a server");
    let mut edge = Edge::in_front_of(&upstream.url(), "")
        .gateway("limits: { header_timeout: 1h, keepalive: 1h }")
        .start()
        .await;
    let mut waiting = edge.client().await;
    waiting.write(&Request::get("/x").bytes()).await;
    let [mut silent, mut begun, mut idle] = [edge.client().await, edge.client().await, edge.client().await];
    begun.write(b"P").await;
    assert_eq!(idle.send(&Request::get("/bad%")).await.status, 400);
    eventually("the upstream holds the request", || {
        std::future::ready((gate.waiting() > 0).then_some(()))
    })
    .await;

    edge.signal("TERM");
    eventually("it is not ready", || async {
        let answer = edge.admin("/readyz").await;
        (answer.status == 503 && answer.text() == "draining\n").then_some(())
    })
    .await;
    assert_eq!(edge.admin("/livez").await.status, 200);
    assert_eq!(edge.admin("/state").await.json()["draining"], true);
    for (what, client) in [("silent", &mut silent), ("begun", &mut begun), ("idle", &mut idle)] {
        assert_eq!(client.until_closed().await, b"", "a {what} connection is closed");
    }
    eventually("nobody is let in", || async {
        tokio::net::TcpStream::connect(edge.address).await.err()
    })
    .await;

    gate.open();
    let answer = waiting.response(false).await.expect("the request under way is served");
    assert_eq!((answer.status, answer.text()), (200, "at last".into()));
    assert_eq!(waiting.until_closed().await, b"");
    assert_eq!(edge.exit_code().await, Some(0));
}
