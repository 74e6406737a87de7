//! `POST /v1/auth/logout`.

use super::{browser, cookies, handle, refusal, with_bearer, with_cookie};
use crate::support::gateway::{PASSWORD, answer, shared};
use reqwest::Method;
use serde_json::json;

const LOGOUT: &str = "/v1/auth/logout";

#[tokio::test]
async fn a_token_s_session_ends_with_all_its_tokens() {
    let person = shared().await.user().await;
    let out = answer(person.request(Method::POST, LOGOUT)).await;
    assert_eq!(
        (out.status.as_u16(), &out.body),
        (200, &json!({"success": true, "revoked": true}))
    );
    assert_eq!(refusal(&person.get("/v1/auth/me").await), (401, "SESSION_INVALID"));
    let refresh = json!({"refresh_token": person.refresh_token});
    let refreshed = person.client.post("/v1/auth/refresh", refresh).await;
    assert_eq!(refusal(&refreshed), (401, "SESSION_NOT_FOUND"));
    let again = answer(person.request(Method::POST, LOGOUT)).await;
    assert_eq!(
        (again.status.as_u16(), &again.body),
        (200, &json!({"success": true, "revoked": false}))
    );
}

#[tokio::test]
async fn a_cookie_s_session_ends_and_both_cookies_are_removed() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = gateway.client();
    let login = json!({"email": person.email, "password": PASSWORD});
    let signed_in = client.post("/v1/auth/login", login).await;
    let (handle, token) = (handle(&signed_in), signed_in.body["access_token"].as_str());
    let cookie = format!("lanonasis_session={handle}");
    let alone = with_cookie(&client, Method::POST, LOGOUT, &handle).await;
    assert_eq!(refusal(&alone), (400, "MISSING_TOKEN"));
    let request = client
        .request(Method::POST, LOGOUT)
        .bearer_auth(token.expect("a token"));
    let out = answer(request.header("cookie", cookie)).await;
    assert_eq!(
        (out.status.as_u16(), &out.body),
        (200, &json!({"success": true, "revoked": true}))
    );
    let attributes = "=; Max-Age=0; Path=/; Domain=example.org; Secure; SameSite=None";
    assert_eq!(
        cookies(&out),
        [
            format!("lanonasis_session{attributes}; HttpOnly"),
            format!("lanonasis_user{attributes}")
        ]
    );
    let check = with_cookie(&client, Method::GET, "/v1/auth/session/check", &handle).await;
    assert_eq!(check.body, json!({"authenticated": false, "user": null}));
    // The other session lives on.
    assert_eq!(person.get("/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn a_token_and_a_cookie_both_end() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let handle = browser(&person.client, &person.email).await;
    let cookie = format!("lanonasis_session={handle}");
    let out = answer(person.request(Method::POST, LOGOUT).header("cookie", cookie)).await;
    assert_eq!(out.body["revoked"], true);
    assert_eq!(person.get("/v1/auth/me").await.status, 401);
    let check = with_cookie(&person.client, Method::GET, "/v1/auth/session/check", &handle).await;
    assert_eq!(check.body["authenticated"], false);
}

#[tokio::test]
async fn without_a_credential_there_is_nothing_to_end() {
    let client = shared().await.client();
    for body in [None, Some(json!({})), Some(json!({"anything": 1}))] {
        let mut request = client.request(Method::POST, LOGOUT);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = answer(request).await;
        assert_eq!(refusal(&answer), (400, "MISSING_TOKEN"));
    }
}

#[tokio::test]
async fn an_api_key_has_no_session_to_end() {
    let person = shared().await.user().await;
    let made = person.post("/api/v1/api-keys", json!({"name": "stays"})).await;
    let key = made.body["data"]["key"].as_str().expect("a key");
    let in_header = person.client.request(Method::POST, LOGOUT).header("x-api-key", key);
    let as_bearer = person.client.request(Method::POST, LOGOUT).bearer_auth(key);
    for request in [in_header, as_bearer] {
        let refused = answer(request).await;
        assert_eq!(refusal(&refused), (400, "MISSING_TOKEN"));
        assert!(cookies(&refused).is_empty());
    }
    assert_eq!(person.get("/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn who_ends_the_session_of_a_cookie_is_rid_of_the_cookie() {
    let gateway = shared().await;
    let person = gateway.user().await;
    for path in ["/v1/auth/sessions", "/v1/auth/sessions?keep_current=true"] {
        let handle = browser(&person.client, &person.email).await;
        let ended = with_cookie(&person.client, Method::DELETE, path, &handle).await;
        assert_eq!(ended.status, 200, "{}", ended.text);
        let removed = cookies(&ended).iter().filter(|line| line.contains("Max-Age=0")).count();
        assert_eq!(removed, if path.contains("keep") { 0 } else { 2 }, "{path}");
    }
}

#[tokio::test]
async fn who_shows_rubbish_is_rid_of_it() {
    let client = shared().await.client();
    let out = with_bearer(&client, Method::POST, LOGOUT, "a.b.c").await;
    assert_eq!(
        (out.status.as_u16(), &out.body),
        (200, &json!({"success": true, "revoked": false}))
    );
}

#[tokio::test]
async fn another_site_s_form_signs_nobody_out() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let handle = browser(&person.client, &person.email).await;
    let request = person.client.request(Method::POST, LOGOUT);
    let request = request.header("cookie", format!("lanonasis_session={handle}"));
    let answer = answer(request.header("origin", "https://evil.example")).await;
    assert_eq!(refusal(&answer), (403, "ORIGIN_NOT_ALLOWED"));
    let check = with_cookie(&person.client, Method::GET, "/v1/auth/session/check", &handle).await;
    assert_eq!(check.body["authenticated"], true);
}
