//! Every key of an upstream: where it is, how it is spoken to, and when it counts as up.

use crate::support::{Edge, Request, eventually};
use platform_standin::scripted::{Conn, Gate, Log, Server, fixed, gated, ok, recording};
use platform_standin::{Certificate, Name, Standin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One upstream with these keys, behind every path.
fn map(upstream: &str) -> String {
    format!(
        "version: 1
hosts: {{ own: {{ names: [edge.test], loopback: true }} }}
upstreams: {{ up: {{ {upstream} }} }}
routes:
  - {{ id: all, path: /*, to: up }}
"
    )
}

#[tokio::test]
async fn endpoints_are_used_in_turn() {
    let servers = ["a", "b", "c"].map(|text| Server::start(fixed(ok(text))).expect("a server"));
    let urls = servers
        .each_ref()
        .map(|server| format!("\"{}\"", server.url()))
        .join(", ");
    let edge = Edge::with(&map(&format!("endpoints: [{urls}]"))).start().await;
    let mut seen = Vec::new();
    for _ in 0..9 {
        seen.push(edge.get("/x").await.text());
    }
    seen.sort_unstable();
    assert_eq!(seen.concat(), "aaabbbccc");
}

#[tokio::test]
async fn a_base_path_comes_before_every_path() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    for base in ["/functions/v1", "/functions/v1/"] {
        let edge = Edge::with(&map(&format!("endpoints: [\"{}\"], base_path: {base}", upstream.url())))
            .start()
            .await;
        edge.get("/a/b?x=1").await;
        edge.get("/").await;
    }
    let targets: Vec<String> = log.requests().into_iter().map(|request| request.head.target).collect();
    assert_eq!(
        targets,
        [
            "/functions/v1/a/b?x=1",
            "/functions/v1/",
            "/functions/v1/a/b?x=1",
            "/functions/v1/"
        ]
    );
}

#[tokio::test]
async fn the_host_is_the_upstreams_the_clients_or_a_literal_one() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let own = upstream.address().to_string();
    for (key, expected) in [
        ("", own.as_str()),
        (", host_header: upstream", &own),
        (", host_header: client", "Edge.test:8080"),
        (", host_header: \"virtual.test:81\"", "virtual.test:81"),
    ] {
        let edge = Edge::with(&map(&format!("endpoints: [\"{}\"]{key}", upstream.url())))
            .start()
            .await;
        edge.send(&Request::get("/x").host("Edge.test:8080")).await;
        let seen = log.requests().pop().expect("a request").head;
        assert_eq!(seen.header_values("host"), [expected], "{key}");
        assert_eq!(seen.header("x-forwarded-host"), Some("Edge.test:8080"), "{key}");
    }
}

/// A TLS server that answers with the name it was asked for.
fn naming(certificate: &Certificate) -> Server {
    let server = Server::start_tls(certificate, |mut conn: Conn| async move {
        let name = conn.server_name().unwrap_or("nameless").to_owned();
        while conn.read_request().await?.is_some() {
            conn.write(ok(&name)).await?;
        }
        Ok(())
    });
    server.expect("a TLS server")
}

#[tokio::test]
async fn an_https_upstream_is_verified_by_the_configured_name_and_authority() {
    let certificate = Certificate::for_names(&["up.test"]);
    let server = naming(&certificate);
    let start = async |tls: &str| {
        let routes = map(&format!("endpoints: [\"{}\"]{tls}", server.url()));
        let stranger = Certificate::for_names(&["up.test"]);
        let builder = Edge::with(&routes).file("ca/up.pem", certificate.ca_pem());
        builder.file("ca/stranger.pem", stranger.ca_pem()).start().await
    };
    let right = start(", tls: { server_name: up.test, ca_file: ca/up.pem }")
        .await
        .get("/x")
        .await;
    assert_eq!((right.status, right.text()), (200, "up.test".into()));
    for wrong in [
        "",
        ", tls: { server_name: up.test }",
        ", tls: { ca_file: ca/up.pem }",
        ", tls: { server_name: other.test, ca_file: ca/up.pem }",
        ", tls: { server_name: up.test, ca_file: ca/stranger.pem }",
    ] {
        let answer = start(wrong).await.get("/x").await;
        assert_eq!(
            (answer.status, answer.code()),
            (502, "UPSTREAM_TLS_FAILED".into()),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn an_https_upstream_is_named_by_its_host_unless_configured() {
    let certificate = Certificate::for_names(&["localhost"]);
    let upstream = Standin::start_tls(Name::Docs, &certificate).expect("a TLS server");
    let routes = map(&format!(
        "endpoints: [\"https://localhost:{}\"], tls: {{ ca_file: ca.pem }}",
        upstream.port()
    ));
    let edge = Edge::with(&routes).file("ca.pem", certificate.ca_pem()).start().await;
    let answer = edge.send(&Request::get("/x").header("x-standin-echo", "1")).await;
    assert_eq!(
        crate::support::Echo::of(&answer).header("host"),
        Some(format!("localhost:{}", upstream.port()).as_str())
    );
}

/// Answers checks by their number, as the test decides, and everything else with `fine`.
fn checked(decide: impl Fn(usize) -> Check + Send + Sync + 'static) -> (Server, Arc<AtomicUsize>) {
    let checks = Arc::new(AtomicUsize::new(0));
    let (count, decide) = (Arc::clone(&checks), Arc::new(decide));
    let server = Server::start(move |mut conn| {
        let (count, decide) = (Arc::clone(&count), Arc::clone(&decide));
        async move {
            while let Some(request) = conn.read_request().await? {
                if request.head.target != "/check" {
                    conn.write(ok("fine")).await?;
                    continue;
                }
                let status = match decide(count.fetch_add(1, Ordering::SeqCst)) {
                    Check::Says(status) => status,
                    Check::Waits(gate, status) => {
                        gate.pass().await;
                        status
                    }
                };
                conn.write(format!("HTTP/1.1 {status} Told\r\nContent-Length: 0\r\n\r\n"))
                    .await?;
            }
            Ok(())
        }
    });
    (server.expect("a server"), checks)
}

enum Check {
    Says(u16),
    Waits(Gate, u16),
}

async fn up(edge: &Edge) -> bool {
    edge.admin("/state").await.json()["upstreams"][0]["up"] == true
}

#[tokio::test]
async fn an_endpoint_is_down_after_the_configured_failures_and_up_after_the_configured_successes() {
    // Three failures are not four, and one success is not two.
    let (upstream, checks) = checked(|number| match number {
        0..=2 | 6..=11 | 13..=18 => Check::Says(500),
        _ => Check::Says(200),
    });
    let health = "health: { path: /check, interval: 100ms, unhealthy_after: 4, healthy_after: 2 }";
    let edge = Edge::with(&map(&format!("endpoints: [\"{}\"], {health}", upstream.url())))
        .start()
        .await;
    eventually("it is down", || async { (!up(&edge).await).then_some(()) }).await;
    assert_eq!(edge.get("/x").await.code(), "NO_HEALTHY_UPSTREAM");
    assert!(checks.load(Ordering::SeqCst) >= 10);
    eventually("it is up again", || async { up(&edge).await.then_some(()) }).await;
    assert_eq!(edge.get("/x").await.text(), "fine");
    assert!(checks.load(Ordering::SeqCst) >= 21);
    let said = edge.stderr();
    assert_eq!(
        (said.matches("is down").count(), said.matches("is up again").count()),
        (1, 1),
        "{said}"
    );
}

#[tokio::test]
async fn checks_come_as_often_as_configured() {
    let (upstream, checks) = checked(|_| Check::Says(200));
    let edge = Edge::with(&map(&format!(
        "endpoints: [\"{}\"], health: {{ path: /check, interval: 100ms }}",
        upstream.url()
    )))
    .start()
    .await;
    // With the default of ten seconds this takes longer than anything is waited for.
    eventually("there are ten", || {
        std::future::ready((checks.load(Ordering::SeqCst) >= 10).then_some(()))
    })
    .await;
    assert!(up(&edge).await);
}

#[tokio::test]
async fn a_check_without_an_answer_fails_after_its_timeout() {
    let never = Gate::closed();
    let (upstream, _) = checked(move |_| Check::Waits(never.clone(), 200));
    let health = "health: { path: /check, interval: 100ms, timeout: 123ms, unhealthy_after: 1 }";
    let edge = Edge::with(&map(&format!("endpoints: [\"{}\"], {health}", upstream.url())))
        .start()
        .await;
    eventually("it is down", || async { (!up(&edge).await).then_some(()) }).await;
    let state = edge.admin("/state").await.json();
    assert_eq!(
        state["upstreams"][0]["endpoints"][0]["last_error"],
        "no answer within 123ms"
    );
}

#[tokio::test]
async fn an_idle_connection_is_kept_as_long_as_configured() {
    let closed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&closed);
    let upstream = Server::start(move |mut conn| {
        let count = Arc::clone(&count);
        async move {
            while conn.read_request().await?.is_some() {
                conn.write(ok("fine")).await?;
            }
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    let upstream = upstream.expect("a server");
    let edge = Edge::with(&map(&format!("endpoints: [\"{}\"], pool_idle: 300ms", upstream.url())))
        .start()
        .await;
    for _ in 0..3 {
        edge.get("/x").await;
    }
    eventually("the connections are given up", || {
        std::future::ready((closed.load(Ordering::SeqCst) == upstream.connections()).then_some(()))
    })
    .await;
}

#[tokio::test]
async fn no_more_idle_connections_are_kept_than_configured() {
    let gate = Gate::closed();
    let closed = Arc::new(AtomicUsize::new(0));
    let (inner, count) = (gate.clone(), Arc::clone(&closed));
    let upstream = Server::start(move |conn| {
        let (serve, count) = (gated(&inner, ok("fine"))(conn), Arc::clone(&count));
        async move {
            let served = serve.await;
            count.fetch_add(1, Ordering::SeqCst);
            served
        }
    });
    let upstream = upstream.expect("a server");
    let routes = map(&format!("endpoints: [\"{}\"]", upstream.url()));
    let edge = Edge::with(&routes)
        .gateway("upstream_pool: 2\nworkers: 1")
        .start()
        .await;
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
    assert_eq!(
        (upstream.connections(), closed.load(Ordering::SeqCst)),
        (6, 4),
        "one of the two is used again"
    );
}
