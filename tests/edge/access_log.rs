//! The access log: one line a request, no secret in it, and no request that waits for it.

use super::daemon::Daemon;
use crate::support::edge::one_route;
use crate::support::websocket::handshake;
use crate::support::{Client, Edge, Request, eventually};
use platform_standin::scripted::{Log, Refused, Server, fixed, ok, recording};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Read;
use std::path::Path;
use std::process::Command;

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("one JSON object a line"))
        .collect()
}

fn names(line: &Value) -> Vec<&str> {
    line.as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

/// The fields that `docs/access-log.md` documents, in its order.
fn documented() -> Vec<String> {
    let text = include_str!("../../docs/access-log.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn a_request_is_one_line_of_documented_fields_in_their_order() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let nobody = Refused::reserve().expect("a free port");
    let routes = one_route(&upstream.url(), "").replace(
        &format!("[\"{}\"]", upstream.url()),
        &format!("[\"{}\", \"{}\"]", nobody.url(), upstream.url()),
    );
    let edge = Edge::with(&routes).start().await;
    let request = Request::post("/a//b?x=1", "body")
        .host("EDGE.test:80")
        .header("User-Agent", "me/1");
    let mut seen = BTreeSet::new();
    let mut last = Value::Null;
    for request in [
        request.clone(),
        request.clone(),
        request.clone(),
        Request::post("/%zz?x=1", "y").header("User-Agent", "me/1"),
    ] {
        let answer = edge.send(&request).await;
        let line = edge.log_line(answer.header("x-request-id").expect("an id")).await;
        let order = documented();
        let positions: Vec<_> = names(&line)
            .iter()
            .map(|name| order.iter().position(|other| other == name))
            .collect();
        assert!(positions.iter().all(Option::is_some) && positions.is_sorted(), "{line}");
        seen.extend(names(&line).into_iter().map(str::to_owned));
        if line["status"] == 200 {
            last = line;
        }
    }
    let missing: Vec<String> = documented().into_iter().filter(|name| !seen.contains(name)).collect();
    assert_eq!(missing, ["broken"], "documented, and not in any of these lines");

    for (name, expected) in [
        ("client_ip", "127.0.0.1"),
        ("method", "POST"),
        ("host", "edge.test"),
        ("path", "/a/b"),
        ("query", "x=1"),
        ("protocol", "HTTP/1.1"),
        ("route", "all"),
        ("upstream", "up"),
        ("user_agent", "me/1"),
    ] {
        assert_eq!(last[name], expected, "{name}");
    }
    assert_eq!(last["endpoint"], upstream.address().to_string());
    assert_eq!(
        (&last["bytes_received"], &last["bytes_sent"], &last["upstream_status"]),
        (&4.into(), &4.into(), &200.into())
    );
    assert!(
        last["duration"].as_f64() >= last["upstream_duration"].as_f64(),
        "{last}"
    );
}

#[tokio::test]
async fn every_request_leaves_one_line_by_the_time_the_edge_has_ended() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let mut edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let mut client = edge.client().await;
    for number in 0..200 {
        client.send(&Request::get(&format!("/{number}"))).await;
    }
    let refused = [
        Request::get("/bad%"),
        Request::get("/").host("unknown.test"),
        Request::new("HEAD", "/"),
    ];
    for request in &refused {
        edge.send(request).await;
    }
    edge.signal("TERM");
    assert_eq!(edge.exit_code().await, Some(0));
    let lines = lines(&edge.path("access.log"));
    let paths: Vec<&str> = lines
        .iter()
        .map(|line| line["path"].as_str().expect("a path"))
        .collect();
    let expected: Vec<String> = (0..200).map(|number| format!("/{number}")).collect();
    assert_eq!(paths[..200], expected);
    // Those came on connections of their own.
    assert_eq!(BTreeSet::from_iter(&paths[200..]), BTreeSet::from_iter(&["/bad%", "/"]));
    let ids: BTreeSet<&str> = lines
        .iter()
        .map(|line| line["request_id"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids.len(), 203);
}

#[tokio::test]
async fn a_client_that_leaves_before_an_answer_is_499() {
    let silent = Server::start(platform_standin::scripted::black_hole()).expect("a server");
    let edge = Edge::in_front_of(&silent.url(), "").start().await;
    let mut client = edge.client().await;
    client
        .write(
            &Request::get("/x")
                .header("X-Request-ID", "0190B2F07D5C7C3A9B1E2F6A1C0D9E8F")
                .bytes(),
        )
        .await;
    eventually("the upstream is asked", || {
        std::future::ready((silent.connections() > 0).then_some(()))
    })
    .await;
    drop(client);
    assert_eq!(edge.log_line("0190B2F07D5C7C3A9B1E2F6A1C0D9E8F").await["status"], 499);
}

const TOKEN: &str = "s3cr3t-value";

/// Ways to write a parameter that some server reads as `access_token`.
const SPELLINGS: [&str; 12] = [
    "access_token=",
    "ACCESS_TOKEN=",
    "Access_Token=",
    "access%5Ftoken=",
    "access%5ftoken=",
    "%61ccess_token=",
    "access%255Ftoken=",
    "+access_token=",
    "access_token%20=",
    "access_token[]=",
    "access_token%5B0%5D=",
    "a=b;access_token=",
];

#[tokio::test]
async fn values_of_secret_parameters_are_redacted_in_every_spelling() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "stream: websocket").start().await;
    let mut ids = Vec::new();
    for spelling in SPELLINGS {
        let query = format!("first=1&{spelling}{TOKEN}&last=2");
        for request in [
            Request::get(&format!("/x?{query}")),
            handshake(&format!("/x?{query}")),
            Request::get(&format!("/x?{query}")).host("unknown.test"),
            Request::get(&format!("/bad%?{query}")),
            Request::get(&format!("http://localhost/x?{query}")),
        ] {
            let answer = edge.send(&request).await;
            ids.push(answer.header("x-request-id").expect("an id").to_owned());
        }
    }
    for id in ids {
        let line = edge.log_line(&id).await;
        assert!(!line.to_string().contains(TOKEN), "{line}");
        if line["status"] != 400 {
            let logged = line["query"].as_str().expect("a query");
            assert!(
                logged.starts_with("first=1&") && logged.ends_with("[redacted]&last=2"),
                "{logged}"
            );
        }
    }
}

#[tokio::test]
async fn what_counts_as_a_secret_parameter_is_configured() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    let edge = Edge::in_front_of(&upstream.url(), "")
        .gateway(&format!(
            "access_log: {{ path: \"{}\", redact_query: [mine] }}",
            path.display()
        ))
        .start()
        .await;
    edge.get("/x?mine=1&access_token=2&Mine=3").await;
    let line = eventually("it is logged", || std::future::ready(lines(&path).pop())).await;
    assert_eq!(line["query"], "mine=[redacted]&access_token=2&Mine=[redacted]");
}

#[tokio::test]
async fn no_credential_of_any_request_reaches_the_log_or_the_diagnostics() {
    let upstream = Server::start(fixed(
        "HTTP/1.1 200 OK\r\nSet-Cookie: sid=s3cr3t-value\r\nContent-Length: 2\r\n\r\nok",
    ))
    .expect("a server");
    let nobody = Refused::reserve().expect("a free port");
    let nonsense = Server::start(fixed("nonsense s3cr3t-value\r\n\r\n")).expect("a server");
    let routes = one_route(&upstream.url(), "").replace(
        "upstreams:",
        &format!(
            "upstreams:\n  nobody: {{ endpoints: [\"{}\"] }}\n  nonsense: {{ endpoints: [\"{}\"] }}",
            nobody.url(),
            nonsense.url()
        ),
    ) + "  - { id: nobody, hosts: [own], path: /nobody, to: nobody }\n  - { id: nonsense, hosts: [own], path: /nonsense, to: nonsense }\n  - { id: ws, hosts: [own], path: /ws, to: up, stream: websocket, body_limit: 1 }\n";
    let mut edge = Edge::with(&routes).start().await;
    let secret = |request: Request| {
        let names = [
            "Authorization",
            "Cookie",
            "X-API-Key",
            "apikey",
            "X-MCP-Auth",
            "Proxy-Authorization",
            "X-Session-Id",
            "Referer",
            "Origin",
        ];
        names.iter().fold(request, |request, name| {
            request.header(name, &format!("Bearer {TOKEN}"))
        })
    };
    let requests = [
        Request::post("/x", TOKEN),
        Request::get("/bad%"),
        Request::get("/").host("unknown.test"),
        Request::get("/nobody"),
        Request::get("/nonsense"),
        Request::post("/ws", TOKEN),
        handshake("/ws"),
        Request::get("/x").header("Connection", "Authorization, Host"),
        Request::get("/x").header("Content-Length", "5,5"),
    ];
    for request in requests {
        edge.send(&secret(request)).await;
    }
    for broken in [
        format!("GET /x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nbad line\r\n\r\n"),
        format!("GET /x HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"),
        format!("nonsense {TOKEN}\r\n\r\n"),
        format!("GET /x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}"),
        format!(
            "POST /x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{TOKEN}"
        ),
    ] {
        let mut client = edge.client().await;
        client.write(broken.as_bytes()).await;
        let mut stream = client.into_stream();
        tokio::io::AsyncWriteExt::shutdown(&mut stream)
            .await
            .expect("a half-closed connection");
        let mut rest = Vec::new();
        drop(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await);
    }
    edge.signal("TERM");
    assert_eq!(edge.exit_code().await, Some(0));
    let log = std::fs::read_to_string(edge.path("access.log")).expect("a log");
    assert!(log.lines().count() >= 9, "{log}");
    for text in [log, edge.stderr()] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

/// A pipe that the test holds open and does not read.
fn pipe(folder: &Path) -> (String, std::fs::File) {
    let path = folder.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .expect("mkfifo runs")
            .success()
    );
    let held = OpenOptions::new().read(true).write(true).open(&path).expect("a pipe");
    (path.display().to_string(), held)
}

#[tokio::test]
async fn a_log_that_nobody_reads_blocks_no_request_and_its_losses_are_counted() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let (path, mut held) = pipe(folder.path());
    let edge = Edge::in_front_of(&upstream.url(), "")
        .gateway(&format!("access_log: {{ path: \"{path}\", queue: 100 }}"))
        .start()
        .await;
    let mut client = edge.client().await;
    let long = format!("/{}", "x".repeat(1900));
    for number in 0..400 {
        assert_eq!(client.send(&Request::get(&long)).await.status, 200, "request {number}");
    }
    // A pipe and the writer's buffer hold 32 lines of 2 KiB each, the queue 100: all others must be lost.
    let dropped = edge.metric("edge_access_log_dropped_total").await;
    assert!(dropped > 200.0 && dropped < 400.0, "{dropped}");
    assert!(edge.metric("edge_inflight_requests").await <= 1.0);

    // Once it is read, lines come again, each of them whole.
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let mut piece = [0; 4096];
        while !text.ends_with(b"\n") || !String::from_utf8_lossy(&text).contains("\"path\":\"/after\"") {
            let read = held.read(&mut piece).expect("bytes");
            text.extend_from_slice(&piece[..read]);
        }
        String::from_utf8(text).expect("UTF-8")
    });
    eventually("lines are written again", || async {
        edge.get("/after").await;
        reader.is_finished().then_some(())
    })
    .await;
    let text = reader.join().expect("no panic");
    assert!(
        text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{text}"
    );
}

#[tokio::test]
async fn a_log_that_nobody_reads_does_not_keep_the_edge_from_ending() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let (path, _held) = pipe(folder.path());
    let mut edge = Edge::in_front_of(&upstream.url(), "")
        .gateway(&format!("access_log: {{ path: \"{path}\", queue: 1000 }}"))
        .start()
        .await;
    let mut client = edge.client().await;
    // Twice what a pipe holds.
    for _ in 0..64 {
        client.send(&Request::get(&format!("/{}", "x".repeat(1900)))).await;
    }
    assert_eq!(edge.metric("edge_access_log_dropped_total").await, 0.0);
    edge.signal("TERM");
    assert_eq!(edge.exit_code().await, Some(0));
}

#[tokio::test]
async fn usr1_opens_the_file_again_after_rotation() {
    let upstream = Server::start(recording(&Log::new(), ok("fine"))).expect("a server");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let (path, rotated) = (edge.path("access.log"), edge.path("access.log.1"));
    let first = edge.get("/first").await;
    edge.log_line(first.header("x-request-id").expect("an id")).await;
    std::fs::rename(&path, &rotated).expect("a renamed file");
    // Until it is told, the edge writes to the file it has.
    edge.get("/second").await;
    eventually("the old file has it", || {
        std::future::ready((lines(&rotated).len() == 2).then_some(()))
    })
    .await;
    assert!(!path.exists());
    edge.signal("USR1");
    eventually("the new file is there", || {
        std::future::ready(path.exists().then_some(()))
    })
    .await;
    edge.get("/third").await;
    eventually("the new file has it", || {
        std::future::ready((lines(&path).len() == 1).then_some(()))
    })
    .await;
    assert_eq!((lines(&rotated).len(), &lines(&path)[0]["path"]), (2, &"/third".into()));
}

/// A folder for a daemon that answers every path with a fixed response.
fn folder(access_log: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let gateway = format!(
        "version: 1\nroutes: routes.yaml\nlisten: \"127.0.0.1:0\"\nadmin: {{ listen: \"127.0.0.1:0\", socket: off }}\n{access_log}\n"
    );
    std::fs::write(folder.path().join("gateway.yaml"), gateway).expect("a file");
    let routes =
        "version: 1\nhosts: { own: { loopback: true } }\nroutes:\n  - { id: x, path: /x, respond: { status: 200 } }\n";
    std::fs::write(folder.path().join("routes.yaml"), routes).expect("a file");
    folder
}

#[tokio::test]
async fn the_log_goes_to_standard_output_a_file_or_nowhere() {
    let cases = [
        ("", true),
        ("access_log: { path: \"-\" }", true),
        ("access_log: { path: off }", false),
        ("access_log: { path: log }", false),
    ];
    for (access_log, on_stdout) in cases {
        let folder = folder(access_log);
        let daemon = Daemon::start(folder.path(), &[]);
        daemon.address("admin");
        let address = daemon.address("ready");
        for _ in 0..3 {
            assert_eq!(
                Client::connect(address).await.send(&Request::get("/x")).await.status,
                200
            );
        }
        let said = daemon.stop();
        assert_eq!(said.len(), if on_stdout { 3 } else { 0 }, "{access_log}: {said:?}");
        assert!(said.iter().all(|line| line.contains("\"path\":\"/x\"")), "{said:?}");
        let file = lines(&folder.path().join("log"));
        assert_eq!(
            file.len(),
            if access_log.contains("log }") { 3 } else { 0 },
            "{access_log}"
        );
    }
}
