//! Every key of a target, written on a route and under a method: what an upstream gets, or what the edge answers.

use crate::support::{Echo, Edge, EdgeBuilder, Request};
use platform_standin::scripted::{Log, Server, fixed, ok, recording};
use platform_standin::{Name, Standin};

/// Each target for `/route0/:id/*` and for `/method0/:id/*`, there under `methods`, and so on by its number.
fn map(url: &str, targets: &[&str]) -> EdgeBuilder {
    let mut routes = format!(
        "version: 1\nhosts: {{ own: {{ names: [edge.test], loopback: true }} }}\nupstreams: {{ up: {{ endpoints: [\"{url}\"] }} }}\nroutes:\n  - {{ id: used, path: /used, to: up }}\n"
    );
    for (number, target) in targets.iter().enumerate() {
        let lines = |indent: usize| -> String {
            let indent = " ".repeat(indent);
            target.lines().map(|line| format!("{indent}{line}\n")).collect()
        };
        routes.push_str(&format!(
            "  - id: route{number}\n    path: /route{number}/:id/*\n{}",
            lines(4)
        ));
        routes.push_str(&format!(
            "  - id: method{number}\n    path: /method{number}/:id/*\n    methods:\n      any:\n{}",
            lines(8)
        ));
    }
    Edge::with(&routes)
}

/// Where the target of this number is.
fn places(number: usize) -> [String; 2] {
    [format!("/route{number}"), format!("/method{number}")]
}

async fn echoing(targets: &[&str]) -> (Edge, Standin) {
    let upstream = Standin::start(Name::Docs).expect("a stand-in");
    let edge = map(&upstream.url(), targets).start().await;
    (edge, upstream)
}

async fn echo(edge: &Edge, request: Request) -> Echo {
    Echo::of(&edge.send(&request.header("x-standin-echo", "1")).await)
}

#[tokio::test]
async fn a_target_names_its_upstream() {
    let (edge, _upstream) = echoing(&["to: up"]).await;
    for place in places(0) {
        let path = format!("{place}/7/a/b?x=1");
        let seen = echo(&edge, Request::new("PUT", &path)).await;
        assert_eq!(
            (seen.upstream.as_str(), seen.method.as_str(), seen.target),
            ("docs", "PUT", path)
        );
    }
}

#[tokio::test]
async fn a_path_is_made_of_what_the_pattern_took() {
    let upstream = Standin::start(Name::Docs).expect("a stand-in");
    let routes = format!(
        "version: 1
hosts: {{ own: {{ loopback: true }} }}
upstreams: {{ up: {{ endpoints: [\"{}\"] }} }}
routes:
  - {{ id: a, path: /a/:id/*, methods: {{ any: {{ to: up, path: \"/x/:id/y/:splat\" }} }} }}
  - {{ id: b, path: /b/:id, methods: {{ GET: {{ to: up, path: /fixed }}, DELETE: {{ to: up, path: \"/gone/:id-:id\" }} }} }}
",
        upstream.url()
    );
    let edge = Edge::with(&routes).start().await;
    for (method, path, target) in [
        ("GET", "/a/7/b/c?q=1", "/x/7/y/b/c?q=1"),
        ("GET", "/a/7", "/x/7/y/"),
        ("GET", "/a/7/", "/x/7/y/"),
        ("GET", "/a/%3f%20%e9%8a%80/b%23", "/x/%3F%20%E9%8A%80/y/b%23"),
        ("GET", "/b/7", "/fixed"),
        ("DELETE", "/b/7/", "/gone/7-7"),
    ] {
        assert_eq!(
            echo(&edge, Request::new(method, path)).await.target,
            target,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn methods_lead_to_targets_of_their_own() {
    let map = "version: 1
hosts: { own: { loopback: true } }
routes:
  - id: each
    path: /each
    methods:
      GET: { respond: { status: 200, text: got } }
      \"PUT, PATCH\": { respond: { status: 200, text: put } }
      HEAD: { respond: { status: 204 } }
      OPTIONS: { respond: { status: 200, text: options } }
  - id: rest
    path: /rest
    methods:
      GET: { respond: { status: 200, text: got } }
      any: { respond: { status: 200, text: rest } }
  - { id: list, path: /list, methods: [GET, DELETE], respond: { status: 200, text: listed } }
";
    let edge = Edge::with(map).start().await;
    for (method, path, text) in [
        ("GET", "/each", "got"),
        ("PUT", "/each", "put"),
        ("PATCH", "/each", "put"),
        ("OPTIONS", "/each", "options"),
        ("GET", "/rest", "got"),
        ("POST", "/rest", "rest"),
        ("PROPFIND", "/rest", "rest"),
        ("GET", "/list", "listed"),
        ("DELETE", "/list", "listed"),
    ] {
        assert_eq!(
            edge.send(&Request::new(method, path)).await.text(),
            text,
            "{method} {path}"
        );
    }
    for (path, length) in [("/rest", Some("3")), ("/list", Some("6")), ("/each", None)] {
        let answer = edge.send(&Request::new("HEAD", path)).await;
        assert_eq!(
            (answer.header("content-length"), answer.body.len()),
            (length, 0),
            "{path}"
        );
    }
    for (method, path, allow) in [
        ("POST", "/each", "GET, HEAD, PUT, PATCH, OPTIONS"),
        ("BREW", "/each", "GET, HEAD, PUT, PATCH, OPTIONS"),
        ("POST", "/list", "GET, HEAD, DELETE"),
        ("TRACE", "/rest", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    ] {
        let answer = edge.send(&Request::new(method, path)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (405, "METHOD_NOT_ALLOWED".into()),
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
    assert_eq!(edge.send(&Request::new("CONNECT", "localhost:80")).await.status, 405);
}

#[tokio::test]
async fn the_query_goes_on_as_far_as_it_may() {
    let asked = "a=1&b=%20&key=forged&debug=x&b=2&&c";
    let cases = [
        ("query: {}", "a=1&b=%20&key=forged&debug=x&b=2&&c"),
        ("query: { forward: none }", ""),
        ("query: { forward: [b, c] }", "b=%20&b=2&c"),
        (
            "query: { set: { key: \":id\", n: \"1\" } }",
            "a=1&b=%20&debug=x&b=2&c&key=7&n=1",
        ),
        (
            "query: { default: { a: \"9\", limit: \"20\" } }",
            "a=1&b=%20&key=forged&debug=x&b=2&c&limit=20",
        ),
        ("query: { remove: [debug, b] }", "a=1&key=forged&c"),
        (
            "query: { forward: none, set: { where: \":splat\" }, default: { a: \"9\" } }",
            "a=9&where=x%2Fy",
        ),
    ];
    let targets = cases.map(|(query, _)| format!("to: up\n{query}"));
    let (edge, _upstream) = echoing(&targets.each_ref().map(String::as_str)).await;
    for (number, (query, expected)) in cases.into_iter().enumerate() {
        for place in places(number) {
            let seen = echo(&edge, Request::get(&format!("{place}/7/x/y?{asked}"))).await;
            let sent = seen.target.split_once('?').map_or("", |(_, query)| query);
            assert_eq!(sent, expected, "{place} {query}");
        }
    }
}

fn values<'e>(echo: &'e Echo, names: [&str; 4]) -> [Vec<&'e str>; 4] {
    names.map(|name| echo.header_values(name))
}

#[tokio::test]
async fn request_headers_are_set_defaulted_removed_and_let_through() {
    let sending = |place: &str| {
        Request::get(&format!("{place}/7"))
            .header("X-A", "mine")
            .header("X-A", "twice")
            .header("X-B", "mine")
            .header("Cookie", "c=1")
    };
    let names = ["x-a", "x-b", "x-c", "cookie"];
    let cases: [(&str, [Vec<&str>; 4]); 5] = [
        (
            "set: { x-a: ours, x-c: new }",
            [vec!["ours"], vec!["mine"], vec!["new"], vec!["c=1"]],
        ),
        (
            "default: { x-a: ours, x-c: new }",
            [vec!["mine", "twice"], vec!["mine"], vec!["new"], vec!["c=1"]],
        ),
        ("remove: [x-a, cookie]", [vec![], vec!["mine"], vec![], vec![]]),
        ("allow: [x-b, x-standin-echo]", [vec![], vec!["mine"], vec![], vec![]]),
        (
            "allow: [x-b, x-standin-echo], remove: [x-b], default: { x-b: d, x-a: d }, set: { x-c: s }",
            [vec!["d"], vec!["d"], vec!["s"], vec![]],
        ),
    ];
    let targets = cases
        .each_ref()
        .map(|(edits, _)| format!("to: up\nrequest_headers: {{ {edits} }}"));
    let (edge, _upstream) = echoing(&targets.each_ref().map(String::as_str)).await;
    for (number, (edits, expected)) in cases.into_iter().enumerate() {
        for place in places(number) {
            let seen = echo(&edge, sending(&place)).await;
            assert_eq!(values(&seen, names), expected, "{place} {edits}");
            assert!(
                seen.header("host").is_some() && seen.header("x-request-id").is_some(),
                "{edits}"
            );
        }
    }
}

#[tokio::test]
async fn an_allow_list_lets_a_body_and_a_handshake_through() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let edge = map(&upstream.url(), &["to: up\nrequest_headers: { allow: [accept] }"])
        .start()
        .await;
    for place in places(0) {
        let answer = edge
            .send(&Request::post(&format!("{place}/7"), "a body").header("X-A", "1"))
            .await;
        assert_eq!(answer.text(), "fine");
    }
    assert!(
        log.requests()
            .iter()
            .all(|request| request.text() == "a body" && request.head.header("x-a").is_none())
    );
}

#[tokio::test]
async fn secrets_come_from_a_credential_a_file_or_a_variable_in_this_order() {
    let upstream = Standin::start(Name::Docs).expect("a stand-in");
    let target = "to: up\nrequest_headers: { set: { x-a: { secret: KEY } }, default: { authorization: { secret: KEY, prefix: \"Bearer \" } } }";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("credentials")).expect("a folder");
    std::fs::write(folder.path().join("credentials/KEY"), "from-the-credential\n").expect("a file");
    std::fs::write(folder.path().join("key"), "from-the-file\n").expect("a file");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let sources = [
        ("KEY", "from-the-variable".to_owned(), "from-the-variable"),
        ("KEY_FILE", path("key"), "from-the-file"),
        ("CREDENTIALS_DIRECTORY", path("credentials"), "from-the-credential"),
    ];
    for (position, (name, _, expected)) in sources.iter().enumerate() {
        // Each beside those it wins over.
        let set = sources[..=position].iter();
        let builder = set.fold(map(&upstream.url(), &[target]), |builder, (name, value, _)| {
            builder.env(name, value)
        });
        let edge = builder.start().await;
        for place in places(0) {
            let seen = echo(&edge, Request::get(&format!("{place}/7")).header("X-A", "forged")).await;
            assert_eq!(seen.header_values("x-a"), [*expected], "{place} {name}");
            assert_eq!(
                seen.header_values("authorization"),
                [format!("Bearer {expected}")],
                "{place} {name}"
            );
            let own = Request::get(&format!("{place}/7")).header("Authorization", "Bearer mine");
            assert_eq!(echo(&edge, own).await.header_values("authorization"), ["Bearer mine"]);
        }
    }
}

#[tokio::test]
async fn an_upstreams_header_edits_come_before_its_targets() {
    let upstream = Standin::start(Name::Docs).expect("a stand-in");
    let routes = format!(
        "version: 1
hosts: {{ own: {{ loopback: true }} }}
upstreams:
  up:
    endpoints: [\"{}\"]
    request_headers:
      set: {{ x-a: upstream, x-key: {{ secret: KEY, prefix: \"k-\" }} }}
      default: {{ x-b: upstream, x-token: {{ secret: KEY, prefix: \"t-\" }} }}
      remove: [x-c]
      allow: [x-b, x-c, x-d, x-standin-echo]
routes:
  - {{ id: plain, path: /plain, to: up }}
  - {{ id: own, path: /own, to: up, request_headers: {{ set: {{ x-a: target }}, default: {{ x-b: target }}, remove: [x-d], allow: [x-d, x-e, x-standin-echo] }} }}
",
        upstream.url()
    );
    let edge = Edge::with(&routes).env("KEY", "v").start().await;
    let sending = |path: &str| {
        let names = ["X-A", "X-C", "X-D", "X-E"];
        names
            .iter()
            .fold(Request::get(path), |request, name| request.header(name, "client"))
    };
    let plain = echo(&edge, sending("/plain")).await;
    assert_eq!(
        values(&plain, ["x-a", "x-b", "x-c", "x-d"]),
        [vec!["upstream"], vec!["upstream"], vec![], vec!["client"]]
    );
    assert_eq!(
        values(&plain, ["x-e", "x-key", "x-token", "x-f"]),
        [vec![], vec!["k-v"], vec!["t-v"], vec![]]
    );
    let own = echo(&edge, sending("/own")).await;
    assert_eq!(
        values(&own, ["x-a", "x-b", "x-c", "x-d"]),
        [vec!["target"], vec!["target"], vec![], vec![]]
    );
    assert_eq!(
        values(&own, ["x-e", "x-key", "x-token", "x-f"]),
        [vec!["client"], vec!["k-v"], vec!["t-v"], vec![]]
    );
}

#[tokio::test]
async fn fields_join_a_json_body_up_to_its_limit() {
    let log = Log::new();
    let upstream = Server::start(recording(&log, ok("fine"))).expect("a server");
    let target = "to: up\njson_body: { id: \":id\", where: \"at :splat\" }\njson_body_limit: 20";
    let edge = map(&upstream.url(), &[target]).start().await;
    for place in places(0) {
        let path = format!("{place}/7/x/y");
        assert_eq!(
            edge.send(&Request::post(&path, r#"{"a":1}"#)).await.status,
            200,
            "{place}"
        );
        let long = edge.send(&Request::post(&path, r#"{"a":"0123456789..."}"#)).await;
        assert_eq!(long.code(), "BODY_TOO_LARGE", "{place}");
    }
    let bodies: Vec<String> = log
        .requests()
        .iter()
        .map(platform_standin::scripted::Request::text)
        .collect();
    assert_eq!(bodies, [r#"{"a":1,"id":"7","where":"at x/y"}"#; 2]);
}

#[tokio::test]
async fn a_fixed_response_is_what_the_map_says() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let targets = [
        "respond: { status: 202, json: { n: 1.50, list: [a] }, headers: { x-a: b, cache-control: no-cache } }",
        "respond: { status: 418, text: short and stout, headers: { content-type: text/markdown } }",
        "respond: { status: 410 }",
        "respond: { status: 204 }",
    ];
    let edge = map(&upstream.url(), &targets).start().await;
    for place in 0..2 {
        let path = |number| format!("{}/7", places(number)[place]);
        let answer = edge.get(&path(0)).await;
        assert_eq!(
            (answer.status, answer.json()),
            (202, serde_json::json!({ "n": 1.5, "list": ["a"] }))
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(
            (answer.header("x-a"), answer.header("cache-control")),
            (Some("b"), Some("no-cache"))
        );
        let answer = edge.get(&path(1)).await;
        assert_eq!((answer.status, answer.text()), (418, "short and stout".into()));
        assert_eq!(answer.header_values("content-type"), ["text/markdown"]);
        let answer = edge.get(&path(2)).await;
        assert_eq!((answer.status, answer.code()), (410, "GONE".into()));
        let answer = edge.get(&path(3)).await;
        assert_eq!(
            (answer.status, answer.body.len(), answer.header("content-length")),
            (204, 0, None)
        );
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_redirect_goes_where_the_map_says() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let cases = [
        (
            "to: \"https://new.test/:id/:splat\", status: 301",
            301,
            "https://new.test/7/x/y?a=%20",
        ),
        ("to: /here, status: 307, query: keep", 307, "/here?a=%20"),
        ("to: \"/here?b=1\", status: 302", 302, "/here?b=1&a=%20"),
        ("to: /here, status: 308, query: drop", 308, "/here"),
    ];
    let targets = cases.map(|(redirect, _, _)| format!("redirect: {{ {redirect} }}"));
    let edge = map(&upstream.url(), &targets.each_ref().map(String::as_str))
        .start()
        .await;
    for (number, (redirect, status, location)) in cases.into_iter().enumerate() {
        for place in places(number) {
            let answer = edge.get(&format!("{place}/7/x/y?a=%20")).await;
            assert_eq!(
                (answer.status, answer.header("location")),
                (status, Some(location)),
                "{place} {redirect}"
            );
        }
    }
}

#[tokio::test]
async fn static_files_are_served_by_every_key() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let targets = [
        "static: { file: page.txt, cache_control: no-cache, content_type: text/x-mine }",
        "static: { folder: site, index: home.html, cache_control: \"max-age=7\", content_type: text/x-mine }",
        "static: { folder: site, fallback: home.html }",
    ];
    let edge = map(&upstream.url(), &targets)
        .file("site/home.html", "home")
        .file("site/a.txt", "a")
        .file("page.txt", "page")
        .start()
        .await;
    for place in 0..2 {
        let [file, folder, app] = [0, 1, 2].map(|number| places(number)[place].clone());
        let answer = edge.get(&format!("{file}/7/whatever")).await;
        assert_eq!(answer.text(), "page", "{file}");
        assert_eq!(
            (answer.header("cache-control"), answer.header("content-type")),
            (Some("no-cache"), Some("text/x-mine"))
        );
        for (path, text) in [("7/a.txt", "a"), ("7", "home"), ("7/", "home")] {
            let answer = edge.get(&format!("{folder}/{path}")).await;
            assert_eq!(
                (answer.text(), answer.header("cache-control")),
                (text.into(), Some("max-age=7")),
                "{folder}/{path}"
            );
            assert_eq!(answer.header("content-type"), Some("text/x-mine"));
        }
        assert_eq!(edge.get(&format!("{folder}/7/missing")).await.code(), "NO_SUCH_FILE");
        let answer = edge.get(&format!("{app}/7/missing")).await;
        assert_eq!(
            (answer.text(), answer.header("content-type")),
            ("home".into(), Some("text/html; charset=utf-8"))
        );
    }
}

#[tokio::test]
async fn the_edges_endpoints_are_where_the_map_puts_them() {
    let upstream = Server::start(fixed(ok("fine"))).expect("a server");
    let targets = [
        "endpoint: health",
        "endpoint: health-full",
        "endpoint: status",
        "endpoint: route-policy",
    ];
    let edge = map(&upstream.url(), &targets).start().await;
    for (number, key) in ["services", "upstreams", "gateway", "hash"].into_iter().enumerate() {
        for place in places(number) {
            let answer = edge.get(&format!("{place}/7")).await;
            assert!(
                answer.status == 200 && answer.json().get(key).is_some(),
                "{place}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn answers_headers_are_set_defaulted_and_removed() {
    let answer =
        "HTTP/1.1 200 OK\r\nX-A: theirs\r\nX-B: theirs\r\nX-C: theirs\r\nX-C: twice\r\nContent-Length: 2\r\n\r\nok";
    let upstream = Server::start(fixed(answer)).expect("a server");
    let edits =
        "response_headers: { set: { x-a: ours, x-new: ours }, default: { x-b: ours, x-d: ours }, remove: [x-c] }";
    let routes = format!(
        "version: 1
hosts: {{ own: {{ loopback: true }} }}
upstreams: {{ up: {{ endpoints: [\"{}\"] }} }}
routes:
  - {{ id: up, path: /up, to: up, {edits} }}
  - {{ id: own, path: /own, respond: {{ status: 200, headers: {{ x-a: theirs, x-b: theirs, x-c: theirs }} }}, {edits} }}
",
        upstream.url()
    );
    let edge = Edge::with(&routes).start().await;
    for path in ["/up", "/own"] {
        let answer = edge.get(path).await;
        let seen = ["x-a", "x-b", "x-c", "x-d", "x-new"].map(|name| answer.header_values(name).join("|"));
        assert_eq!(seen, ["ours", "theirs", "", "ours", "ours"], "{path}");
    }
}
