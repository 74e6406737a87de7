//! The files that are in use load without a word, and whatever is wrong with a file is said, never a panic.

use std::fs;
use std::path::Path;

use http::{HeaderMap, HeaderValue};
use insta::assert_snapshot;

use super::{Loaded, load, load_settings, without_detours};
use crate::filters::cors::Verdict;
use config_text::environment::Environment;

/// Every variable of the real files, as a machine with one of each service would set them.
fn environment() -> Environment {
    Environment::from_pairs([
        ("SUPABASE_URL", "https://functions.example"),
        ("SUPABASE_INTEL_URL", "https://intel.example"),
        ("SUPABASE_ANON_KEY", "anon"),
        ("SUPABASE_INTEL_ANON_KEY", "intel-anon"),
        ("AUTH_GATEWAY_URL", "http://127.0.0.1:4000"),
        ("AUTH_GATEWAY_BACKUP_URL", "http://127.0.0.1:4001"),
        ("CENTRAL_GATEWAY_URL", "http://127.0.0.1:3000"),
        ("MCP_HTTP_URL", "http://127.0.0.1:3001"),
        ("MCP_WS_URL", "http://127.0.0.1:3002"),
        ("MCP_SSE_URL", "http://127.0.0.1:3003"),
        ("ENTERPRISE_MCP_URL", "http://127.0.0.1:3001"),
        ("DOCS_URL", "https://docs.example"),
        ("LEGACY_URL", "http://127.0.0.1:3000"),
        ("DEMO_DATA", "/var/demo"),
        ("BENCH_ROUTES", "../../routes.yaml"),
        ("BENCH_PORT", "8080"),
        ("BENCH_ADMIN_PORT", "9090"),
        ("BENCH_DIR", "/var/bench"),
    ])
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn said(loaded: &Loaded) -> String {
    loaded.diagnostics.render(&loaded.sources, false)
}

#[test]
fn the_files_in_use_load_without_a_word() {
    for file in ["conf/gateway.yaml", "conf/demo.yaml", "benches/edge/gateway.yaml"] {
        let loaded = load(&root().join(file), &environment());
        assert_eq!(said(&loaded), "", "{file}");
        let map = loaded.configuration.expect("no diagnostic, so a configuration").map;
        assert_eq!(map.table.routes().len(), 100, "{file}");
        assert_eq!(map.upstreams.len(), 10, "{file}");
        assert!(map.default_cors.is_some(), "{file}");
    }
}

/// A folder with a daemon's file and, unless it is empty, a route map.
fn folder(gateway: &str, routes: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("conf")).unwrap();
    fs::write(folder.path().join("conf/gateway.yaml"), gateway).unwrap();
    if !routes.is_empty() {
        fs::write(folder.path().join("routes.yaml"), routes).unwrap();
    }
    folder
}

/// What is said of them, with the folder's own name left out.
fn said_of(folder: &tempfile::TempDir) -> String {
    let loaded = load(&folder.path().join("conf/gateway.yaml"), &environment());
    assert_eq!(loaded.configuration.is_none(), loaded.diagnostics.has_errors());
    let prefix = format!("{}/", folder.path().display());
    said(&loaded).replace(&prefix, "")
}

const GATEWAY: &str = "version: 1\nroutes: ../routes.yaml\nlisten: 127.0.0.1:8080\n";

#[test]
fn mistakes_of_both_files_are_reported_in_one_run() {
    let gateway = "version: 1\nroutes: ../routes.yaml\nlisten: here\nworker: 3\n";
    assert_snapshot!(said_of(&folder(gateway, "version: 1\nhosts: { a: { loopback: true } }\nroutes: [{ id: a, path: /a, to: up }]\n")), @"
    error[invalid-value]: `here` is not an address with a port
     --> conf/gateway.yaml:3:9
      |
    3 | listen: here
      |         ^^^^ write an IP address and a port: `127.0.0.1:8080` or `[::]:8080`

    error[unknown-key]: the gateway configuration has no key `worker`
     --> conf/gateway.yaml:4:1
      |
    4 | worker: 3
      | ^^^^^^ unknown key
      |
      = help: did you mean `workers`?

    error[unknown-upstream]: there is no upstream called `up`
     --> routes.yaml:3:33
      |
    3 | routes: [{ id: a, path: /a, to: up }]
      |                                 ^^ not defined under `upstreams`
    ");
}

#[test]
fn the_route_map_is_read_even_if_the_daemons_file_lacks_a_key() {
    assert_snapshot!(said_of(&folder("routes: ../routes.yaml\n", "version: 1\nhosts: { a: { loopback: true } }\n")), @"
    error[missing-key]: the gateway configuration needs the key `version`
     --> conf/gateway.yaml:1:1
      |
    1 | routes: ../routes.yaml
      | ^^^^^^ missing `version`

    error[missing-key]: the gateway configuration needs the key `listen`
     --> conf/gateway.yaml:1:1
      |
    1 | routes: ../routes.yaml
      | ^^^^^^ missing `listen`

    error[missing-key]: a route map needs the key `routes`
     --> routes.yaml:1:1
      |
    1 | version: 1
      | ^^^^^^^ missing `routes`
    ");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let empty = tempfile::tempdir().unwrap();
    assert_snapshot!(said_of(&empty), @"error[file-not-found]: `conf/gateway.yaml` does not exist");
    assert_snapshot!(said_of(&folder(GATEWAY, "")), @"
    error[file-not-found]: the route map `../routes.yaml` does not exist
     --> conf/gateway.yaml:2:9
      |
    2 | routes: ../routes.yaml
      |         ^^^^^^^^^^^^^^ relative to this file
    ");
    let bytes = folder(GATEWAY, "x");
    fs::write(bytes.path().join("routes.yaml"), b"\xff\xfe").unwrap();
    assert_snapshot!(said_of(&bytes), @"
    error[file-not-found]: the route map `../routes.yaml` is not UTF-8 text
     --> conf/gateway.yaml:2:9
      |
    2 | routes: ../routes.yaml
      |         ^^^^^^^^^^^^^^ relative to this file
    ");
    assert_snapshot!(said_of(&folder("version: 1\nroutes: \"${DEMO_DATA}\"\nlisten: 127.0.0.1:1\n", "")), @r#"
    error[file-not-found]: the route map that its variables name does not exist
     --> conf/gateway.yaml:2:9
      |
    2 | routes: "${DEMO_DATA}"
      |         ^^^^^^^^^^^^^^ relative to this file
    "#);
    assert_snapshot!(said_of(&folder("version: 1\nroutes: ..\nlisten: 127.0.0.1:1\n", "")), @"
    error[file-not-found]: the route map `..` is a folder
     --> conf/gateway.yaml:2:9
      |
    2 | routes: ..
      |         ^^ relative to this file
    ");
}

#[test]
fn a_file_without_an_end_is_refused_after_its_beginning() {
    assert_snapshot!(said_of(&folder("version: 1\nroutes: /dev/zero\nlisten: 127.0.0.1:1\n", "")), @"
    error[too-large]: the file is larger than 8 MiB
    --> /dev/zero:1:1
    ");
}

#[test]
fn settings_load_while_the_route_map_has_a_mistake() {
    let folder = folder(GATEWAY, "version: 2\n");
    let loaded = load_settings(&folder.path().join("conf/gateway.yaml"), &environment());
    assert_eq!(loaded.diagnostics.len(), 0);
    assert_eq!(
        loaded.settings.expect("settings").listen,
        ["127.0.0.1:8080".parse().unwrap()]
    );
}

#[test]
fn development_reaches_the_route_map() {
    let gateway = format!("{GATEWAY}development: {{ cors_origins: [\"http://localhost:3000\"] }}\n");
    let routes = "
version: 1
hosts: { a: { loopback: true } }
cors: { one: { origins: [] } }
defaults: { cors: one }
routes: []
";
    let folder = folder(&gateway, routes);
    let loaded = load(&folder.path().join("conf/gateway.yaml"), &environment());
    let policy = loaded
        .configuration
        .expect("valid files")
        .map
        .default_cors
        .expect("a policy");
    let mut headers = HeaderMap::new();
    headers.insert("origin", HeaderValue::from_static("http://localhost:3000"));
    assert_eq!(policy.verdict(&headers), Verdict::Allowed);
}

#[test]
fn paths_are_shown_without_detours() {
    let cases = [
        ("conf/../routes.yaml", "routes.yaml"),
        ("../conf/../routes.yaml", "../routes.yaml"),
        ("../../routes.yaml", "../../routes.yaml"),
        ("./a/./b", "a/b"),
        ("/a/../../b", "/../b"),
    ];
    for (path, shown) in cases {
        assert_eq!(without_detours(Path::new(path)), Path::new(shown), "{path}");
    }
}

/// The first block of YAML on a page.
fn example(page: &str) -> String {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let (_, rest) = text.split_once("```yaml\n").expect("an example");
    rest.split("```").next().unwrap().to_owned()
}

#[test]
fn the_examples_of_the_reference_load() {
    let folder = folder(&example("docs/gateway.md"), &example("docs/routes.md"));
    assert_eq!(said_of(&folder), "");
}
