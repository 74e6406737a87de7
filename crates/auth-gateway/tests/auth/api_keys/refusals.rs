//! What is refused about keys, and with which code.

use super::{FAMILIES, KEYS, named_key, new_key};
use crate::support::gateway::{answer, shared};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn what_no_key_can_be_made_of_is_an_invalid_request() {
    let person = shared().await.user().await;
    let cases = [
        json!({}),
        json!({"name": " "}),
        json!({"name": "x".repeat(201)}),
        json!({"name": "a\u{1b}[2J"}),
        json!({"name": "a", "description": "x".repeat(2001)}),
        json!({"name": "a", "expires_in_days": 0}),
        json!({"name": "a", "expires_in_days": 3651}),
        json!({"name": "a", "scopes": ["not a scope"]}),
        json!({"name": "a", "scopes": ["admin:users"]}),
        json!({"name": "a", "access_level": "root"}),
        json!({"name": "a", "key_context": "galaxy"}),
        json!({"name": "a", "binding": {"audience": "https://api.example.org"}}),
        json!({"name": "a", "binding": {"require_request_signature": true, "public_key_pem": "…"}}),
    ];
    for family in FAMILIES {
        for case in &cases {
            let refused = person.post(family, case.clone()).await;
            assert_eq!(
                (refused.status.as_u16(), refused.code()),
                (400, "INVALID_REQUEST"),
                "{case}"
            );
            assert_eq!(refused.fields(""), ["code", "error", "message", "request_id"]);
        }
        let list = person.get(&format!("{family}?active_only=false")).await;
        assert_eq!(list.body["data"], json!([]));
    }
}

#[tokio::test]
async fn services_are_named_before_they_are_limited() {
    let person = shared().await.user().await;
    let (id, _) = named_key(&person, "services").await;
    let cases = [
        json!({}),
        json!({"service_keys": ["not a name"]}),
        json!({"service_keys": ["x".repeat(101)]}),
        json!({"service_keys": ["openai"], "rate_limits": {"deepgram": {"per_day": 1}}}),
        json!({"service_keys": ["openai"], "rate_limits": {"openai": {"per_second": 1}}}),
    ];
    for case in cases {
        let refused = person.put(&format!("{KEYS}/{id}/service-scopes"), case.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (400, "INVALID_REQUEST"),
            "{case}"
        );
    }
    let specific = json!({"name": "none", "service_type": "specific"});
    let refused = person.post(&format!("{KEYS}/with-services"), specific).await;
    assert_eq!(refused.code(), "INVALID_REQUEST");
}

#[tokio::test]
async fn two_active_keys_have_two_names() {
    let person = shared().await.user().await;
    let (first, _) = named_key(&person, "twin").await;
    let (second, _) = named_key(&person, "other").await;
    let refused = person.post(KEYS, json!({"name": " twin "})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "KEY_EXISTS"));
    let refused = person.put(&format!("{KEYS}/{second}"), json!({"name": "twin"})).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "KEY_EXISTS"));
    person.post(&format!("{KEYS}/{first}/revoke"), json!({})).await;
    named_key(&person, "twin").await;
}

#[tokio::test]
async fn a_key_of_somebody_else_is_not_there() {
    let gateway = shared().await;
    let (owner, stranger) = (gateway.user().await, gateway.user().await);
    let (id, key) = named_key(&owner, "mine").await;
    let missing = "0197f3f0-0000-7000-8000-000000000001";
    for id in [id.as_str(), missing, "nonsense"] {
        let path = format!("{KEYS}/{id}");
        let answers = [
            stranger.get(&path).await,
            stranger.put(&path, json!({"name": "yours"})).await,
            stranger.delete(&path).await,
            stranger.post(&format!("{path}/rotate"), json!({})).await,
            stranger.post(&format!("{path}/revoke"), json!({})).await,
            stranger
                .put(&format!("{path}/service-scopes"), json!({"service_keys": []}))
                .await,
        ];
        for refused in answers {
            assert_eq!((refused.status.as_u16(), refused.code()), (404, "KEY_NOT_FOUND"));
        }
    }
    assert_eq!(stranger.get(KEYS).await.body["data"], json!([]));
    assert_eq!(gateway.service("introspect").introspect(&key).await.body["valid"], true);
}

#[tokio::test]
async fn a_revoked_key_is_only_deleted() {
    let person = shared().await.user().await;
    let (id, _) = named_key(&person, "gone").await;
    let path = format!("{KEYS}/{id}");
    person.post(&format!("{path}/revoke"), json!({})).await;
    for refused in [
        person.put(&path, json!({"name": "back"})).await,
        person.post(&format!("{path}/rotate"), json!({})).await,
    ] {
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "INVALID_REQUEST"));
    }
    assert_eq!(person.post(&format!("{path}/revoke"), json!({})).await.status, 200);
    assert_eq!(person.delete(&path).await.status, 200);
}

#[tokio::test]
async fn expiry_is_set_or_cleared_and_the_overlap_is_bounded() {
    let person = shared().await.user().await;
    let (id, _) = named_key(&person, "times").await;
    let path = format!("{KEYS}/{id}");
    let both = person
        .put(&path, json!({"clear_expiry": true, "expires_in_days": 1}))
        .await;
    assert_eq!(both.code(), "INVALID_REQUEST");
    let long = person
        .post(&format!("{path}/rotate"), json!({"overlap_seconds": 31 * 24 * 3600}))
        .await;
    assert_eq!(long.code(), "INVALID_REQUEST");
}

#[tokio::test]
async fn without_a_credential_nobody_sees_a_key() {
    let client = shared().await.client();
    for family in FAMILIES {
        for (method, path) in [
            (Method::GET, String::new()),
            (Method::POST, String::new()),
            (Method::POST, "/with-services".to_owned()),
            (Method::GET, "/services/configured".to_owned()),
            (Method::GET, "/x".to_owned()),
            (Method::PUT, "/x".to_owned()),
            (Method::DELETE, "/x".to_owned()),
            (Method::POST, "/x/rotate".to_owned()),
            (Method::POST, "/x/revoke".to_owned()),
            (Method::PUT, "/x/service-scopes".to_owned()),
        ] {
            let request = client.request(method.clone(), &format!("{family}{path}"));
            let request = match method == Method::GET || method == Method::DELETE {
                true => request,
                false => request.json(&json!({"name": "a"})),
            };
            let refused = answer(request).await;
            assert_eq!(
                (refused.status.as_u16(), refused.code()),
                (401, "AUTH_TOKEN_MISSING"),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_looks_itself_up_and_changes_nothing() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let (id, key) = named_key(&person, "asks").await;
    let (other, _) = named_key(&person, "other").await;
    let with_key = |method: Method, path: String| person.client.request(method, &path).header("x-api-key", &key);
    let listed = answer(with_key(Method::GET, KEYS.to_owned())).await;
    let ids: Vec<&Value> = listed.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["id"])
        .collect();
    assert_eq!(ids, [&json!(id)]);
    assert_eq!(answer(with_key(Method::GET, format!("{KEYS}/{id}"))).await.status, 200);
    let refused = answer(with_key(Method::GET, format!("{KEYS}/{other}"))).await;
    assert_eq!(refused.code(), "KEY_NOT_FOUND");
    for request in [
        with_key(Method::POST, KEYS.to_owned()).json(&json!({"name": "more"})),
        with_key(Method::PUT, format!("{KEYS}/{id}")).json(&json!({"scopes": ["*"]})),
        with_key(Method::POST, format!("{KEYS}/{id}/rotate")),
        with_key(Method::POST, format!("{KEYS}/{other}/revoke")),
        with_key(Method::DELETE, format!("{KEYS}/{id}")),
    ] {
        let refused = answer(request).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "FORBIDDEN"));
    }
}

#[tokio::test]
async fn no_more_scopes_are_given_than_the_owner_has() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let (_, key) = new_key(&person, json!({"name": "greedy", "scopes": ["*", "admin:*"]})).await;
    let introspected = gateway.service("introspect").introspect(&key).await;
    let scopes = introspected.body["identity"]["scopes"].as_array().unwrap().clone();
    assert!(!scopes.is_empty());
    let is_narrow = |scope: &Value| {
        let scope = scope.as_str().unwrap();
        !scope.starts_with("admin") && scope != "*" && scope != "legacy:full_access"
    };
    assert!(scopes.iter().all(is_narrow), "{scopes:?}");
}
