//! Reload: atomic, validated, without a lost byte.

use crate::support::edge::one_route;
use crate::support::websocket::{echoes, handshake, open};
use crate::support::{Client, Edge, Request, eventually};
use platform_standin::scripted::{EventSource, Refused, Server, event_stream, fixed, instant_101, ok};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const STREAMS: usize = 200;
const RELOADS: usize = 100;

fn map(plain: &str, ws: &str, sse: &str, marker: usize) -> String {
    format!(
        "version: 1\nhosts:\n  own: {{ names: [edge.test], loopback: true }}\nupstreams:\n  plain: {{ endpoints: [\"{plain}\"] }}\n  ws: {{ endpoints: [\"{ws}\"] }}\n  sse: {{ endpoints: [\"{sse}\"] }}\nroutes:\n  - {{ id: plain, hosts: [own], path: /*, to: plain, response_headers: {{ set: {{ x-map: \"{marker}\" }} }} }}\n  - {{ id: ws, hosts: [own], path: /ws, to: ws, stream: websocket }}\n  - {{ id: sse, hosts: [own], path: /sse, to: sse, stream: sse }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_reloads_under_load_lose_no_request_and_no_stream() {
    let (plain, ws) = (
        Server::start(fixed(ok("fine"))).expect("a server"),
        Server::start(instant_101()).expect("a server"),
    );
    let source = EventSource::new();
    let sse = Server::start(event_stream(&source)).expect("a server");
    let yaml = |marker| map(&plain.url(), &ws.url(), &sse.url(), marker);
    let edge = Edge::with(&yaml(0)).start().await;

    let mut tunnels = Vec::new();
    let mut listeners = Vec::new();
    for _ in 0..STREAMS {
        tunnels.push(open(edge.address, &handshake("/ws")).await);
        let mut listener = Client::connect(edge.address).await;
        listener.write(&Request::get("/sse").bytes()).await;
        listener.head().await.expect("a stream");
        listeners.push(listener);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let served = Arc::new(AtomicUsize::new(0));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (stop, served, address) = (Arc::clone(&stop), Arc::clone(&served), edge.address);
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                while !stop.load(Ordering::Relaxed) {
                    let response = client.send(&Request::get("/x")).await;
                    assert_eq!((response.status, response.text()), (200, "fine".into()));
                    served.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    for marker in 1..=RELOADS {
        edge.write_routes(&yaml(marker));
        let reload = edge.reload().await;
        assert!(
            reload.status.success(),
            "reload {marker}: {}",
            String::from_utf8_lossy(&reload.stderr)
        );
        assert_eq!(
            edge.get("/x").await.header("x-map"),
            Some(marker.to_string().as_str()),
            "live when the command returns"
        );
    }
    stop.store(true, Ordering::Relaxed);
    for task in load {
        task.await.expect("no request failed");
    }
    assert!(served.load(Ordering::Relaxed) > RELOADS, "the load ran all the time");

    for (number, tunnel) in tunnels.iter_mut().enumerate() {
        assert!(
            echoes(tunnel, b"after the reloads").await,
            "WebSocket {number} was lost"
        );
    }
    assert_eq!(source.listeners(), STREAMS);
    source.send("data: after the reloads\n\n");
    for (number, listener) in listeners.iter_mut().enumerate() {
        let piece = String::from_utf8_lossy(&listener.more().await).into_owned();
        assert!(
            piece.contains("after the reloads"),
            "event stream {number} was lost: {piece:?}"
        );
    }
    assert_eq!(edge.metric("edge_ws_connections").await, STREAMS as f64);
    assert_eq!(edge.metric("edge_sse_connections").await, STREAMS as f64);
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_says_why() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let hash = |state: serde_json::Value| state["config"]["hash"].as_str().expect("a hash").to_owned();
    let before = hash(edge.admin("/state").await.json());

    edge.write_routes(&one_route(&upstream.url(), "tpo: up\n"));
    let reload = edge.reload().await;
    assert_eq!(reload.status.code(), Some(1));
    let report = String::from_utf8_lossy(&reload.stderr).into_owned();
    assert!(
        report.contains("unknown-key") && report.contains("routes.yaml:") && report.contains("did you mean `to`"),
        "{report}"
    );

    assert_eq!(edge.get("/x").await.text(), "fine");
    let state = edge.admin("/state").await.json();
    assert_eq!(hash(state), before);
}

#[tokio::test]
async fn hup_reloads_and_the_outcome_is_in_health_and_metrics() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let yaml = |extra: &str| {
        one_route(&upstream.url(), extra)
            + "  - { id: full, hosts: [own], path: /health/full, endpoint: health-full }\n"
    };
    let edge = Edge::with(&yaml("")).start().await;
    let first = edge.get("/health/full").await.json();
    assert_eq!(first["config"]["last_reload"]["successful"], true);

    edge.write_routes(&yaml("body_limit: nonsense"));
    edge.signal("HUP");
    let failed = eventually("the failure shows", || async {
        let health = edge.get("/health/full").await.json();
        (health["config"]["last_reload"]["successful"] == false).then_some(health)
    })
    .await;
    assert_eq!(failed["config"]["hash"], first["config"]["hash"]);
    assert!(
        failed["config"]["last_reload"]["error"]
            .as_str()
            .expect("a reason")
            .starts_with("error[")
    );
    assert_eq!(edge.metric("edge_config_last_reload_successful").await, 0.0);
    assert_eq!(edge.metric("edge_config_reloads_total{result=\"failure\"}").await, 1.0);

    edge.write_routes(&yaml("body_limit: 1MiB"));
    edge.signal("HUP");
    eventually("the new map is live", || async {
        let health = edge.get("/health/full").await.json();
        (health["config"]["hash"] != first["config"]["hash"] && health["config"]["last_reload"]["successful"] == true)
            .then_some(())
    })
    .await;
    assert_eq!(edge.metric("edge_config_last_reload_successful").await, 1.0);
}

#[tokio::test]
async fn an_unchanged_upstream_keeps_its_health_over_a_reload() {
    let nobody = Refused::reserve().expect("a free port");
    let yaml = |limit: &str| {
        one_route(&nobody.url(), &format!("body_limit: {limit}")).replace(
            &format!("[\"{}\"]", nobody.url()),
            &format!(
                "[\"{}\"], health: {{ path: /, interval: 100ms, unhealthy_after: 1 }}",
                nobody.url()
            ),
        )
    };
    let edge = Edge::with(&yaml("1MiB")).start().await;
    eventually("the endpoint is down", || async {
        (edge.get("/x").await.code() == "NO_HEALTHY_UPSTREAM").then_some(())
    })
    .await;
    edge.write_routes(&yaml("2MiB"));
    assert!(edge.reload().await.status.success());
    assert_eq!(edge.get("/x").await.code(), "NO_HEALTHY_UPSTREAM");
}

/// Mistakes that make any route map invalid, wherever they land.
fn mutate(lines: &[&str], at: usize, kind: usize) -> String {
    let mut mutated: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let routes = lines.iter().position(|line| *line == "routes:").expect("routes");
    let upstreams = lines.iter().position(|line| *line == "upstreams:").expect("upstreams");
    match kind {
        0 => mutated.insert(at, "  \t- : [unclosed".into()),
        1 => mutated.insert(routes + 1, format!("  - {{ id: stray-{at}, path: /stray/{at}, to: nobody-{at} }}")),
        2 => mutated.insert(routes + 1, format!("  - {{ id: stray-{at}, path: /stray/{at} }}")),
        3 => mutated.insert(upstreams + 1, format!("  stray-{at}: {{ endpoints: [\"${{UNSET_{at}}}\"] }}")),
        4 => mutated.insert(upstreams + 1, format!("  stray-{at}: {{ endpoints: [\"http://127.0.0.1:{}\"] }}", 65536 + at)),
        5 => mutated.insert(routes + 1, format!("  - {{ id: stray, path: /x, respond: {{ status: {at} }} }}\n  - {{ id: stray, path: /y, respond: {{ status: 200 }} }}")),
        6 => mutated.push(format!("unknown_{at}: true")),
        7 => mutated.push("version: 1".into()),
        8 => mutated.insert(routes + 1, format!("  - {{ id: one-{at}, path: \"/same/:a\", respond: {{ status: 200 }} }}\n  - {{ id: two-{at}, path: \"/same/:b\", respond: {{ status: 200 }} }}")),
        _ => mutated.truncate(routes + 1),
    }
    mutated.join("\n")
}

#[tokio::test]
async fn two_hundred_mutated_route_files_neither_go_live_nor_hurt() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let yaml = one_route(&upstream.url(), "body_limit: 1MiB");
    let edge = Edge::with(&yaml).start().await;
    let lines: Vec<&str> = yaml.lines().collect();
    let before = edge.admin("/state").await.json()["config"]["hash"].clone();
    for number in 0..200 {
        let mutated = mutate(&lines, number % lines.len(), number % 10);
        edge.write_routes(&mutated);
        let (status, report) = edge.reload_over_socket().await;
        assert_eq!(status, 422, "mutation {number} went live:\n{mutated}");
        assert!(report.contains("error["), "mutation {number}: {report}");
    }
    assert_eq!(edge.admin("/state").await.json()["config"]["hash"], before);
    assert_eq!(
        edge.metric("edge_config_reloads_total{result=\"failure\"}").await,
        200.0
    );
    assert_eq!(edge.get("/x").await.text(), "fine");
    assert!(!edge.stderr().contains("panicked"), "{}", edge.stderr());
    edge.write_routes(&yaml);
    assert_eq!(edge.reload_over_socket().await.0, 200, "the good file is taken again");
}
