//! Bodies over a socket.

use crate::support::{Gateway, State};
use auth_gateway::http::route::{Route, post};
use auth_gateway::http::{Fields, OptionalFields};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Deserialize)]
struct Named {
    name: Option<String>,
}

fn table() -> Vec<Route<State>> {
    vec![
        post("/named", async |Fields(named): Fields<Named>| {
            named.name.unwrap_or_default()
        }),
        post("/optional", async |OptionalFields(named): OptionalFields<Named>| {
            named.name.unwrap_or_default()
        }),
    ]
}

async fn sent(gateway: &Gateway, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
    let request = gateway
        .client
        .post(gateway.url(path))
        .header("content-type", content_type);
    let response = request.body(body).send().await.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("text"))
}

#[tokio::test]
async fn json_and_forms_are_read_and_what_is_missing_is_refused_as_the_contract_says() {
    let gateway = Gateway::with(table()).await;
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        sent(&gateway, "/named", json, r#"{"name":"a"}"#).await,
        (200, "a".to_owned())
    );
    assert_eq!(
        sent(&gateway, "/named", form, "name=a%20b").await,
        (200, "a b".to_owned())
    );
    assert_eq!(sent(&gateway, "/optional", json, "").await, (200, String::new()));
    for (body, error) in [
        ("", "Request body is required"),
        ("[1]", "Request body is required"),
        ("{", "Request body is invalid"),
    ] {
        let (status, text) = sent(&gateway, "/named", json, body).await;
        let text: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (status, &text["error"], &text["code"]),
            (400, &error.into(), &"INVALID_BODY".into())
        );
    }
    let without = gateway
        .client
        .post(gateway.url("/named"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(without.status().as_u16(), 400);
    assert_eq!(sent(&gateway, "/named", "text/plain", "name=a").await.0, 415);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_announced_or_not() {
    let gateway = Gateway::with(table()).await;
    let large = vec![b'a'; 100 * 1024 + 1];
    let (status, text) = sent(&gateway, "/named", "application/json", large.clone()).await;
    assert!(status == 413 && text.contains("BODY_TOO_LARGE"), "{status} {text}");
    let mut stream = TcpStream::connect(gateway.address).await.expect("a connection");
    let head =
        "POST /named HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
        .write_all(format!("{:x}\r\n", large.len()).as_bytes())
        .await
        .expect("sent");
    stream.write_all(&large).await.expect("sent");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 413");
}
