//! What reaches the log, and what never does.

use crate::support::{Gateway, State, access_line, header, logged};
use auth_gateway::http::route::{Route, get, post};
use auth_gateway::http::{Fields, Presented, Refusal, Secret};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Debug, Deserialize)]
struct SignIn {
    #[expect(dead_code, reason = "printed by a handler that should know better")]
    password: Secret,
}

fn table() -> Vec<Route<State>> {
    vec![
        get("/items/{id}", async || "item"),
        get("/panics", async || -> &'static str { panic!("s3cr3t of a panic") }),
        post(
            "/login",
            async |presented: Result<Presented, Refusal>, Fields(fields): Fields<SignIn>| {
                // A careless handler: its log line still holds nothing.
                tracing::info!(target: "auth_gateway::test", ?presented, ?fields, "careless");
                Refusal::InvalidCredentials
            },
        ),
    ]
}

#[tokio::test]
async fn a_request_leaves_one_line_with_the_documented_fields() {
    let gateway = Gateway::with(table()).await;
    let item = gateway.get("/items/42?q=1").await;
    let id = header(&item, "x-request-id").expect("there").to_owned();
    assert_eq!(item.text().await.expect("text"), "item");
    let line = access_line(&id).await;
    assert_eq!(line["route"], "/items/{id}");
    assert_eq!(
        (&line["method"], &line["status"], &line["bytes_sent"]),
        (&"GET".into(), &200.into(), &4.into())
    );
    assert_eq!(
        (&line["client_ip"], &line["message"]),
        (&"127.0.0.1".into(), &"request".into())
    );
    assert!(line["duration"].is_f64() && line.get("refusal").is_none());

    let request = gateway
        .client
        .post(gateway.url("/login"))
        .header("content-type", "application/json");
    let refused = request.body(r#"{"password":"p"}"#).send().await.expect("an answer");
    let id = header(&refused, "x-request-id").expect("there").to_owned();
    drop(refused.bytes().await);
    let refused = access_line(&id).await;
    assert_eq!(refused["refusal"], "AUTH_INVALID_CREDENTIALS");

    let document = include_str!("../../../../../docs/auth/logs.md");
    let documented = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let written = refused.as_object().expect("an object").keys().map(String::as_str);
    let everywhere = ["timestamp", "level", "target", "message"];
    let written: BTreeSet<&str> = written.filter(|field| !everywhere.contains(field)).collect();
    assert_eq!(written, documented.collect());
}

#[tokio::test]
async fn a_secret_sent_anywhere_never_reaches_the_log() {
    let gateway = Gateway::with(table()).await;
    let secret = "s3cr3tEverywhere";
    let client = &gateway.client;
    let text = |name: &str| format!("{name}={secret}");
    let requests = [
        client.get(gateway.url(&format!("/items/{secret}"))),
        client.get(gateway.url(&format!("/{secret}?{}", text("access_token")))),
        client
            .get(gateway.url("/items/1"))
            .header("authorization", format!("Bearer {secret}")),
        client
            .get(gateway.url("/items/1"))
            .header("user-agent", secret)
            .header("referer", secret),
        client
            .get(gateway.url("/items/1"))
            .header("x-request-id", secret)
            .header("x-forwarded-for", secret),
        client.request(secret.parse().expect("a token"), gateway.url("/items/1")),
        client.get(gateway.url("/panics")),
        client
            .post(gateway.url("/login"))
            .header("authorization", format!("Bearer {secret}"))
            .header("x-api-key", secret)
            .header("cookie", text("lanonasis_session"))
            .header("content-type", "application/json")
            .body(format!(r#"{{"password":"{secret}"}}"#)),
        client
            .post(gateway.url("/login"))
            .header("content-type", "application/json")
            .body(format!(r#"{{"{secret}"#)),
        client
            .post(gateway.url("/login"))
            .header("content-type", "application/json")
            .body(format!(r#"{{"password":["{secret}"]}}"#)),
        client
            .post(gateway.url("/login"))
            .header("content-type", secret)
            .body(secret),
    ];
    for request in requests {
        let response = request.send().await.expect("an answer");
        let id = header(&response, "x-request-id").expect("there").to_owned();
        let answer = response.text().await.expect("text");
        assert!(!answer.to_lowercase().contains("s3cr3t"), "{answer}");
        access_line(&id).await;
    }
    let log = logged();
    assert!(log.contains("careless") && log.contains("panicked"));
    assert!(!log.to_lowercase().contains("s3cr3t"), "{log}");
}

#[tokio::test]
async fn requests_are_counted_by_route_template() {
    let gateway = Gateway::with(table()).await;
    for id in 0..3 {
        let response = gateway.get(&format!("/items/{id}")).await;
        let request = header(&response, "x-request-id").expect("there").to_owned();
        drop(response.bytes().await);
        access_line(&request).await;
    }
    let text = gateway.metrics.render();
    assert!(
        text.contains(r#"auth_http_requests_total{code="200",method="GET",route="/items/{id}"} 3"#),
        "{text}"
    );
    assert!(text.contains(r#"auth_http_request_duration_seconds_count{code_class="2xx",route="/items/{id}"} 3"#));
    assert!(text.contains("auth_http_inflight_requests 0"));
}
