//! Nobody learns from an answer who has an account.

use super::cookies;
use crate::support::gateway::{Answer, PASSWORD, new_address, shared};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// All that could tell two answers apart, but for the request's id.
fn seen(answer: &Answer) -> (u16, Vec<String>, Value, Vec<String>) {
    let mut body = answer.body.clone();
    if let Some(object) = body.as_object_mut() {
        object.remove("request_id");
    }
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (answer.status.as_u16(), names, body, cookies(answer))
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_get_the_same_answer() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let unverified = new_address();
    let sign_up = json!({"email": unverified, "password": PASSWORD});
    assert_eq!(gateway.client().post("/v1/auth/signup", sign_up).await.status, 202);
    let login = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        seen(&gateway.client().post("/v1/auth/login", body).await)
    };
    let known = login(&person.email, "not the password 99").await;
    assert_eq!(known.0, 401);
    for (email, password) in [
        (new_address().as_str(), "not the password 99"),
        (unverified.as_str(), "not the password 99"),
        (person.email.as_str(), "short"),
        (new_address().as_str(), "short"),
        (person.email.as_str(), &"x".repeat(5000)),
        ("no address at all", "not the password 99"),
    ] {
        assert_eq!(login(email, password).await, known, "{email} {}", password.len());
    }
}

#[tokio::test]
async fn asking_for_a_letter_tells_nothing() {
    let gateway = shared().await;
    let person = gateway.user().await;
    for path in ["/v1/auth/password/forgot", "/v1/auth/verify-email/resend"] {
        let ask = async |email: &str| seen(&gateway.client().post(path, json!({"email": email})).await);
        let known = ask(&person.email).await;
        assert_eq!(known.0, 200);
        assert_eq!(ask(&new_address()).await, known, "{path}");
    }
}

#[tokio::test]
async fn signing_up_with_a_taken_address_gets_the_same_answer() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let sign_up = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password, "name": "Somebody"});
        seen(&gateway.client().post("/v1/auth/signup", body).await)
    };
    let new = sign_up(&new_address(), "another password 12").await;
    assert_eq!(new.0, 202);
    assert_eq!(sign_up(&person.email, "another password 12").await, new);
    let weak = sign_up(&new_address(), "password1").await;
    assert_eq!(weak.0, 400);
    assert_eq!(sign_up(&person.email, "password1").await, weak);
}

#[tokio::test]
async fn accounts_that_do_not_exist_are_locked_like_those_that_do() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let mut ways = Vec::new();
    for email in [person.email.clone(), new_address()] {
        let client = gateway.client();
        let mut statuses = Vec::new();
        for _ in 0..7 {
            let body = json!({"email": email, "password": "not the password 99"});
            statuses.push(client.post("/v1/auth/login", body).await.status.as_u16());
        }
        ways.push(statuses);
    }
    assert_eq!(ways[0][..6], ways[1][..6]);
    assert_eq!(ways[0][..6], [401, 401, 401, 401, 401, 429]);
}

#[tokio::test]
async fn answers_about_addresses_come_no_sooner_than_what_they_may_take() {
    let client = shared().await.client();
    let email = new_address();
    let sign_up = json!({"email": email, "password": "another password 12"});
    let asking = json!({"email": email});
    for (path, body, least) in [
        ("/v1/auth/signup", sign_up, 250),
        ("/v1/auth/password/forgot", asking.clone(), 100),
        ("/v1/auth/verify-email/resend", asking, 100),
    ] {
        let began = Instant::now();
        assert!(client.post(path, body).await.status.is_success(), "{path}");
        assert!(began.elapsed() >= Duration::from_millis(least), "{path}");
    }
}
