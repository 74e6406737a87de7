//! Paths from end to end: the router and the upstream always see the same one.

use crate::support::edge::one_route;
use crate::support::{Client, Edge, Request};
use platform_standin::scripted::{Log, Server, ok, recording};

#[tokio::test]
async fn the_upstream_gets_the_canonical_path() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let cases = [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("//a///b//", "/a/b/"),
        ("/a/./b/.", "/a/b/"),
        ("/a/x/../b/..", "/a/"),
        ("/a/%2e%2E/b", "/b"),
        ("/%61%2Db%7e", "/a-b~"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/café", "/caf%C3%A9"),
        ("/a%3ab:c", "/a%3Ab:c"),
        ("/a%252e", "/a%252e"),
        ("/a;v=1", "/a;v=1"),
        ("/a%20b?q=%2e%2e//x", "/a%20b?q=%2e%2e//x"),
        ("/a#/../b", "/a"),
        ("/x?", "/x?"),
    ];
    for (asked, _) in cases {
        assert_eq!(edge.get(asked).await.status, 200, "{asked}");
    }
    let targets = log.requests().into_iter().map(|request| request.head.target);
    let expected = cases.map(|(_, expected)| expected.to_owned());
    assert_eq!(targets.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_path_that_servers_read_differently_is_400() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "raw: true").start().await;
    let refused = [
        "/..",
        "/a/../../b",
        "/%2e%2e/b",
        "/a%2Fb",
        "/a%2fb",
        "/a%5cb",
        "/a\\b",
        "/a%00",
        "/a%0d%0aX:1",
        "/a%7f",
        "/a%",
        "/a%2",
        "/a%g1",
        "/%c0%af",
        "/%e0%80%af",
        "/%ed%a0%80",
        "/%ff",
        "/a/..;x/b",
        "/a/..%3bx/b",
        "*",
    ];
    for path in refused {
        let answer = edge.get(path).await;
        assert_eq!((answer.status, answer.code()), (400, "INVALID_PATH".into()), "{path}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_raw_route_gets_the_path_as_written_but_is_matched_by_the_canonical_one() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let routes = one_route(&upstream.url(), "respond: { status: 404 }").replace("    to: up\n", "")
        + "  - { id: raw, hosts: [own], path: /raw/*, to: up, raw: true }\n";
    let edge = Edge::with(&routes).start().await;
    let written = [
        "/raw/a%7eb//c/%c3%a9?x=1",
        "//raw/./x",
        "/other/../%72aw/y/",
        "/raw/caf%C3%A9",
    ];
    for path in written {
        assert_eq!(edge.get(path).await.status, 200, "{path}");
    }
    let mut client = edge.client().await;
    client
        .write(b"GET http://edge.test/raw//z HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        .await;
    assert_eq!(client.response(false).await.expect("an answer").status, 200);
    assert_eq!(edge.get("/raw/../x").await.status, 404);

    let targets: Vec<String> = log.requests().into_iter().map(|request| request.head.target).collect();
    assert_eq!(targets[..4], written);
    assert_eq!(targets[4], "/raw//z");
}

#[tokio::test]
async fn one_trailing_slash_is_ignored_and_case_is_not() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let routes = one_route(&upstream.url(), "").replace("path: /*", "path: [/a/b, /items/:id, /rest/*]");
    let edge = Edge::with(&routes).start().await;
    let cases = [
        ("/a/b", 200),
        ("/a/b/", 200),
        ("/a/b//", 200),
        ("/A/b", 404),
        ("/a/b/c", 404),
        ("/a", 404),
        ("/items/7", 200),
        ("/items/7/", 200),
        ("/items/", 404),
        ("/items/7/8", 404),
        ("/rest", 200),
        ("/rest/", 200),
        ("/rest/a/b", 200),
        ("/restless", 404),
    ];
    for (path, status) in cases {
        assert_eq!(edge.get(path).await.status, status, "{path}");
    }
}

/// A small generator with a seed: the same paths in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's constants for a 64-bit linear congruential generator; the high bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % sides
    }

    fn pick<'p>(&mut self, choices: &[&'p str]) -> &'p str {
        choices[self.roll(choices.len())]
    }

    /// Any path, made of what servers stumble over.
    fn path(&mut self) -> String {
        const PIECES: [&str; 26] = [
            "/", "/", "/", "//", ".", "..", "/../", "/./", "a", "B", "-", "~", "%2e", "%2E%2e", "%61", "%7E", "%2f",
            "%5C", ";", "..;", "%3b", "%c3%a9", "é", "%25", "%20", ":@!",
        ];
        let length = 1 + self.roll(9);
        let tail: String = (0..length).map(|_| self.pick(&PIECES)).collect();
        format!("/{tail}")
    }

    /// The same place in another spelling.
    fn respell(&mut self, path: &str) -> String {
        let mut out = String::new();
        for byte in path.bytes() {
            match (byte, self.roll(4)) {
                (b'/', 0) => out.push_str(self.pick(&["//", "///", "/./", "/x/../", "/%2e/", "/y/%2E./", "/x//..//"])),
                (b'/', _) => out.push('/'),
                (letter, 0) => out.push_str(&format!("%{letter:02x}")),
                (letter, 1) => out.push_str(&format!("%{letter:02X}")),
                (letter, _) => out.push(char::from(letter)),
            }
        }
        out.push_str(self.pick(&["", "", "/", "//", "/.", "/z/.."]));
        out
    }
}

/// What makes a path one that every server reads alike.
fn assert_canonical(target: &str) {
    assert!(target.starts_with('/') && target.is_ascii(), "{target}");
    let path = target.split('?').next().unwrap_or_default();
    assert!(!path.contains("//"), "{target}");
    assert!(
        !path.split('/').any(|segment| matches!(segment, "." | "..")),
        "{target}"
    );
    for (position, _) in path.match_indices('%') {
        let escape = &path[position + 1..position + 3];
        let value = u8::from_str_radix(escape, 16).unwrap_or_else(|_| panic!("a broken escape: {target}"));
        assert_eq!(escape, escape.to_uppercase(), "{target}");
        let unreserved = value.is_ascii_alphanumeric() || b"-._~".contains(&value);
        assert!(
            !unreserved && !b"/\\".contains(&value) && value >= 0x20,
            "%{escape} in {target}"
        );
    }
}

#[tokio::test]
async fn whatever_is_forwarded_is_canonical_and_a_protected_path_is_protected_in_every_spelling() {
    const PROTECTED: &str = "/admin/secret.json";
    let (all, guarded) = (Log::new(), Log::new());
    let catch_all = Server::start(recording(&all, ok("fine"))).expect("a server");
    let guard = Server::start(recording(&guarded, ok("fine"))).expect("a server");
    let routes = one_route(&catch_all.url(), "").replace(
        "upstreams:",
        &format!("upstreams:\n  guard: {{ endpoints: [\"{}\"] }}", guard.url()),
    ) + &format!("  - {{ id: guarded, hosts: [own], path: {PROTECTED}, to: guard }}\n");
    let edge = Edge::with(&routes).start().await;
    let mut client = edge.client().await;
    let mut dice = Dice(20_260_101);
    let mut forwarded = 0;
    for _ in 0..400 {
        let path = dice.path();
        let status = status_of(&mut client, &edge, &path).await;
        assert!(matches!(status, 200 | 400), "{status} for {path}");
        forwarded += usize::from(status == 200);
    }
    assert!(forwarded > 100 && forwarded < 390, "{forwarded} of 400 paths are valid");
    for _ in 0..200 {
        let path = dice.respell(PROTECTED);
        assert_eq!(status_of(&mut client, &edge, &path).await, 200, "{path}");
    }

    assert_eq!(all.requests().len(), forwarded);
    all.requests()
        .iter()
        .for_each(|request| assert_canonical(&request.head.target));
    assert_eq!(guarded.requests().len(), 200);
    for request in guarded.requests() {
        assert_eq!(request.head.target.trim_end_matches('/'), PROTECTED);
    }
}

/// On a connection that is kept as long as the edge keeps it.
async fn status_of(client: &mut Client, edge: &Edge, path: &str) -> u16 {
    let answer = client.send(&Request::get(path)).await;
    if answer.header("connection") == Some("close") {
        *client = edge.client().await;
    }
    answer.status
}
