//! Refusals, request ids and headers of every answer.

use crate::support::{Gateway, Says, State, header};
use auth_gateway::http::route::{Route, get, post};
use auth_gateway::http::{BaseSettings, ConnectionLimits, Presented, Refusal, RequestId, Shape, TrustedProxies};
use serde_json::Value;
use std::time::Duration;

fn table() -> Vec<Route<State>> {
    vec![
        get("/id", async |id: RequestId| id.as_str().to_owned()),
        post("/id", async || "made"),
        get("/panics", async || -> &'static str { panic!("s3cr3t of a panic") }),
        get("/unavailable", async || Refusal::Unavailable),
        get("/token", async || Refusal::InvalidCredentials).refusing_as(Shape::OAuth),
        get("/introspect", async || Refusal::SessionInvalid).refusing_as(Shape::Identity),
        get("/whoami", async |presented: Presented| match presented.single() {
            Ok(Some(_)) => Ok("somebody"),
            Ok(None) => Err(Refusal::TokenMissing),
            Err(refusal) => Err(refusal),
        }),
    ]
}

async fn refusal(gateway: &Gateway, path: &str) -> (u16, Value) {
    let response = gateway.get(path).await;
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

#[tokio::test]
async fn an_unknown_path_is_404_with_the_contracts_body() {
    let gateway = Gateway::with(table()).await;
    for path in ["/nothing", "/id/", "//id", "/ID"] {
        let (status, body) = refusal(&gateway, path).await;
        assert_eq!(
            (status, &body["error"], &body["code"]),
            (404, &"Not found".into(), &"ROUTE_NOT_FOUND".into())
        );
        assert_eq!(body["request_id"].as_str().map(str::len), Some(36));
    }
}

#[tokio::test]
async fn a_known_path_with_another_method_is_405_and_says_which_it_answers() {
    let gateway = Gateway::with(table()).await;
    let response = gateway
        .client
        .delete(gateway.url("/id"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status().as_u16(), 405);
    let mut allowed: Vec<_> = header(&response, "allow")
        .expect("Allow")
        .split(',')
        .map(str::trim)
        .collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["code"], "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_its_route() {
    let gateway = Gateway::with(table()).await;
    let (_, oauth) = refusal(&gateway, "/token").await;
    assert_eq!((&oauth["error"], oauth.get("code")), (&"invalid_grant".into(), None));
    let (status, envelope) = refusal(&gateway, "/introspect").await;
    assert_eq!(
        (status, &envelope["valid"], &envelope["identity"]),
        (401, &false.into(), &Value::Null)
    );
    assert_eq!(envelope["error"]["code"], "invalid_credential");
}

#[tokio::test]
async fn the_request_id_is_kept_returned_and_in_the_body() {
    let settings = BaseSettings {
        trusted_proxies: TrustedProxies::new(vec!["127.0.0.1/32".parse().expect("a network")]),
        ..BaseSettings::default()
    };
    let gateway = Gateway::start(table(), settings, ConnectionLimits::default(), Says::default()).await;
    let sent = "0190b2f07d5c7c3a9b1e2f6a1c0d9e8f";
    let request = gateway.client.get(gateway.url("/id")).header("X-Request-ID", sent);
    let response = request.send().await.expect("an answer");
    assert_eq!(header(&response, "x-request-id"), Some(sent));
    assert_eq!(response.text().await.expect("text"), sent);
    let request = gateway
        .client
        .get(gateway.url("/unavailable"))
        .header("X-Request-ID", "mine");
    let response = request.send().await.expect("an answer");
    let made = header(&response, "x-request-id").expect("there").to_owned();
    assert_ne!(made, "mine");
    assert_eq!(response.json::<Value>().await.expect("JSON")["request_id"], made);
}

#[tokio::test]
async fn who_is_no_trusted_proxy_gives_its_requests_no_id() {
    let gateway = Gateway::with(table()).await;
    let sent = "0190b2f07d5c7c3a9b1e2f6a1c0d9e8f";
    let request = gateway.client.get(gateway.url("/id")).header("X-Request-ID", sent);
    let response = request.send().await.expect("an answer");
    let made = header(&response, "x-request-id").expect("there").to_owned();
    assert!(made != sent && response.text().await.expect("text") == made);
}

#[tokio::test]
async fn every_answer_is_uncacheable_and_framed_by_nobody() {
    let gateway = Gateway::with(table()).await;
    for path in ["/id", "/nothing", "/unavailable", "/panics"] {
        let response = gateway.get(path).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(header(&response, name), Some(value), "{path}");
        }
    }
}

#[tokio::test]
async fn a_401_has_a_challenge_and_a_503_says_when_to_come_back() {
    let gateway = Gateway::with(table()).await;
    let missing = gateway.get("/whoami").await;
    assert_eq!(
        header(&missing, "www-authenticate"),
        Some(r#"Bearer realm="lanonasis""#)
    );
    let refused = gateway.get("/introspect").await;
    assert_eq!(
        header(&refused, "www-authenticate"),
        Some(r#"Bearer realm="lanonasis", error="invalid_token""#)
    );
    let unavailable = gateway.get("/unavailable").await;
    assert_eq!(
        (unavailable.status().as_u16(), header(&unavailable, "retry-after")),
        (503, Some("5"))
    );
}

#[tokio::test]
async fn a_panic_is_a_500_without_its_text_and_the_next_request_is_served() {
    let gateway = Gateway::with(table()).await;
    let response = gateway.get("/panics").await;
    assert_eq!(response.status().as_u16(), 500);
    let text = response.text().await.expect("text");
    assert!(
        text.contains(r#""code":"INTERNAL_ERROR""#) && !text.contains("s3cr3t"),
        "{text}"
    );
    assert_eq!(gateway.get("/id").await.status().as_u16(), 200);
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_a_503() {
    let forever = async || -> &'static str { std::future::pending().await };
    let settings = BaseSettings {
        answer_time: Duration::from_millis(20),
        ..BaseSettings::default()
    };
    let table = vec![get("/slow", forever)];
    let gateway = Gateway::start(table, settings, ConnectionLimits::default(), Default::default()).await;
    let (status, body) = refusal(&gateway, "/slow").await;
    assert_eq!((status, &body["code"]), (503, &"SERVICE_TIMEOUT".into()));
}

#[tokio::test]
async fn identity_headers_of_a_client_have_no_effect() {
    let gateway = Gateway::with(table()).await;
    let mut request = gateway.client.get(gateway.url("/whoami"));
    for name in [
        "X-User-Id",
        "X-User-Role",
        "X-Scopes",
        "X-Session-Id",
        "X-UAI-Auth-Id",
        "X-Actor-Id",
        "X-Auth-Source",
    ] {
        request = request.header(name, "admin");
    }
    assert_eq!(request.send().await.expect("an answer").status().as_u16(), 401);
}

/// Each line of the program's own sources, with its file; tests inside them left out.
fn source_lines() -> Vec<(String, String)> {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut lines = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "tests.rs") {
                let text = std::fs::read_to_string(&path).expect("text");
                let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                lines.extend(
                    product
                        .lines()
                        .map(|line| (path.display().to_string(), line.to_owned())),
                );
            }
        }
    }
    assert!(lines.len() > 1_000);
    lines
}

#[test]
fn nothing_reads_an_identity_header() {
    let names = [
        "x-user",
        "x-uai",
        "x-scopes",
        "x-session-id",
        "x-actor",
        "x-api-key-id",
        "x-auth-source",
        "x-identity",
    ];
    let readers = [".get(", ".get-all(", "contains-key(", "only(", ".entry(", "headers["];
    for (file, line) in source_lines() {
        let line = line.to_lowercase().replace('_', "-");
        let names_one = names.iter().any(|name| line.contains(name));
        assert!(
            !(names_one && readers.iter().any(|reader| line.contains(reader))),
            "{file}: {line}"
        );
    }
}

#[test]
fn error_statuses_are_chosen_in_one_table() {
    let friendly = [
        "OK",
        "CREATED",
        "ACCEPTED",
        "NO_CONTENT",
        "FOUND",
        "SEE_OTHER",
        "NOT_MODIFIED",
    ];
    for (file, line) in source_lines() {
        // A probe reports 503 to monitors; nothing is refused.
        if file.contains("http/error") || file.ends_with("http/probe.rs") {
            continue;
        }
        let end = |text: &str| {
            text.find(|c: char| !c.is_ascii_uppercase() && c != '_')
                .unwrap_or(text.len())
        };
        let named = line.split("StatusCode::").skip(1).map(|text| &text[..end(text)]);
        let errors: Vec<&str> = named
            .filter(|name| !name.is_empty() && !friendly.contains(name))
            .collect();
        assert!(errors.is_empty(), "{file}: {errors:?} is a `Refusal`");
    }
}
