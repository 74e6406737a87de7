//! What every answer has, and how bodies that can not be read are refused.

use super::refusal;
use crate::support::gateway::{PASSWORD, answer, new_address, shared};
use reqwest::Method;
use serde_json::json;

const NEED_BODIES: [&str; 8] = [
    "/v1/auth/setup",
    "/v1/auth/signup",
    "/v1/auth/login",
    "/v1/auth/refresh",
    "/v1/auth/verify-token",
    "/v1/auth/password/forgot",
    "/v1/auth/password/reset",
    "/v1/auth/verify-email/resend",
];

#[tokio::test]
async fn bodies_are_required_and_are_objects() {
    let client = shared().await.client();
    for path in NEED_BODIES {
        let bare = answer(client.request(Method::POST, path)).await;
        assert_eq!(
            (refusal(&bare), &bare.body["error"]),
            ((400, "INVALID_BODY"), &json!("Request body is required")),
            "{path}"
        );
        for text in [
            "[]",
            "\"a\"",
            "1",
            "null",
            "{",
            "{\"a\":1",
            "{\"email\":\"a\",\"email\":\"b\"}",
            "\u{feff}{}",
        ] {
            let request = client
                .request(Method::POST, path)
                .header("content-type", "application/json");
            let answer = answer(request.body(text)).await;
            assert_eq!(
                refusal(&answer),
                (400, "INVALID_BODY"),
                "{path} {text}: {}",
                answer.text
            );
        }
        let xml = client
            .request(Method::POST, path)
            .header("content-type", "text/xml")
            .body("<a/>");
        assert_eq!(refusal(&answer(xml).await), (415, "UNSUPPORTED_MEDIA_TYPE"), "{path}");
    }
}

#[tokio::test]
async fn a_field_of_another_type_is_named_and_its_value_is_not() {
    let client = shared().await.client();
    for body in [
        json!({"email": ["s3cr3t"], "password": "x"}),
        json!({"email": {"$gt": "s3cr3t"}, "password": "x"}),
    ] {
        let answer = client.post("/v1/auth/login", body).await;
        assert_eq!(refusal(&answer), (400, "INVALID_REQUEST"), "{}", answer.text);
        assert!(answer.text.contains("email") && !answer.text.contains("s3cr3t"));
    }
}

#[tokio::test]
async fn every_refusal_has_one_shape_and_the_request_s_id() {
    let client = shared().await.client();
    let id = "0190b2f0-7d5c-7c3a-9b1e-2f6a1c0d9e8f";
    let requests = [
        (Method::GET, "/v1/auth/nothing", 404, "ROUTE_NOT_FOUND"),
        (Method::GET, "/v1/auth/login", 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/v1/auth/me", 401, "AUTH_TOKEN_MISSING"),
        (Method::POST, "/v1/auth/logout", 400, "MISSING_TOKEN"),
        (Method::GET, "/migrate", 404, "ROUTE_NOT_FOUND"),
        (Method::POST, "/webhook/x", 404, "ROUTE_NOT_FOUND"),
        (Method::POST, "/admin/bypass-login", 404, "ROUTE_NOT_FOUND"),
    ];
    for (method, path, status, code) in requests {
        let answer = answer(client.request(method, path).header("x-request-id", id)).await;
        assert_eq!(refusal(&answer), (status, code), "{path}");
        assert_eq!(answer.fields(""), ["code", "error", "message", "request_id"]);
        assert_eq!(
            (&answer.body["request_id"], answer.header("x-request-id")),
            (&json!(id), Some(id))
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{path}");
    }
    let made = answer(
        client
            .request(Method::GET, "/v1/auth/me")
            .header("x-request-id", "not one"),
    )
    .await;
    assert_ne!(made.header("x-request-id"), Some("not one"));
    assert_eq!(made.header("x-request-id"), made.body["request_id"].as_str());
}

#[tokio::test]
async fn nothing_of_a_login_is_cached() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = &person.client;
    let login = client
        .post("/v1/auth/login", json!({"email": person.email, "password": PASSWORD}))
        .await;
    let wrong = client
        .post("/v1/auth/login", json!({"email": new_address(), "password": PASSWORD}))
        .await;
    let mut answers = vec![login, wrong];
    for path in [
        "/v1/auth/me",
        "/v1/auth/session",
        "/v1/auth/session/check",
        "/v1/auth/sessions",
        "/v1/auth/resolve",
    ] {
        answers.push(person.get(path).await);
    }
    for path in ["/v1/auth/verify", "/v1/auth/introspect"] {
        answers.push(answer(person.request(Method::POST, path)).await);
    }
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_field_that_is_null_is_a_field_left_out() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let service = gateway.service("introspect");
    let question = json!({"credential": person.access_token, "type": null, "audience": null, "client_id": null});
    let told = service.introspect_with(question).await;
    assert_eq!(told.status, 200, "{}", told.text);

    let binding = json!({"audiences": null, "client_id": null, "require_request_signature": null});
    let wish = json!({"name": "nulls", "scopes": null, "binding": binding, "expires_in_days": null});
    let made = person.post("/api/v1/api-keys", wish).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let key = made.body["data"]["id"].as_str().expect("an id");
    let changes = [
        (
            "",
            json!({"description": "new", "clear_expiry": null, "expires_in_days": null}),
        ),
        (
            "/service-scopes",
            json!({"service_keys": ["openai"], "rate_limits": null}),
        ),
        (
            "/service-scopes",
            json!({"service_keys": ["openai"], "rate_limits": {"openai": {"per_day": null}}}),
        ),
    ];
    for (path, change) in changes {
        let changed = person.put(&format!("/api/v1/api-keys/{key}{path}"), change).await;
        assert_eq!(changed.status, 200, "{path}: {}", changed.text);
    }
    let twice = gateway.client().request(Method::POST, "/v1/auth/login");
    let twice = twice.header("content-type", "application/json");
    let twice = answer(twice.body(r#"{"email":null,"email":"a"}"#)).await;
    assert_eq!(refusal(&twice), (400, "INVALID_BODY"));
}

#[tokio::test]
async fn who_one_is_and_what_shows_it_left_empty_is_left_out() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let cases = [
        ("login", json!({"email": "", "password": ""}), "MISSING_CREDENTIALS"),
        (
            "login",
            json!({"email": person.email, "password": ""}),
            "MISSING_CREDENTIALS",
        ),
        (
            "signup",
            json!({"email": "", "password": PASSWORD}),
            "MISSING_CREDENTIALS",
        ),
        ("refresh", json!({"refresh_token": ""}), "MISSING_REFRESH_TOKEN"),
        ("password/forgot", json!({"email": ""}), "MISSING_EMAIL"),
        ("verify-email/resend", json!({"email": ""}), "MISSING_EMAIL"),
    ];
    for (path, body, code) in cases {
        let refused = gateway.client().post(&format!("/v1/auth/{path}"), body).await;
        assert_eq!(refusal(&refused), (400, code), "{path}: {}", refused.text);
    }
    let form = gateway
        .client()
        .request(Method::POST, "/v1/auth/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("email=&password=");
    assert_eq!(refusal(&answer(form).await), (400, "MISSING_CREDENTIALS"));
}
