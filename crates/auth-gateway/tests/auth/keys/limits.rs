//! Bounds of one connection and one request, and limits on guessing.

use super::Raw;
use crate::contract::refusal;
use crate::support::gateway::{ADMIN_EMAIL, Answer, PASSWORD, Served};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const LOGIN: &str = "/v1/auth/login";

fn status(answer: &Answer) -> (u16, &str) {
    refusal(answer)
}

#[tokio::test]
async fn a_body_is_as_long_as_the_file_allows() {
    let gateway = Served::start("limits: { body: 1KiB }");
    let body = json!({"email": ADMIN_EMAIL, "password": "x".repeat(1100)});
    assert_eq!(
        status(&gateway.client().post(LOGIN, body).await),
        (413, "BODY_TOO_LARGE")
    );
}

#[tokio::test]
async fn a_body_arrives_in_the_time_of_the_file() {
    let gateway = Served::start("limits: { body_time: 100ms }");
    let mut slow = Raw::open(&gateway.base);
    slow.send(
        "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\ncontent-type: application/json\r\n\r\n{",
    );
    let answer = slow.read_head();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn an_answer_comes_in_the_time_of_the_file() {
    let gateway = Served::start("limits: { request_time: 200ms }");
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", gateway.data.join("auth.db").display());
    let mut connection = AnyConnection::connect(&url).await.expect("the database");
    // Whoever writes now waits.
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut connection)
        .await
        .expect("locked");
    let body = json!({"email": ADMIN_EMAIL, "password": PASSWORD});
    assert_eq!(
        status(&gateway.client().post(LOGIN, body).await),
        (503, "SERVICE_TIMEOUT")
    );
}

#[tokio::test]
async fn who_asks_on_and_on_and_reads_nothing_is_cut_in_the_time_of_the_file() {
    let gateway = Served::start("limits: { request_time: 1s }");
    let address = gateway.base.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let asking = async {
        while stream
            .write_all(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .is_ok()
        {}
    };
    let cut = tokio::time::timeout(Duration::from_secs(60), asking).await;
    cut.expect("the server closes it");
}

#[tokio::test]
async fn no_more_connections_are_open_than_the_file_allows() {
    for lines in [
        "limits: { connections: 3 }",
        "trusted_proxies: []\nlimits: { connections_per_address: 3 }",
    ] {
        let gateway = Served::start(lines);
        let mut open: Vec<Raw> = (0..3).map(|_| Raw::open(&gateway.base)).collect();
        for connection in &mut open {
            connection.send("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
            assert!(connection.read_head().starts_with("HTTP/1.1 200 "), "{lines}");
        }
        assert!(Raw::open(&gateway.base).is_cut(), "{lines}");
    }
}

#[tokio::test]
async fn a_head_arrives_in_the_time_of_the_file() {
    let gateway = Served::start("limits: { header_timeout: 100ms }");
    let mut slow = Raw::open(&gateway.base);
    slow.send("GET /health HTTP/1.1\r\nhos");
    // The default would keep it for ten seconds, longer than the connection waits.
    assert!(slow.is_cut());
}

#[tokio::test]
async fn every_limit_on_guessing_is_the_one_of_the_file() {
    let token = json!({"token": "x"});
    let email = json!({"email": ADMIN_EMAIL});
    let cases = [
        ("login", LOGIN, json!({"email": ADMIN_EMAIL, "password": PASSWORD})),
        ("signup", "/v1/auth/signup", json!({})),
        ("refresh", "/v1/auth/refresh", json!({"refresh_token": "x"})),
        ("mail", "/v1/auth/password/forgot", email),
        ("verify", "/v1/auth/verify-token", token.clone()),
        ("default", "/v1/auth/password/reset", token),
    ];
    for (index, (name, path, body)) in cases.into_iter().enumerate() {
        let (requests, window) = (2 + index, 600 + index);
        let written = format!("{name}: {{ requests: {requests}, window: {window}s }}");
        let gateway = Served::start(&format!("rate_limits: {{ {written} }}"));
        let client = gateway.client();
        let mut last = client.post(path, body.clone()).await;
        let policy = last.header("ratelimit-policy").expect("a policy").to_owned();
        assert!(
            policy.contains(&format!("q={requests}")) && policy.contains(&format!("w={window}")),
            "{name}: {policy}"
        );
        for _ in 1..requests {
            assert_ne!(last.code(), "RATE_LIMITED", "{name}");
            last = client.post(path, body.clone()).await;
        }
        assert_ne!(last.code(), "RATE_LIMITED", "{name}");
        let refused = client.post(path, body).await;
        assert_eq!(status(&refused), (429, "RATE_LIMITED"), "{name}");
    }
}
