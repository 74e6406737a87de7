//! `verify`, `verify-token`, `verify-api-key`: is this credential good?

use super::{browser, claims, handle, refusal, with_bearer, with_cookie};
use crate::support::gateway::{PASSWORD, answer, shared};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn verify_tells_the_holder_who_they_are_with_or_without_a_body() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let bare = answer(person.request(Method::POST, "/v1/auth/verify")).await;
    assert_eq!(bare.status, 200, "{}", bare.text);
    assert_eq!(bare.fields(""), ["payload", "valid"]);
    assert_eq!(
        bare.fields("/payload"),
        [
            "auth_source",
            "email",
            "id",
            "organization_id",
            "platform",
            "project_scope",
            "role",
            "scopes",
            "sub"
        ]
    );
    assert_eq!(
        (&bare.body["valid"], &bare.body["payload"]["sub"]),
        (&json!(true), &json!(person.id))
    );
    assert_eq!(person.post("/v1/auth/verify", json!({})).await.body, bare.body);

    let handle = browser(&person.client, &person.email).await;
    let by_cookie = with_cookie(&person.client, Method::POST, "/v1/auth/verify", &handle).await;
    assert_eq!(by_cookie.body["payload"]["id"], person.id);

    let none = answer(person.client.request(Method::POST, "/v1/auth/verify")).await;
    assert_eq!(refusal(&none), (401, "AUTH_TOKEN_MISSING"));
    assert_eq!(none.header("www-authenticate"), Some(r#"Bearer realm="lanonasis""#));
    let rubbish = with_bearer(&person.client, Method::POST, "/v1/auth/verify", "rubbish").await;
    assert_eq!(refusal(&rubbish), (401, "SESSION_INVALID"));
    assert_eq!(
        rubbish.header("www-authenticate"),
        Some(r#"Bearer realm="lanonasis", error="invalid_token""#)
    );
    let refresh = with_bearer(&person.client, Method::POST, "/v1/auth/verify", &person.refresh_token).await;
    assert_eq!(
        refusal(&refresh),
        (401, "SESSION_INVALID"),
        "a refresh token opens nothing"
    );
}

#[tokio::test]
async fn two_different_credentials_are_not_weighed() {
    let gateway = shared().await;
    let (person, other) = (gateway.user().await, gateway.user().await);
    let handle = browser(&other.client, &other.email).await;
    let both = person
        .request(Method::GET, "/v1/auth/me")
        .header("cookie", format!("lanonasis_session={handle}"));
    assert_eq!(refusal(&answer(both).await), (400, "CONFLICTING_CREDENTIALS"));
    let twice = person
        .request(Method::GET, "/v1/auth/me")
        .header("authorization", "Bearer x");
    assert_eq!(refusal(&answer(twice).await), (400, "CONFLICTING_CREDENTIALS"));
}

#[tokio::test]
async fn a_token_and_the_cookie_of_its_own_session_are_one_credential() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let body = json!({"email": person.email, "password": PASSWORD});
    let signed_in = person.client.post("/v1/auth/login", body).await;
    let token = signed_in.body["access_token"].as_str().expect("a token");
    let cookie = format!("lanonasis_session={}", handle(&signed_in));
    let ask = async |method: Method, path: &str| {
        let request = person.client.request(method, path).bearer_auth(token);
        answer(request.header("cookie", &cookie)).await
    };
    for (method, path) in [
        (Method::GET, "/v1/auth/me"),
        (Method::GET, "/v1/auth/session"),
        (Method::POST, "/v1/auth/verify"),
        (Method::POST, "/v1/auth/introspect"),
    ] {
        let both = ask(method, path).await;
        assert_eq!(both.status, 200, "{path}: {}", both.text);
    }
    let verified = ask(Method::POST, "/v1/auth/verify").await;
    assert_eq!(verified.body["payload"]["auth_source"], "jwt", "the token counts");
    let key = person
        .client
        .request(Method::POST, "/api/v1/api-keys")
        .bearer_auth(token)
        .header("cookie", &cookie)
        .json(&json!({"name": "page"}));
    assert_eq!(answer(key).await.status, 201);

    let another = format!("lanonasis_session={}", browser(&person.client, &person.email).await);
    let request = person.client.request(Method::GET, "/v1/auth/me").bearer_auth(token);
    let two = answer(request.header("cookie", another)).await;
    assert_eq!(
        refusal(&two),
        (400, "CONFLICTING_CREDENTIALS"),
        "another session of theirs"
    );
}

/// No page can remove it, and the cookies of the former services are still in browsers.
#[tokio::test]
async fn a_cookie_of_a_session_that_is_over_stands_in_nobody_s_way() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let over = browser(&person.client, &person.email).await;
    let logout = person.client.request(Method::DELETE, "/v1/auth/sessions");
    let logout = logout.header("cookie", format!("lanonasis_session={over}"));
    assert_eq!(answer(logout).await.status, 200);
    let lives = browser(&person.client, &person.email).await;
    let token = gateway.user().await.access_token;
    for dead in [over.as_str(), "header.payload.signature"] {
        for (method, path) in [(Method::GET, "/v1/auth/me"), (Method::POST, "/v1/auth/introspect")] {
            let request = || person.client.request(method.clone(), path);
            let beside_a_token = request().header("cookie", format!("lanonasis_session={dead}"));
            let beside_a_token = answer(beside_a_token.bearer_auth(&token)).await;
            assert_eq!(beside_a_token.status, 200, "{path}: {}", beside_a_token.text);
            let cookies = format!("lanonasis_session={dead}; lanonasis_session={lives}");
            let beside_another = answer(request().header("cookie", cookies)).await;
            assert_eq!(beside_another.status, 200, "{path}: {}", beside_another.text);
            let alone = answer(request().header("cookie", format!("lanonasis_session={dead}"))).await;
            assert_eq!(alone.status, 401, "{path}: {}", alone.text);
            let beside_a_dead_token = request().header("cookie", format!("lanonasis_session={lives}"));
            let beside_a_dead_token = answer(beside_a_dead_token.bearer_auth("a.b.c")).await;
            assert_eq!(beside_a_dead_token.status, 401, "{path}: {}", beside_a_dead_token.text);
        }
    }
}

#[tokio::test]
async fn verify_token_answers_200_about_any_token() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let ask = async |token: &str| {
        gateway
            .client()
            .post("/v1/auth/verify-token", json!({"token": token}))
            .await
    };
    let good = ask(&person.access_token).await;
    assert_eq!(good.status, 200);
    assert_eq!(
        good.fields(""),
        ["client_id", "expires_at", "scope", "type", "user", "valid"]
    );
    assert_eq!((&good.body["valid"], &good.body["type"]), (&json!(true), &json!("jwt")));
    assert_eq!(good.body["user"]["email"], person.email);
    assert_eq!(good.body["client_id"], claims(&person.access_token)["client_id"]);
    assert_eq!(good.body["client_id"], "lanonasis");
    let own = answer(person.request(Method::POST, "/v1/auth/introspect")).await;
    assert_eq!(own.body["identity"]["client_id"], "lanonasis");
    let handle = browser(&gateway.client(), &person.email).await;
    let kinds = [
        ("a.b.c", json!("jwt")),
        ("cli_1700000000000_x", json!("cli_token")),
        (&handle, Value::Null),
        (&person.refresh_token, Value::Null),
    ];
    for (token, kind) in kinds {
        assert_eq!(ask(token).await.body["type"], kind, "{token}");
    }

    let milliseconds = 9_999_999_999_999_u64;
    let worthless = [
        format!("cli_{milliseconds}_0123456789abcdef"),
        "cli_1700000000000_x".to_owned(),
        person.refresh_token.clone(),
        "a.b.c".to_owned(),
        format!("{}x", person.access_token),
        "lano_0000000000000000000000000000000000000000000000000".to_owned(),
        "0".repeat(64),
    ];
    for token in worthless {
        let answer = ask(&token).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["valid"]),
            (200, &json!(false)),
            "{token}"
        );
        assert!(answer.body["error"].is_string());
        assert!(answer.body.get("user").is_none());
        let opened = with_bearer(&person.client, Method::GET, "/v1/auth/me", &token).await;
        assert_eq!(opened.status, 401, "nor by any other way: {token}");
    }
    for body in [json!({}), json!({"token": ""}), json!({"token": null})] {
        let answer = gateway.client().post("/v1/auth/verify-token", body).await;
        assert_eq!(refusal(&answer), (400, "MISSING_TOKEN"));
    }
    // It looks at the session, which today's does not.
    assert_eq!(
        answer(person.request(Method::POST, "/v1/auth/logout")).await.status,
        200
    );
    assert_eq!(ask(&person.access_token).await.body["valid"], false);
}

#[tokio::test]
async fn verify_api_key_looks_at_its_header_alone() {
    let gateway = shared().await;
    let client = gateway.client();
    let none = client
        .post("/v1/auth/verify-api-key", json!({"api_key": "lano_x"}))
        .await;
    assert_eq!(refusal(&none), (400, "API_KEY_MISSING"));
    for key in [
        "lano_0000000000000000000000000000000000000000000000000",
        "lns_x",
        &"0".repeat(64),
    ] {
        let request = client
            .request(Method::POST, "/v1/auth/verify-api-key")
            .header("x-api-key", key);
        let answer = answer(request).await;
        assert_eq!(refusal(&answer), (401, "API_KEY_INVALID"), "{key}");
        assert_eq!(
            answer.fields(""),
            ["code", "error", "message", "reason", "request_id", "valid"]
        );
        assert_eq!(
            (&answer.body["valid"], &answer.body["reason"]),
            (&json!(false), &json!("unknown"))
        );
    }
}
