//! `POST /v1/auth/signup`, and the link in the letter.

use super::refusal;
use crate::support::gateway::{PASSWORD, letters, new_address, shared};
use serde_json::json;

#[tokio::test]
async fn signing_up_is_accepted_and_sends_a_letter_without_a_session() {
    let gateway = shared().await;
    let (client, email) = (gateway.client(), new_address());
    let body = json!({"email": email, "password": PASSWORD, "name": "Ada"});
    let answer = client.post("/v1/auth/signup", body).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.fields(""), ["message", "success"]);
    assert_eq!(answer.body["success"], true);
    assert!(answer.header("set-cookie").is_none());

    let login = json!({"email": email, "password": PASSWORD});
    let early = client.post("/v1/auth/login", login.clone()).await;
    assert_eq!(refusal(&early), (403, "EMAIL_NOT_VERIFIED"));

    let token = gateway.token_in_letter_to(&email).await;
    let path = format!("/v1/auth/verify-email?token={token}");
    assert_eq!(client.get(&path).await.status, 200);
    let again = client.get(&path).await;
    assert_eq!(refusal(&again), (400, "INVALID_CODE"));
    assert_eq!(client.post("/v1/auth/login", login).await.status, 200);
}

#[tokio::test]
async fn a_link_s_token_is_for_one_purpose() {
    let gateway = shared().await;
    let (client, email) = (gateway.client(), new_address());
    let body = json!({"email": email, "password": PASSWORD});
    assert_eq!(client.post("/v1/auth/signup", body).await.status, 202);
    let token = gateway.token_in_letter_to(&email).await;
    let reset = json!({"token": token, "password": "another fine password 5"});
    let answer = client.post("/v1/auth/password/reset", reset).await;
    assert_eq!(refusal(&answer), (400, "INVALID_CODE"));
}

#[tokio::test]
async fn what_can_not_be_signed_up_is_refused_with_the_reason() {
    let gateway = shared().await;
    let client = gateway.client();
    let cases = [
        (json!({"email": "a@example.org"}), "MISSING_CREDENTIALS"),
        (json!({"password": PASSWORD}), "MISSING_CREDENTIALS"),
        (json!({"email": "no address", "password": PASSWORD}), "INVALID_EMAIL"),
        (json!({"email": new_address(), "password": "short"}), "WEAK_PASSWORD"),
        (
            json!({"email": new_address(), "password": "password123"}),
            "WEAK_PASSWORD",
        ),
        (
            json!({"email": new_address(), "password": "x".repeat(1025)}),
            "WEAK_PASSWORD",
        ),
    ];
    let named = |name: &str| json!({"email": new_address(), "password": PASSWORD, "name": name});
    let names =
        ["x".repeat(201).as_str(), "Ada\r\nLovelace", "Ada\u{1b}[2J"].map(|name| (named(name), "INVALID_REQUEST"));
    for (body, code) in cases.into_iter().chain(names) {
        let answer = client.post("/v1/auth/signup", body).await;
        assert_eq!(refusal(&answer), (400, code), "{}", answer.text);
    }
}

#[tokio::test]
async fn one_address_in_other_letters_is_one_account() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let shouting = person.email.to_uppercase();
    let login = json!({"email": shouting, "password": PASSWORD});
    let answer = gateway.client().post("/v1/auth/login", login).await;
    assert_eq!(answer.body["user"]["id"], person.id);
    let again = json!({"email": shouting, "password": "some other password 7"});
    assert_eq!(gateway.client().post("/v1/auth/signup", again).await.status, 202);
    // Its owner is told; the password that was tried is nothing.
    crate::support::eventually(|| (letters(&gateway.data.join("spool"), &person.email).len() >= 2).then_some(())).await;
    let other = json!({"email": person.email, "password": "some other password 7"});
    let refused = gateway.client().post("/v1/auth/login", other).await;
    assert_eq!(refusal(&refused), (401, "AUTH_INVALID_CREDENTIALS"));
}

#[tokio::test]
async fn the_first_administrator_s_token_works_once() {
    let gateway = shared().await;
    let body = json!({"token": gateway.setup_token(), "email": new_address(), "password": PASSWORD});
    let answer = gateway.client().post("/v1/auth/setup", body).await;
    assert_eq!(refusal(&answer), (400, "INVALID_CODE"));
}
