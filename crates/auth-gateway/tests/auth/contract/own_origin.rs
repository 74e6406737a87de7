//! Pages of the gateway itself: browsers send `Origin` with their forms too.

use super::{browser, cookies, refusal};
use crate::support::gateway::{Client, ISSUER, PASSWORD, answer, shared};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

fn from_own_page(client: &Client, method: Method, path: &str) -> RequestBuilder {
    let request = client.request(method, path);
    request.header("origin", ISSUER).header("sec-fetch-site", "same-origin")
}

#[tokio::test]
async fn the_issuer_s_own_pages_sign_in_work_in_the_session_and_sign_out() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = gateway.client();
    let login = json!({"email": person.email, "password": PASSWORD});
    let signed_in = answer(from_own_page(&client, Method::POST, "/v1/auth/login").json(&login)).await;
    assert_eq!(
        (signed_in.status.as_u16(), cookies(&signed_in).len()),
        (200, 2),
        "{}",
        signed_in.text
    );

    let cookie = format!("lanonasis_session={}", super::handle(&signed_in));
    let key = from_own_page(&client, Method::POST, "/api/v1/api-keys").json(&json!({"name": "by a page"}));
    assert_eq!(answer(key.header("cookie", &cookie)).await.status, 201);
    let token = signed_in.body["access_token"].as_str().expect("a token");
    let out = from_own_page(&client, Method::POST, "/v1/auth/logout").header("cookie", &cookie);
    let out = out.bearer_auth(token);
    assert_eq!(answer(out).await.status, 200);

    let cookie = format!("lanonasis_session={}", browser(&client, &person.email).await);
    let ended = from_own_page(&client, Method::DELETE, "/v1/auth/sessions").header("cookie", &cookie);
    assert_eq!(answer(ended).await.status, 200);
}

#[tokio::test]
async fn an_origin_that_only_resembles_the_issuer_s_is_foreign() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let login = json!({"email": person.email, "password": PASSWORD});
    for origin in [
        "http://auth.example.org",
        "https://auth.example.org:8443",
        "https://auth.example.org.evil.example",
    ] {
        let request = gateway.client().request(Method::POST, "/v1/auth/login");
        let answer = answer(request.header("origin", origin).json(&login)).await;
        assert_eq!(refusal(&answer), (403, "ORIGIN_NOT_ALLOWED"), "{origin}");
    }
}
