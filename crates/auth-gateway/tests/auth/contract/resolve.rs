//! `GET /v1/auth/resolve`: the identity in headers; and `introspect` by the holder.

use super::introspect::verified;
use super::{browser, claims, refusal, with_bearer, with_cookie};
use crate::support::gateway::{ISSUER, answer, shared};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn the_identity_comes_in_the_headers_and_the_body() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let id = "0190b2f0-7d5c-7c3a-9b1e-2f6a1c0d9e8f";
    let request = person
        .request(Method::GET, "/v1/auth/resolve")
        .header("x-request-id", id);
    let answer = answer(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.fields(""),
        [
            "actorId",
            "actorType",
            "assertion",
            "authId",
            "authMethod",
            "authSource",
            "credentialId",
            "email",
            "fromCache",
            "organizationId",
            "requestId",
            "success"
        ]
    );
    assert_eq!(
        (&answer.body["authId"], &answer.body["requestId"]),
        (&json!(person.id), &json!(id))
    );
    assert_eq!(
        (&answer.body["authMethod"], &answer.body["authSource"]),
        (&json!("password"), &json!("jwt"))
    );
    let expected = [
        ("x-user-id", person.id.as_str()),
        ("x-user-email", &person.email),
        ("x-user-role", "authenticated"),
        ("x-uai-auth-id", &person.id),
        ("x-uai-email", &person.email),
        ("x-uai-auth-method", "password"),
        ("x-auth-source", "jwt"),
        ("x-actor-id", &person.id),
        ("x-actor-type", "user"),
        ("x-request-id", id),
    ];
    for (name, value) in expected {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("x-session-id"), answer.body["credentialId"].as_str());
    assert!(
        answer
            .header("x-scopes")
            .is_some_and(|scopes| scopes.contains("memories:*"))
    );
    assert!(answer.header("x-uai-error").is_none());
}

#[tokio::test]
async fn the_assertion_for_upstreams_comes_in_both_too() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let answer = person.get("/v1/auth/resolve").await;
    let token = answer.body["assertion"]["token"].as_str().expect("a token");
    assert_eq!(answer.header("x-identity-assertion"), Some(token));
    assert_eq!(answer.fields("/assertion"), ["audience", "expires_at", "token"]);
    let keys = person.client.get("/oauth/jwks.json").await.body;
    let claims = verified(token, &keys);
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!(person.id), &json!([ISSUER])));
    assert_eq!(answer.body["assertion"]["audience"], ISSUER);
    // It is about a caller and opens nothing.
    let opened = with_bearer(&person.client, Method::GET, "/v1/auth/me", token).await;
    assert_eq!(opened.status, 401);
}

#[tokio::test]
async fn an_assertion_ends_with_its_credential() {
    let gateway = shared().await;
    let (person, edge) = (gateway.user().await, gateway.service("introspect"));
    let made = person.post("/api/v1/api-keys", json!({"name": "short"})).await;
    let (id, key) = (
        &made.body["data"]["id"],
        made.body["data"]["key"].as_str().expect("a key"),
    );
    let rotate = format!("/api/v1/api-keys/{}/rotate", id.as_str().expect("an id"));
    let rotated = person.post(&rotate, json!({"overlap_seconds": 60})).await;
    let end = rotated.body["data"]["previous_key_expires_at"]
        .as_str()
        .expect("a time")
        .to_owned();
    let resolved = person
        .client
        .request(Method::GET, "/v1/auth/resolve")
        .header("x-api-key", key);
    for answer in [edge.introspect(key).await, answer(resolved).await] {
        let assertion = &answer.body["assertion"];
        let expires_at = assertion["expires_at"].as_str().expect("a time");
        assert!(*expires_at <= *end, "{expires_at} is behind {end}");
        let claims = claims(assertion["token"].as_str().expect("a token"));
        let lifetime = claims["exp"].as_u64().expect("exp") - claims["iat"].as_u64().expect("iat");
        assert!((1..=60).contains(&lifetime), "{lifetime}");
    }
}

#[tokio::test]
async fn a_session_s_token_counts_before_a_key_and_a_key_before_what_is_no_token() {
    let gateway = shared().await;
    let (person, other) = (gateway.user().await, gateway.user().await);
    let made = other.post("/api/v1/api-keys", json!({"name": "beside a token"})).await;
    let key = made.body["data"]["key"].as_str().expect("a key");
    let token = person.request(Method::GET, "/v1/auth/resolve").header("x-api-key", key);
    assert_eq!(answer(token).await.body["authId"], person.id);
    let opaque = person
        .client
        .request(Method::GET, "/v1/auth/resolve")
        .bearer_auth("opaque");
    assert_eq!(answer(opaque.header("x-api-key", key)).await.body["authId"], other.id);
}

#[tokio::test]
async fn a_cookie_counts_before_a_token() {
    let gateway = shared().await;
    let (person, other) = (gateway.user().await, gateway.user().await);
    let handle = browser(&other.client, &other.email).await;
    let cookie = format!("lanonasis_session={handle}");
    let both = person.request(Method::GET, "/v1/auth/resolve").header("cookie", cookie);
    let both = answer(both).await;
    assert_eq!(
        (&both.body["authId"], &both.body["authSource"]),
        (&json!(other.id), &json!("session"))
    );
}

#[tokio::test]
async fn nobody_is_nobody_and_a_bad_cookie_is_not_made_good_by_a_token() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let mut refused = vec![person.client.get("/v1/auth/resolve").await];
    refused.push(with_bearer(&person.client, Method::GET, "/v1/auth/resolve", "cli_1700000000000_x").await);
    refused.push(with_cookie(&person.client, Method::GET, "/v1/auth/resolve", "gone").await);
    let bad = person
        .request(Method::GET, "/v1/auth/resolve")
        .header("cookie", "lanonasis_session=gone");
    refused.push(answer(bad).await);
    for answer in refused {
        assert_eq!(refusal(&answer), (401, "AUTH_REQUIRED"));
        assert_eq!(answer.body["success"], false, "{}", answer.text);
        assert_eq!(answer.header("x-uai-error"), Some("AUTH_REQUIRED"));
        for name in identity_contract::HEADER_NAMES
            .iter()
            .filter(|name| **name != "x-uai-error")
        {
            assert!(answer.header(name).is_none(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_holder_may_introspect_their_own_credential_without_an_assertion() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let answer = answer(person.request(Method::POST, "/v1/auth/introspect")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.fields(""), ["cache_until", "error", "identity", "valid"]);
    assert_eq!(
        (&answer.body["valid"], &answer.body["error"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(
        answer.fields("/identity"),
        [
            "actor_id",
            "actor_type",
            "api_key_id",
            "audience",
            "auth_method",
            "auth_source",
            "client_id",
            "credential_id",
            "email",
            "expires_at",
            "issued_at",
            "organization_id",
            "project_scope",
            "request_id",
            "role",
            "scopes",
            "session_id",
            "user_id"
        ]
    );
    assert_eq!(answer.body["identity"]["user_id"], person.id);
}

#[tokio::test]
async fn nobody_else_may_ask_about_a_credential() {
    let gateway = shared().await;
    let (person, other) = (gateway.user().await, gateway.user().await);
    let question = json!({"token": person.access_token});
    let path = "/v1/auth/introspect";
    let wrong_secret = person
        .client
        .request(Method::POST, path)
        .basic_auth("onasis-edge", Some("guess"));
    let broken = person
        .client
        .request(Method::POST, path)
        .header("authorization", "Basic !!!");
    let requests = [
        person.client.request(Method::POST, path).json(&question),
        other.request(Method::POST, path).json(&question),
        person.request(Method::POST, path).json(&question),
        wrong_secret.json(&question),
        broken.json(&question),
        person.client.request(Method::POST, path),
    ];
    for request in requests {
        let answer = answer(request).await;
        assert_eq!(answer.status, 401, "{}", answer.text);
        assert_eq!(answer.fields(""), ["error", "identity", "valid"]);
        assert_eq!(
            (&answer.body["valid"], &answer.body["identity"]),
            (&json!(false), &Value::Null)
        );
        assert_eq!(answer.fields("/error"), ["code", "message", "retryable"]);
        assert_eq!(answer.body["error"]["code"], "invalid_client");
        assert!(!answer.text.contains(&person.id));
    }
}

#[tokio::test]
async fn a_bad_credential_of_one_s_own_is_an_invalid_credential() {
    let client = shared().await.client();
    let answer = with_bearer(&client, Method::POST, "/v1/auth/introspect", "a.b.c").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body["error"]["code"], "invalid_credential");
    assert_eq!(answer.body["error"]["retryable"], false);
    let twice = client
        .request(Method::POST, "/v1/auth/introspect")
        .header("content-type", "application/json");
    let twice = crate::support::gateway::answer(twice.body("{")).await;
    assert_eq!(twice.status, 400);
    assert_eq!(twice.body["error"]["code"], "invalid_request");
}
