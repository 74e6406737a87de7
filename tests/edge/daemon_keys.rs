//! Keys of the daemon's own file that no other test of the edge is about, and the defaults of the route map.

use super::daemon::Daemon;
use crate::support::edge::one_route;
use crate::support::{Client, Edge, Request, eventually};
use platform_standin::scripted::{Log, Server, ok, recording};
use std::path::Path;
use std::process::Command;

const ROUTES: &str = "version: 1\nhosts: { own: { loopback: true } }\nroutes:\n  - { id: x, path: /x, respond: { status: 200, text: first } }\n";

/// A folder with both files; `gateway` is all of gateway.yaml but its version.
fn folder(gateway: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("gateway.yaml"),
        format!("version: 1\naccess_log: {{ path: off }}\n{gateway}"),
    )
    .expect("a file");
    std::fs::write(folder.path().join("routes.yaml"), ROUTES).expect("a file");
    folder
}

async fn get(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    let answer = Client::connect(address).await.send(&Request::get(path)).await;
    (answer.status, answer.text())
}

fn command(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onasis-gateway"));
    let output = command
        .args(args)
        .arg("--config")
        .arg(folder.join("gateway.yaml"))
        .env_clear()
        .output()
        .expect("it runs");
    (
        output.status.code(),
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    )
}

#[tokio::test]
async fn a_version_that_is_not_known_is_refused() {
    let folder = folder("routes: routes.yaml\nlisten: \"127.0.0.1:0\"\n");
    assert_eq!(command(folder.path(), &["check"]).0, Some(0));
    for name in ["gateway.yaml", "routes.yaml"] {
        let path = folder.path().join(name);
        let text = std::fs::read_to_string(&path).expect("a file");
        std::fs::write(&path, text.replace("version: 1", "version: 2")).expect("a file");
        let (code, said) = command(folder.path(), &["check"]);
        assert!(code == Some(78) && said.contains(&format!("{name}:1:10")), "{said}");
        assert_eq!(command(folder.path(), &["run"]).0, Some(78), "{name}");
        std::fs::write(&path, text).expect("a file");
    }
}

#[tokio::test]
async fn the_route_map_is_the_file_that_the_daemons_file_names() {
    let folder =
        folder("routes: maps/other.yaml\nlisten: \"127.0.0.1:0\"\nadmin: { listen: \"127.0.0.1:0\", socket: off }\n");
    std::fs::create_dir(folder.path().join("maps")).expect("a folder");
    let other = ROUTES
        .replace("text: first", "text: other")
        .replace("/x, respond", "/y, respond");
    std::fs::write(folder.path().join("maps/other.yaml"), other).expect("a file");
    let daemon = Daemon::start(folder.path(), &[]);
    daemon.address("admin");
    let address = daemon.address("ready");
    assert_eq!(get(address, "/y").await, (200, "other".into()));
    assert_eq!(get(address, "/x").await.0, 404);
}

#[tokio::test]
async fn every_listener_serves_and_is_announced() {
    let folder = folder(
        "routes: routes.yaml\nlisten: [\"127.0.0.1:0\", \"127.0.0.1:0\", \"[::1]:0\"]\nadmin: { listen: \"127.0.0.1:0\", socket: off }\n",
    );
    let daemon = Daemon::start(folder.path(), &[]);
    let admin = daemon.address("admin");
    let mut ports = vec![admin.port()];
    for _ in 0..3 {
        let address = daemon.address("ready");
        assert_eq!(get(address, "/x").await, (200, "first".into()), "{address}");
        ports.push(address.port());
    }
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 4, "four listeners");
    assert_eq!(get(admin, "/livez").await.0, 200);
}

#[tokio::test]
async fn the_admin_listener_and_its_socket_can_be_off() {
    let folder = folder("routes: routes.yaml\nlisten: \"127.0.0.1:0\"\nadmin: { listen: off, socket: admin.sock }\n");
    let daemon = Daemon::start(folder.path(), &[]);
    let address = daemon.address("ready");
    std::fs::write(folder.path().join("routes.yaml"), ROUTES.replace("first", "second")).expect("a file");
    let (code, said) = command(folder.path(), &["reload", "--wait"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(get(address, "/x").await.1, "second");
    drop(daemon);

    let folder = self::folder("routes: routes.yaml\nlisten: \"127.0.0.1:0\"\nadmin: { listen: off, socket: off }\n");
    let daemon = Daemon::start(folder.path(), &[]);
    daemon.address("ready");
    let (code, said) = command(folder.path(), &["reload", "--wait"]);
    assert!(code != Some(0) && !said.is_empty(), "{said}");
}

#[tokio::test]
async fn there_are_as_many_workers_as_configured() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for workers in [1, cores + 3] {
        let folder = folder(&format!(
            "routes: routes.yaml\nlisten: \"127.0.0.1:0\"\nadmin: {{ listen: \"127.0.0.1:0\", socket: off }}\nworkers: {workers}\n"
        ));
        let daemon = Daemon::start(folder.path(), &[]);
        daemon.address("admin");
        daemon.address("ready");
        let count = || {
            let tasks = std::fs::read_dir(format!("/proc/{}/task", daemon.pid())).expect("Linux");
            let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
            names.filter(|name| name.starts_with("tokio-")).count()
        };
        // A thread gives itself its name, some time after it began.
        eventually("that many workers", async || (count() >= workers).then_some(())).await;
        assert_eq!(count(), workers);
    }
}

#[tokio::test]
async fn development_passes_headers_through_every_allow_list() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "request_headers: { allow: [accept] }")
        .gateway("development: { pass_request_headers: [x-debug] }")
        .start()
        .await;
    edge.send(&Request::get("/x").header("X-Debug", "1").header("X-Other", "1"))
        .await;
    let seen = &log.requests()[0].head;
    assert_eq!((seen.header("x-debug"), seen.header("x-other")), (Some("1"), None));
}

#[tokio::test]
async fn defaults_hold_for_routes_that_say_nothing() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let routes = one_route(&upstream.url(), "")
        .replace("    hosts: [own]\n", "")
        .replace("path: /*", "path: /quiet")
        .replace("upstreams:", "  other: { names: [other.test] }\ncors:\n  app: { origins: [\"https://app.example\"] }\ndefaults: { hosts: [own], cors: app, body_limit: 4 }\nupstreams:")
        + "  - { id: loud, path: /loud, hosts: \"*\", cors: none, body_limit: 1KiB, to: up }\n";
    let edge = Edge::with(&routes).start().await;
    let request = |path: &str| Request::post(path, "12345").header("Origin", "https://app.example");
    let quiet = edge.send(&request("/quiet")).await;
    assert_eq!(
        (quiet.status, quiet.header("access-control-allow-origin")),
        (413, Some("https://app.example"))
    );
    let loud = edge.send(&request("/loud")).await;
    assert_eq!((loud.status, loud.header("access-control-allow-origin")), (200, None));
    assert_eq!(edge.send(&Request::get("/quiet").host("other.test")).await.status, 404);
    assert_eq!(edge.send(&Request::get("/loud").host("other.test")).await.status, 200);
    // Without the section: ten mebibytes, every host, no policy.
    let bare = Edge::in_front_of(&upstream.url(), "").start().await;
    let long = Request::new("POST", "/x").header("Content-Length", &(10 * (1 << 20) + 1).to_string());
    let mut client = bare.client().await;
    client.write(&long.bytes()).await;
    assert_eq!(client.response(false).await.expect("an answer").status, 413);
    assert_eq!(
        bare.send(&request("/x")).await.header("access-control-allow-origin"),
        None
    );
    eventually("both are logged", || {
        std::future::ready(
            std::fs::read_to_string(bare.path("access.log"))
                .ok()
                .filter(|log| log.lines().count() == 2),
        )
    })
    .await;
}
