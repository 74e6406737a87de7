//! TLS to upstreams: connections are kept, never shared between upstreams, and end as they did.

use crate::support::websocket::{echoes, handshake, open};
use crate::support::{Edge, Request, Response, eventually};
use platform_standin::Certificate;
use platform_standin::scripted::{Conn, Gate, Server, black_hole, fixed, gated, instant_101, ok};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A certificate for the name `up.test`, and a server with it.
fn serving<F, Fut>(script: F) -> (Certificate, Server)
where
    F: Fn(Conn) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let certificate = Certificate::for_names(&["up.test"]);
    let server = Server::start_tls(&certificate, script).expect("a TLS server");
    (certificate, server)
}

/// An edge that trusts this server under the name `up.test`; more keys of the upstream, of the route and of gateway.yaml.
async fn edge(tls: &(Certificate, Server), upstream: &str, route: &str, gateway: &str) -> Edge {
    let (certificate, server) = tls;
    let routes = format!(
        "version: 1
hosts: {{ own: {{ names: [edge.test], loopback: true }} }}
upstreams:
  up: {{ endpoints: [\"{}\"], tls: {{ server_name: up.test, ca_file: ca.pem }}{upstream} }}
routes:
  - {{ id: all, path: /*, to: up{route} }}
",
        server.url()
    );
    let builder = Edge::with(&routes).file("ca.pem", certificate.ca_pem());
    builder.gateway(gateway).start().await
}

/// Waits until the request is over for the edge too, and its connection kept or closed; its line in the log.
async fn over(edge: &Edge, answer: &Response) -> serde_json::Value {
    edge.log_line(answer.header("x-request-id").expect("an id")).await
}

#[tokio::test]
async fn a_tls_connection_is_kept_and_used_again() {
    let tls = serving(fixed(ok("fine")));
    let edge = edge(&tls, "", "", "").await;
    for number in 0..20 {
        let answer = edge.send(&Request::post("/x", "a body")).await;
        assert_eq!((answer.status, answer.text()), (200, "fine".into()));
        let line = over(&edge, &answer).await;
        assert_eq!(line["reused"].as_bool().unwrap_or_default(), number > 0, "{line}");
    }
    assert_eq!(tls.1.connections(), 1);
}

#[tokio::test]
async fn requests_at_once_have_tls_connections_of_their_own() {
    let gate = Gate::closed();
    let tls = serving(gated(&gate, ok("fine")));
    let edge = edge(&tls, "", "", "").await;
    for round in 1..=2 {
        let mut clients = Vec::new();
        for _ in 0..4 {
            let mut client = edge.client().await;
            client.write(&Request::get("/x").bytes()).await;
            clients.push(client);
        }
        if round == 1 {
            eventually("all are under way", || {
                std::future::ready((gate.waiting() == 4).then_some(()))
            })
            .await;
            gate.open();
        }
        for client in &mut clients {
            let answer = client.response(false).await.expect("an answer");
            assert_eq!(answer.text(), "fine");
            over(&edge, &answer).await;
        }
    }
    assert_eq!(tls.1.connections(), 4);
}

#[tokio::test]
async fn a_connection_is_never_shared_with_an_upstream_of_another_name_or_authority() {
    let certificate = Certificate::for_names(&["a.test", "b.test"]);
    let server = Server::start_tls(&certificate, |mut conn: Conn| async move {
        let name = conn.server_name().unwrap_or("nameless").to_owned();
        while conn.read_request().await?.is_some() {
            conn.write(ok(&name)).await?;
        }
        Ok(())
    })
    .expect("a TLS server");
    let url = server.url();
    let stranger = Certificate::for_names(&["a.test"]);
    let routes = format!(
        "version: 1
hosts: {{ own: {{ names: [edge.test], loopback: true }} }}
upstreams:
  a: {{ endpoints: [\"{url}\"], tls: {{ server_name: a.test, ca_file: ca.pem }} }}
  b: {{ endpoints: [\"{url}\"], tls: {{ server_name: b.test, ca_file: ca.pem }} }}
  strict: {{ endpoints: [\"{url}\"], tls: {{ server_name: a.test, ca_file: stranger.pem }} }}
  plain: {{ endpoints: [\"{}\"] }}
routes:
  - {{ id: a, path: /a, to: a }}
  - {{ id: b, path: /b, to: b }}
  - {{ id: strict, path: /strict, to: strict }}
  - {{ id: plain, path: /plain, to: plain }}
",
        url.replace("https://", "http://")
    );
    let builder = Edge::with(&routes).file("ca.pem", certificate.ca_pem());
    let edge = builder.file("stranger.pem", stranger.ca_pem()).start().await;
    for _ in 0..3 {
        for (target, name) in [("/a", "a.test"), ("/b", "b.test")] {
            let answer = edge.get(target).await;
            assert_eq!(answer.text(), name);
            over(&edge, &answer).await;
        }
    }
    assert_eq!(server.connections(), 2);
    assert_eq!(edge.get("/strict").await.code(), "UPSTREAM_TLS_FAILED");
    assert_ne!(edge.get("/plain").await.status, 200);
}

#[tokio::test]
async fn a_new_connection_resumes_the_session_of_an_earlier_one() {
    let tls = serving(|mut conn: Conn| async move {
        let kind = if conn.is_resumed() { "resumed" } else { "full" };
        conn.read_request().await?;
        conn.write(ok(kind)).await?;
        conn.close().await
    });
    let edge = edge(&tls, "", "", "").await;
    assert_eq!(edge.get("/x").await.text(), "full");
    assert_eq!(edge.get("/x").await.text(), "resumed");
}

#[tokio::test]
async fn a_kept_connection_that_the_upstream_closed_is_not_used() {
    let gate = Gate::closed();
    let closed = Arc::new(AtomicUsize::new(0));
    let (script_gate, count) = (gate.clone(), Arc::clone(&closed));
    let tls = serving(move |mut conn: Conn| {
        let (gate, count) = (script_gate.clone(), Arc::clone(&count));
        async move {
            conn.read_request().await?;
            conn.write(ok("fine")).await?;
            gate.pass().await;
            conn.close().await?;
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    let edge = edge(&tls, "", "", "").await;
    over(&edge, &edge.get("/x").await).await;
    gate.open();
    eventually("it is closed", || {
        std::future::ready((closed.load(Ordering::SeqCst) == 1).then_some(()))
    })
    .await;
    let answer = edge.send(&Request::post("/x", "a body")).await;
    assert_eq!((answer.status, answer.text()), (200, "fine".into()));
    assert_eq!(tls.1.connections(), 2);
}

#[tokio::test]
async fn only_an_idempotent_request_is_repeated_when_a_kept_connection_ends_under_it() {
    // Every connection ends with its second request, unanswered.
    let tls = serving(|mut conn: Conn| async move {
        conn.read_request().await?;
        conn.write(ok("fine")).await?;
        conn.read_request().await?;
        conn.close().await
    });
    let edge = edge(&tls, "", "", "").await;
    over(&edge, &edge.get("/x").await).await;
    let repeated = edge.get("/x").await;
    assert_eq!((repeated.status, repeated.text()), (200, "fine".into()));
    over(&edge, &repeated).await;
    let refused = edge.send(&Request::post("/x", "a body")).await;
    assert_eq!((refused.status, refused.code()), (502, "UPSTREAM_BAD_RESPONSE".into()));
    assert_eq!(tls.1.connections(), 2);
}

#[tokio::test]
async fn a_connection_whose_answer_nobody_read_to_its_end_serves_nobody_else() {
    let gate = Gate::closed();
    let script_gate = gate.clone();
    let tls = serving(move |mut conn: Conn| {
        let gate = script_gate.clone();
        async move {
            while let Some(request) = conn.read_request().await? {
                if request.head.target == "/slow" {
                    conn.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf-").await?;
                    gate.pass().await;
                    conn.write("other").await?;
                } else {
                    conn.write(ok("fine")).await?;
                }
            }
            Ok(())
        }
    });
    let edge = edge(&tls, "", "", "").await;
    let mut client = edge.client().await;
    client.write(&Request::get("/slow").bytes()).await;
    let head = client.head().await.expect("a head");
    let id = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("x-request-id: ")
            .map(str::to_owned)
    });
    drop(client);
    // It is logged: the exchange has been given up.
    edge.log_line(&id.expect("an id")).await;
    for _ in 0..3 {
        let answer = edge.get("/x").await;
        assert_eq!(answer.text(), "fine");
        over(&edge, &answer).await;
    }
    assert_eq!(tls.1.connections(), 2);
    gate.open();
}

/// A TLS server that answers every request and counts the connections that have ended.
fn counting() -> ((Certificate, Server), Arc<AtomicUsize>) {
    let closed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&closed);
    let tls = serving(move |mut conn: Conn| {
        let count = Arc::clone(&count);
        async move {
            while let Ok(Some(_)) = conn.read_request().await {
                conn.write(ok("fine")).await?;
            }
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    (tls, closed)
}

#[tokio::test]
async fn an_idle_tls_connection_is_kept_as_long_as_configured() {
    let (tls, closed) = counting();
    let edge = edge(&tls, ", pool_idle: 300ms", "", "").await;
    for _ in 0..3 {
        edge.get("/x").await;
    }
    eventually("the connections are given up", || {
        std::future::ready((closed.load(Ordering::SeqCst) == tls.1.connections()).then_some(()))
    })
    .await;
}

#[tokio::test]
async fn no_more_idle_tls_connections_are_kept_than_configured() {
    let gate = Gate::closed();
    let closed = Arc::new(AtomicUsize::new(0));
    let (inner, count) = (gate.clone(), Arc::clone(&closed));
    let tls = serving(move |conn| {
        let (serve, count) = (gated(&inner, ok("fine"))(conn), Arc::clone(&count));
        async move {
            let served = serve.await;
            count.fetch_add(1, Ordering::SeqCst);
            served
        }
    });
    let edge = edge(&tls, "", "", "upstream_pool: 2").await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        let mut client = edge.client().await;
        client.write(&Request::get("/x").bytes()).await;
        clients.push(client);
    }
    eventually("all are under way", || {
        std::future::ready((gate.waiting() == 6).then_some(()))
    })
    .await;
    gate.open();
    for client in &mut clients {
        assert_eq!(client.response(false).await.expect("an answer").text(), "fine");
    }
    eventually("four of six are closed", || {
        std::future::ready((closed.load(Ordering::SeqCst) == 4).then_some(()))
    })
    .await;
    assert_eq!(edge.get("/x").await.text(), "fine");
    assert_eq!((tls.1.connections(), closed.load(Ordering::SeqCst)), (6, 4));
}

#[tokio::test]
async fn a_reload_that_changes_an_upstream_closes_its_idle_connections() {
    let (tls, closed) = counting();
    let edge = edge(&tls, "", "", "").await;
    edge.get("/x").await;
    let routes = std::fs::read_to_string(edge.path("routes.yaml")).expect("routes.yaml");
    edge.write_routes(&routes.replace("server_name: up.test", "server_name: other.test"));
    assert!(edge.reload().await.status.success());
    eventually("it is closed", || {
        std::future::ready((closed.load(Ordering::SeqCst) == 1).then_some(()))
    })
    .await;
    assert_eq!(edge.get("/x").await.code(), "UPSTREAM_TLS_FAILED");
}

#[tokio::test]
async fn a_websocket_passes_over_tls() {
    let tls = serving(instant_101());
    let edge = edge(&tls, "", ", stream: websocket", "").await;
    for number in 0..50 {
        let mut tunnel = open(edge.address, &handshake("/ws")).await;
        let first = format!("hello {number}");
        assert!(echoes(&mut tunnel, first.as_bytes()).await, "session {number}");
        assert!(echoes(&mut tunnel, &vec![b'x'; 100_000]).await, "session {number}");
    }
    assert_eq!(tls.1.connections(), 50, "each has a connection of its own");
}

#[tokio::test]
async fn an_answer_without_a_length_is_whole_only_if_tls_says_so() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nhalf";
    let tls = serving(|mut conn: Conn| async move {
        let request = conn.read_request().await?;
        conn.write(HEAD).await?;
        match request {
            Some(request) if request.head.target == "/whole" => conn.close().await,
            // Without close_notify.
            _ => Ok(()),
        }
    });
    let edge = edge(&tls, "", "", "").await;
    for (target, complete) in [("/whole", true), ("/cut", false)] {
        let answer = edge.get(target).await;
        assert_eq!((answer.status, answer.text()), (200, "half".into()), "{target}");
        assert_eq!(answer.complete, complete, "{target}");
        let line = over(&edge, &answer).await;
        assert_eq!(line["broken"].as_bool().unwrap_or_default(), !complete, "{target}");
    }
}

#[tokio::test]
async fn a_handshake_that_is_never_answered_is_504_after_the_connect_limit() {
    let silent = Server::start(black_hole()).expect("a server");
    let url = silent.url().replace("http://", "https://");
    let edge = Edge::in_front_of(&url, "timeouts: { connect: 200ms }").start().await;
    let answer = edge.get("/x").await;
    assert_eq!((answer.status, answer.code()), (504, "UPSTREAM_TIMEOUT".into()));
}

#[tokio::test]
async fn deadlines_end_an_exchange_over_tls() {
    let tls = serving(black_hole());
    for timeouts in [
        "{ first_byte: 200ms, idle: 200ms }",
        "{ first_byte: 200ms, idle: 1h }",
        "{ first_byte: 1h, idle: 1h, total: 200ms }",
    ] {
        let edge = edge(&tls, "", &format!(", timeouts: {timeouts}"), "").await;
        let answer = edge.get("/x").await;
        assert_eq!(
            (answer.status, answer.code()),
            (504, "UPSTREAM_TIMEOUT".into()),
            "{timeouts}"
        );
    }
}

#[tokio::test]
async fn checks_go_over_verified_tls() {
    let tls = serving(fixed(ok("fine")));
    let health = ", health: { path: /check, interval: 100ms, unhealthy_after: 1 }";
    let trusted = edge(&tls, health, "", "").await;
    let endpoint = async |edge: &Edge| edge.admin("/state").await.json()["upstreams"][0]["endpoints"][0].clone();
    eventually("it is checked", || async {
        endpoint(&trusted).await["latency_ms"].is_number().then_some(())
    })
    .await;
    let said = trusted.cli(&["check", "--connect"]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));

    let stranger = (Certificate::for_names(&["up.test"]), tls.1);
    let distrusted = edge(&stranger, health, "", "").await;
    eventually("it is down", || async {
        (endpoint(&distrusted).await["last_error"] == "no connection: TLSHandshakeFailure").then_some(())
    })
    .await;
    assert_eq!(distrusted.cli(&["check", "--connect"]).status.code(), Some(1));
}
