use crate::workspace::Workspace;
use platform_standin::scripted::{Refused, Server, fixed, ok};

#[test]
fn a_good_configuration_is_said_to_be_ok() {
    let run = Workspace::new().run(&["check"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    let hash_cut = run.stderr.split("map ").next().unwrap_or_default().to_owned();
    insta::assert_snapshot!("check-ok", hash_cut);
}

#[test]
fn a_typo_names_the_line_and_the_fix() {
    let run = Workspace::new()
        .with_routes("    to: memory\n", "    to: memroy\n")
        .run(&["check"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(78), ""));
    insta::assert_snapshot!("check-typo", run.stderr);
}

#[test]
fn every_mistake_is_reported_in_one_run() {
    let workspace = Workspace::new().without_env();
    workspace.write(
        "routes.yaml",
        "version: 1
hosts:
  public: { names: [api.example], lopback: true }
upstreams:
  memory: { endpoints: [\"${MEMORY_URL}\"] }
  other:
    endpoints: [\"http://127.0.0.1:1\"]
    request_headers: { set: { authorization: \"Bearer abcdef\", x-key: { secret: NOT_SET } } }
routes:
  - { id: one, hosts: [public], path: /a/:x, to: memory }
  - { id: one, hosts: [publik], path: /b, to: memmory }
  - { id: two, hosts: [public], path: /a/:y, to: other }
  - { id: three, hosts: [public], path: \"/c/*/d\", respond: { status: 404 } }
  - { id: four, hosts: [public], path: /d, methods: { GET: { to: memory, path: \"/x/:nope\" } } }
",
    );
    let run = workspace.run(&["check"]);
    assert_eq!(run.code, Some(78));
    assert!(!run.stderr.contains("abcdef"), "a secret is never shown");
    insta::assert_snapshot!("check-many", run.stderr);
}

#[test]
fn a_missing_file_is_named() {
    let workspace = Workspace::new();
    std::fs::remove_file(workspace.path().join("routes.yaml")).expect("removed");
    let run = workspace.run(&["check"]);
    assert_eq!(run.code, Some(78));
    insta::assert_snapshot!("check-missing-file", run.stderr);
}

#[test]
fn connect_asks_every_endpoint_once() {
    let server = Server::start(fixed(ok("fine"))).expect("a server");
    let up = Workspace::new()
        .env("MEMORY_URL", &server.url())
        .run(&["check", "--connect"]);
    assert_eq!(up.code, Some(0), "{}", up.stderr);
    assert!(
        up.stderr.contains(&format!("memory: {} ok", server.url())),
        "{}",
        up.stderr
    );
    assert_eq!(server.connections(), 1);

    let nobody = Refused::reserve().expect("a free port");
    let down = Workspace::new()
        .env("MEMORY_URL", &nobody.url())
        .run(&["check", "--connect"]);
    assert_eq!(down.code, Some(1), "{}", down.stderr);
    assert!(
        down.stderr
            .contains(&format!("memory: {} failed: no connection", nobody.url())),
        "{}",
        down.stderr
    );
}

#[test]
fn the_daemon_refuses_a_bad_configuration_with_78_and_a_busy_port_by_name() {
    let bad = Workspace::new()
        .with_routes("respond: { status: 404 }", "respond: { status: 99 }")
        .run(&["run"]);
    assert_eq!(bad.code, Some(78), "{}", bad.stderr);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let workspace = Workspace::new();
    workspace.write(
        "gateway.yaml",
        &crate::workspace::GATEWAY.replacen("127.0.0.1:0", &address, 1),
    );
    let busy = workspace.run(&["run"]);
    assert_eq!(busy.code, Some(1));
    assert!(
        busy.stderr.contains(&format!("cannot listen on {address}")),
        "{}",
        busy.stderr
    );
}
