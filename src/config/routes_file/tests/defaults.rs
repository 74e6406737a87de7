//! What a key that is absent comes to, and what is merged from wider places.

use std::time::Duration;

use http::Method;

use super::{find, map, map_of, upstream_name, upstream_target, verdict};
use crate::filters::cors::Verdict;
use crate::filters::header_edits::HeaderEdits;
use crate::routes::hosts::GroupIndex;
use crate::routes::route::{RouteHosts, Stream, Timeouts};
use crate::upstreams::spec::HostHeader;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_route_that_says_nothing_gets_the_defaults_of_the_format() {
    let map = map("routes: [{ id: a, path: /a, to: up }]\n");
    let route = find(&map, "a");
    assert_eq!(route.hosts, RouteHosts::Any);
    assert_eq!(route.about, None);
    assert_eq!(route.when.len(), 0);
    assert!(route.cors.is_none() && map.default_cors.is_none());
    assert_eq!(route.body_limit, 10 << 20);
    let timeouts = Timeouts {
        connect: seconds(5),
        first_byte: seconds(60),
        idle: seconds(60),
        total: None,
    };
    assert_eq!(route.timeouts, timeouts);
    assert_eq!((route.stream, route.raw), (None, false));
    assert_eq!(route.response_headers, HeaderEdits::default());
    assert!(Method::from_bytes(b"REPORT").is_ok_and(|report| route.target(&report).is_some()));
    let target = upstream_target(&map, "a", &Method::GET);
    assert!(target.path.is_none() && target.json_body.is_none());
    assert_eq!(
        target.query.apply(Some("a=1"), |_| String::new()).as_deref(),
        Some("a=1")
    );
    assert_eq!(target.request_headers, HeaderEdits::default());

    let up = &map.upstreams[0];
    assert!(up.backup.is_empty() && up.base_path.is_empty() && up.health.is_none() && up.service.is_none());
    assert_eq!(up.host_header, HostHeader::Upstream);
    assert_eq!((up.tls.server_name.as_ref(), up.tls.ca_file.as_ref()), (None, None));
    assert_eq!((up.critical, up.pool_idle, up.timeouts), (false, seconds(60), timeouts));
    assert_eq!(up.request_headers, HeaderEdits::default());

    assert!(!map.table.groups()[0].loopback);
    assert_eq!(map.table.groups()[0].successor, None);
}

#[test]
fn the_hash_is_of_the_files_text() {
    let text = "version: 1\nhosts: { a: { loopback: true } }\nroutes: []\n";
    let hash = map_of(text).hash;
    assert_eq!(hash, "346ad45e92748e28");
    assert_ne!(map_of(&format!("{text}#\n")).hash, hash);
}

#[test]
fn defaults_reach_every_route_that_says_nothing() {
    let map = map("
cors: { one: { origins: [\"https://one.example\"] }, two: { origins: [\"https://two.example\"] } }
defaults: { hosts: [public], cors: one, body_limit: 1KiB, timeouts: { connect: 1s, first_byte: 2s, idle: 3s, total: 4s } }
routes:
  - { id: a, path: /a, to: up }
  - { id: b, path: /b, to: up, hosts: \"*\", cors: two, body_limit: 2KiB }
  - { id: c, path: /c, to: other, hosts: [guide, public], cors: none, timeouts: { total: none } }
");
    let [a, b, c] = ["a", "b", "c"].map(|id| find(&map, id));
    assert_eq!(a.hosts, RouteHosts::Named(vec![GroupIndex(0)]));
    assert_eq!(b.hosts, RouteHosts::Any);
    assert_eq!(c.hosts, RouteHosts::Named(vec![GroupIndex(1), GroupIndex(0)]));
    assert_eq!(
        verdict(a.cors.as_ref().unwrap(), "https://one.example"),
        Verdict::Allowed
    );
    assert_eq!(
        verdict(b.cors.as_ref().unwrap(), "https://one.example"),
        Verdict::Refused
    );
    assert_eq!(
        verdict(b.cors.as_ref().unwrap(), "https://two.example"),
        Verdict::Allowed
    );
    assert!(c.cors.is_none());
    assert_eq!(
        verdict(map.default_cors.as_ref().unwrap(), "https://one.example"),
        Verdict::Allowed
    );
    assert_eq!((a.body_limit, b.body_limit), (1024, 2048));
    assert_eq!((a.timeouts.connect, a.timeouts.first_byte), (seconds(1), seconds(2)));
    assert_eq!((a.timeouts.idle, a.timeouts.total), (seconds(3), Some(seconds(4))));
    assert_eq!((c.timeouts.idle, c.timeouts.total), (seconds(3), None));
    assert_eq!(map.upstreams[0].timeouts, a.timeouts);
}

#[test]
fn any_is_what_no_other_key_names_and_head_stays_with_get() {
    let map = map("
routes:
  - { id: rest, path: /a, methods: { GET: { to: up }, any: { to: other } } }
  - { id: head, path: /b, methods: { \"GET, HEAD\": { to: up }, any: { to: other } } }
  - { id: apart, path: /c, methods: { HEAD: { to: other }, any: { to: up } } }
  - { id: all, path: /d, methods: { any: { to: up } } }
  - { id: few, path: /e, methods: [GET, POST], to: up }
");
    let report = Method::from_bytes(b"REPORT").unwrap();
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::OPTIONS,
        report,
        Method::TRACE,
    ];
    let expected = [
        (
            "rest",
            [
                Some("up"),
                Some("up"),
                Some("other"),
                Some("other"),
                Some("other"),
                None,
            ],
        ),
        (
            "head",
            [
                Some("up"),
                Some("up"),
                Some("other"),
                Some("other"),
                Some("other"),
                None,
            ],
        ),
        (
            "apart",
            [Some("up"), Some("other"), Some("up"), Some("up"), Some("up"), None],
        ),
        (
            "all",
            [Some("up"), Some("up"), Some("up"), Some("up"), Some("up"), None],
        ),
        ("few", [Some("up"), Some("up"), Some("up"), None, None, None]),
    ];
    for (id, names) in expected {
        let route = find(&map, id);
        for (method, name) in methods.iter().zip(names) {
            assert_eq!(upstream_name(&map, route, method), name, "{method} of {id}");
        }
        for (position, (set, _)) in route.methods.iter().enumerate() {
            let disjoint = |(other, _): &(_, _)| set.intersection(*other).is_empty();
            assert!(route.methods[..position].iter().all(disjoint), "{id}");
        }
    }
}

#[test]
fn timeouts_are_merged_field_by_field() {
    let map = map_of(
        "
version: 1
hosts: { public: { loopback: true } }
defaults: { timeouts: { connect: 1s, idle: 2s, total: 3s } }
upstreams:
  plain: { endpoints: [\"http://127.0.0.1:1\"] }
  slow: { endpoints: [\"http://127.0.0.1:2\"], timeouts: { idle: 30s, first_byte: 40s, total: none } }
routes:
  - { id: defaults, path: /a, to: plain }
  - { id: upstream, path: /b, to: slow }
  - { id: route, path: /c, to: slow, timeouts: { connect: 6s, first_byte: 5s, idle: 7s, total: 8s } }
  - { id: both, path: /d, methods: { GET: { to: plain }, POST: { to: slow } } }
  - { id: stream, path: /e, to: plain, stream: websocket }
  - { id: short, path: /f, to: slow, stream: sse, timeouts: { idle: 8s, total: 9s } }
  - { id: fixed, path: /g, respond: { status: 204 } }
",
    );
    let expected = [
        ("defaults", 1, 60, 2, Some(3)),
        ("upstream", 1, 40, 30, None),
        ("route", 6, 5, 7, Some(8)),
        ("both", 1, 60, 30, None),
        ("stream", 1, 60, 3600, None),
        ("short", 1, 40, 8, Some(9)),
        ("fixed", 1, 60, 2, Some(3)),
    ];
    for (id, connect, first_byte, idle, total) in expected {
        let timeouts = Timeouts {
            connect: seconds(connect),
            first_byte: seconds(first_byte),
            idle: seconds(idle),
            total: total.map(seconds),
        };
        assert_eq!(find(&map, id).timeouts, timeouts, "{id}");
    }
    assert_eq!(find(&map, "stream").stream, Some(Stream::WebSocket));
    assert_eq!(find(&map, "short").stream, Some(Stream::Sse));
}
