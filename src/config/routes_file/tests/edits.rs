//! What a request's headers come to, after its upstream's edits and its target's.

use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::{environment, find, load, map_of, upstream_target, verdict};
use crate::config::load::load_routes;
use crate::config::routes_file::Development;
use crate::filters::cors::{OriginPattern, Verdict};
use crate::filters::header_edits::HeaderEdits;

/// The request's headers after the edits, as lines.
fn edited(edits: &HeaderEdits, sent: &[(&'static str, &'static str)]) -> Vec<String> {
    let mut request = HeaderMap::new();
    for (name, value) in sent {
        request.append(*name, HeaderValue::from_static(value));
    }
    edits.apply(&mut request);
    let line = |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
    let mut lines: Vec<String> = request.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn a_targets_header_edits_follow_its_upstreams() {
    let map = map_of(
        "
version: 1
hosts: { public: { loopback: true } }
upstreams:
  up:
    endpoints: [\"http://127.0.0.1:1\"]
    request_headers:
      set: { apikey: { secret: KEY }, x-both: upstream }
      default: { authorization: { secret: KEY, prefix: \"Bearer \" } }
      remove: [cookie]
      allow: [accept]
routes:
  - { id: plain, path: /a, to: up }
  - id: own
    path: /b
    to: up
    request_headers: { set: { X-Both: route }, allow: [cookie, x-extra] }
",
    );
    let sent = [
        ("accept", "*/*"),
        ("cookie", "a=b"),
        ("x-extra", "1"),
        ("apikey", "forged"),
    ];
    let plain = upstream_target(&map, "plain", &Method::GET);
    let expected = [
        "accept: */*",
        "apikey: hunter2",
        "authorization: Bearer hunter2",
        "x-both: upstream",
    ];
    assert_eq!(edited(&plain.request_headers, &sent), expected);
    let own = upstream_target(&map, "own", &Method::GET);
    let expected = [
        "apikey: hunter2",
        "authorization: Bearer hunter2",
        "x-both: route",
        "x-extra: 1",
    ];
    assert_eq!(edited(&own.request_headers, &sent), expected);
    let sensitive = |(_, value): &(HeaderName, HeaderValue)| value.is_sensitive();
    assert_eq!(
        plain.request_headers.set.iter().filter(|pair| sensitive(pair)).count(),
        1
    );
    assert!(plain.request_headers.default.iter().all(sensitive));
    assert!(!format!("{map:?}").contains("hunter2"), "secrets do not show in logs");
}

#[test]
fn development_widens_every_policy_and_allow_list() {
    let development = Development {
        cors_origins: vec![OriginPattern::parse("http://localhost:3000").unwrap()],
        pass_request_headers: vec![HeaderName::from_static("x-echo")],
    };
    let text = "
version: 1
hosts: { public: { loopback: true } }
cors: { one: { origins: [\"https://one.example\"] } }
upstreams: { up: { endpoints: [\"http://127.0.0.1:1\"], request_headers: { allow: [accept] } } }
routes:
  - { id: a, path: /a, to: up, cors: one }
  - { id: b, path: /b, to: up, request_headers: { allow: [cookie] } }
";
    let loaded = load_routes(Path::new("routes.yaml"), text, &development, &environment());
    let map = loaded.map.expect("a valid map");
    assert_eq!(
        verdict(find(&map, "a").cors.as_ref().unwrap(), "http://localhost:3000"),
        Verdict::Allowed
    );
    let sent = [("accept", "*/*"), ("cookie", "a=b"), ("x-echo", "1")];
    assert_eq!(
        edited(&upstream_target(&map, "a", &Method::GET).request_headers, &sent),
        ["accept: */*", "x-echo: 1"]
    );
    assert_eq!(
        edited(&upstream_target(&map, "b", &Method::GET).request_headers, &sent),
        ["cookie: a=b", "x-echo: 1"]
    );
    let plain = load(text).map.expect("a valid map");
    assert_eq!(
        verdict(find(&plain, "a").cors.as_ref().unwrap(), "http://localhost:3000"),
        Verdict::Refused
    );
}
