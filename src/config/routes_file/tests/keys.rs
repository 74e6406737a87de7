//! What a key that is there comes to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rustls::pki_types::ServerName;

use super::{environment, find, map, target, upstream_target};
use crate::config::load::load_routes;
use crate::config::routes_file::Development;
use crate::filters::client_address::Scheme;
use crate::routes::conditions::Wanted;
use crate::routes::target::{Endpoint, FixedBody, StaticRoot, Target};
use crate::upstreams::spec::HostHeader;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn an_upstream_has_what_its_keys_say() {
    let folder = tempfile::tempdir().unwrap();
    let text = "
version: 1
hosts: { public: { names: [a.example, \"*.b.example\"], successor: \"https://new.example\" } }
upstreams:
  up:
    endpoints: https://127.0.0.1:1
    backup: [\"http://127.0.0.1:2\"]
    base_path: /functions/v1/
    host_header: api.example:8443
    tls: { server_name: api.example, ca_file: ca.pem }
    health: { path: /health, interval: 1s, timeout: 2s, unhealthy_after: 4, healthy_after: 5 }
    critical: true
    service: api
    pool_idle: 6s
  other: { endpoints: [\"http://127.0.0.1:3\"], host_header: client, health: { path: / } }
routes:
  - { id: a, path: /a, to: up }
  - { id: b, path: /b, to: other }
";
    std::fs::write(folder.path().join("ca.pem"), CERTIFICATE).unwrap();
    let loaded = load_routes(
        &folder.path().join("routes.yaml"),
        text,
        &Development::default(),
        &environment(),
    );
    let said = loaded.diagnostics.render(&loaded.sources, false);
    let map = loaded.map.unwrap_or_else(|| panic!("{said}"));
    let up = &map.upstreams[0];
    assert_eq!(up.endpoints[0].to_string(), "https://127.0.0.1:1");
    assert_eq!(up.backup[0].to_string(), "http://127.0.0.1:2");
    assert_eq!(up.base_path, "/functions/v1");
    assert_eq!(
        up.host_header,
        HostHeader::Literal(HeaderValue::from_static("api.example:8443"))
    );
    let server_name = up.tls.server_name.as_ref().map(ServerName::to_str);
    assert_eq!(server_name.as_deref(), Some("api.example"));
    assert_eq!(up.tls.ca_file, Some(folder.path().join("ca.pem")));
    let health = up.health.as_ref().unwrap();
    assert_eq!(
        (health.path.as_str(), health.interval, health.timeout),
        ("/health", seconds(1), seconds(2))
    );
    assert_eq!((health.unhealthy_after, health.healthy_after), (4, 5));
    assert_eq!(
        (up.critical, up.service.as_deref(), up.pool_idle),
        (true, Some("api"), seconds(6))
    );
    let other = &map.upstreams[1];
    assert_eq!(other.host_header, HostHeader::Client);
    let health = other.health.as_ref().unwrap();
    assert_eq!((health.interval, health.timeout), (seconds(10), seconds(2)));
    assert_eq!((health.unhealthy_after, health.healthy_after), (3, 1));
    let group = &map.table.groups()[0];
    assert_eq!(group.names, ["a.example", "*.b.example"]);
    assert_eq!(group.successor.as_deref(), Some("https://new.example"));
}

#[test]
fn a_route_has_what_its_keys_say() {
    let map = map("
routes:
  - id: a
    about: one line
    path: [/a/:id, /b/:id/*]
    when: { headers: { X-Canary: \"1\" }, query: { v: \"*\" } }
    raw: true
    response_headers: { set: { x-a: \"1\" }, default: { x-b: \"2\" }, remove: [x-c] }
    to: up
    query: { forward: [a], set: { key: \":id\" }, default: { limit: \"20\" }, remove: [debug] }
    json_body: { id: \":id\" }
    json_body_limit: 5KiB
  - { id: b, path: /c/:id, methods: { any: { to: up, path: \"/x/:id\", json_body: { id: \":id\" } } } }
");
    let route = find(&map, "a");
    assert_eq!(route.about.as_deref(), Some("one line"));
    assert_eq!(route.patterns[1].as_str(), "/b/:id/*");
    assert_eq!(
        route.when.headers,
        [(HeaderName::from_static("x-canary"), Wanted::Equals("1".to_owned()))]
    );
    assert_eq!(route.when.query, [("v".to_owned(), Wanted::Present)]);
    assert!(route.raw);
    let mut answer = HeaderMap::new();
    answer.insert("x-c", HeaderValue::from_static("3"));
    route.response_headers.apply(&mut answer);
    for (name, value) in [("x-a", "1"), ("x-b", "2")] {
        assert_eq!(answer.get(name).unwrap(), value);
    }
    assert!(!answer.contains_key("x-c"));
    let own = upstream_target(&map, "a", &Method::GET);
    let query = own.query.apply(Some("a=1&debug=1&b=2&key=forged"), |_| "7".to_owned());
    assert_eq!(query.as_deref(), Some("a=1&limit=20&key=7"));
    let body = own.json_body.as_ref().unwrap();
    assert_eq!(
        (body.fields[0].0.as_str(), body.fields[0].1.as_str(), body.limit),
        ("id", ":id", 5 << 10)
    );
    let other = upstream_target(&map, "b", &Method::GET);
    assert_eq!(other.path.as_ref().unwrap().as_str(), "/x/:id");
    assert_eq!(other.json_body.as_ref().unwrap().limit, 1 << 20);
}

#[test]
fn targets_of_the_edge_itself_have_what_their_keys_say() {
    let map = map("
routes:
  - { id: json, path: /a, respond: { status: 503, json: { b: [1, null, \"2\"], a: true }, headers: { Retry-After: \"5\" } } }
  - { id: text, path: /b, respond: { status: 200, text: hello } }
  - { id: bare, path: /c, respond: { status: 404 } }
  - { id: moved, path: /d/:id, redirect: { to: \"https://a.example/:id\" } }
  - { id: gone, path: /e, redirect: { to: /f, status: 308, query: drop } }
  - { id: file, path: /g, static: { file: site/index.html, cache_control: no-store, content_type: text/plain } }
  - { id: folder, path: /h/*, static: { folder: site, index: index.html, fallback: index.html } }
  - { id: health, path: /i, endpoint: health }
  - { id: full, path: /j, endpoint: health-full }
  - { id: status, path: /k, endpoint: status }
  - { id: policy, path: /l, endpoint: route-policy }
");
    let of = |id| target(&map, id, &Method::GET);
    let body = |id| match of(id) {
        Target::Respond(fixed) => (fixed.status.as_u16(), fixed.body.clone(), fixed.headers.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        body("json"),
        (503, FixedBody::Json(r#"{"b":[1,null,"2"],"a":true}"#.to_owned()), 1)
    );
    assert_eq!(body("text"), (200, FixedBody::Text("hello".to_owned()), 0));
    assert_eq!(body("bare"), (404, FixedBody::None, 0));
    let redirect = |id| match of(id) {
        Target::Redirect(redirect) => (redirect.to.as_str(), redirect.status.as_u16(), redirect.keep_query),
        other => panic!("{other:?}"),
    };
    assert_eq!(redirect("moved"), ("https://a.example/:id", 302, true));
    assert_eq!(redirect("gone"), ("/f", 308, false));
    let Target::Static(file) = of("file") else {
        panic!("a file")
    };
    assert!(matches!(&file.root, StaticRoot::File(path) if path == Path::new("site/index.html")));
    assert_eq!(file.cache_control, Some(HeaderValue::from_static("no-store")));
    assert_eq!(file.content_type, Some(HeaderValue::from_static("text/plain")));
    let Target::Static(folder) = of("folder") else {
        panic!("a folder")
    };
    let StaticRoot::Folder {
        folder,
        index,
        fallback,
    } = &folder.root
    else {
        panic!("a folder")
    };
    assert_eq!(
        (folder.as_path(), index.as_deref()),
        (Path::new("site"), Some("index.html"))
    );
    assert_eq!(fallback, &Some(PathBuf::from("index.html")));
    let endpoints = [
        ("health", Endpoint::Health),
        ("full", Endpoint::HealthFull),
        ("status", Endpoint::Status),
        ("policy", Endpoint::RoutePolicy),
    ];
    for (id, expected) in endpoints {
        assert!(
            matches!(of(id), Target::Endpoint(endpoint) if *endpoint == expected),
            "{id}"
        );
    }
}

#[test]
fn policies_and_security_headers_have_what_their_keys_say() {
    let map = map("
cors:
  full: { origins: [\"https://a.example\"], methods: [PUT], request_headers: [X-A, X-B-*], expose: [X-C], credentials: true, max_age: 1m }
  plain: { origins: [\"https://*.a.example\"] }
security_headers: { strict_transport_security: max-age=1, hsts_on: always, x_content_type_options: nosniff, x_frame_options: DENY, x_xss_protection: \"0\", referrer_policy: no-referrer }
routes:
  - { id: a, path: /a, to: up, cors: full }
  - { id: b, path: /b, to: up, cors: plain }
");
    let preflight = |id, origin| {
        let mut request = HeaderMap::new();
        request.insert("origin", HeaderValue::from_static(origin));
        request.insert("access-control-request-headers", HeaderValue::from_static("x-b-1"));
        let mut answer = HeaderMap::new();
        let policy = find(&map, id).cors.as_ref().unwrap();
        policy.write_headers(&request, &mut answer);
        let exposed = answer.get("access-control-expose-headers").cloned();
        policy.write_preflight_headers(&request, &mut answer);
        let of = |name: &str| answer.get(name).map(|value| value.to_str().unwrap().to_owned());
        (
            of("access-control-allow-methods").unwrap(),
            of("access-control-allow-headers"),
            exposed.map(|value| value.to_str().unwrap().to_owned()),
            of("access-control-allow-credentials"),
            of("access-control-max-age").unwrap(),
        )
    };
    let text = |text: &str| Some(text.to_owned());
    let full = (
        "PUT".to_owned(),
        text("X-A, x-b-1"),
        text("X-C"),
        text("true"),
        "60".to_owned(),
    );
    assert_eq!(preflight("a", "https://a.example"), full);
    let plain = ("GET, HEAD, POST".to_owned(), None, None, None, "7200".to_owned());
    assert_eq!(preflight("b", "https://x.a.example"), plain);
    let mut answer = HeaderMap::new();
    map.security_headers.write(Scheme::Http, &mut answer);
    let expected = [
        ("strict-transport-security", "max-age=1"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-xss-protection", "0"),
        ("referrer-policy", "no-referrer"),
    ];
    for (name, value) in expected {
        assert_eq!(answer.get(name).unwrap(), value);
    }
}

/// Of an authority made for this test alone; nobody holds its key.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUGuhS0DkCJJid8JrPXNhLH2stRGowCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEyMzU2MTBaGA8yMTI2MTAyODIzNTYx
MFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABM+M
kpsVtJ28RI4E3OSnzF5IpCqz1nEVnLDenBF7l32+WLvHnPpiqNc9B7L+IxgDxau1
8rLdAYMkVa2mzSgl1fijUzBRMB0GA1UdDgQWBBSugWEdUkVUUM+SozTwE3x9KjLg
FzAfBgNVHSMEGDAWgBSugWEdUkVUUM+SozTwE3x9KjLgFzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDm2J99Or1rEt2Vi/XFMSXlvO3D0UO4MeX5
hMvlSH6V9AIgIYwCno1rKRVn5F7X94TCxvsXi23fOGYpaLkqdaRD8Lw=
-----END CERTIFICATE-----
";
