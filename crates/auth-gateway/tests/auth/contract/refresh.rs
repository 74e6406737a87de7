//! `POST /v1/auth/refresh`: one use each, the same answer to an identical retry, and the end of a family that is replayed.

use std::collections::BTreeSet;

use super::{claims, refusal};
use crate::support::eventually_async;
use crate::support::gateway::{Answer, Client, PASSWORD, Person, Served, new_address, shared};
use serde_json::json;

async fn refresh(client: &Client, token: &str) -> Answer {
    client.post("/v1/auth/refresh", json!({"refresh_token": token})).await
}

fn successor(answer: &Answer) -> String {
    answer.body["refresh_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_refresh_token_gets_the_next_pair() {
    let person = shared().await.user().await;
    let next = refresh(&person.client, &person.refresh_token).await;
    assert_eq!(next.status, 200, "{}", next.text);
    assert_eq!(
        next.fields(""),
        ["access_token", "expires_in", "refresh_token", "token_type"]
    );
    assert_eq!(
        (&next.body["token_type"], &next.body["expires_in"]),
        (&json!("Bearer"), &json!(900))
    );
    assert_ne!(successor(&next), person.refresh_token);
    let (before, after) = (
        claims(&person.access_token),
        claims(next.body["access_token"].as_str().expect("text")),
    );
    assert_eq!(
        (&before["sid"], &before["sub"], &before["scope"]),
        (&after["sid"], &after["sub"], &after["scope"])
    );
    assert_ne!(before["jti"], after["jti"]);
    assert!(next.header("set-cookie").is_none());
    assert_eq!(next.header("cache-control"), Some("no-store"));
    let alias = json!({"refreshToken": successor(&next)});
    assert_eq!(person.client.post("/v1/auth/refresh", alias).await.status, 200);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused_by_name() {
    let person = shared().await.user().await;
    let client = &person.client;
    assert_eq!(
        refusal(&client.post("/v1/auth/refresh", json!({})).await),
        (400, "MISSING_REFRESH_TOKEN")
    );
    assert_eq!(
        refusal(&refresh(client, &person.access_token).await),
        (400, "INVALID_TOKEN_TYPE")
    );
    let mut altered = person.refresh_token.clone();
    let last = if altered.pop() == Some('A') { 'B' } else { 'A' };
    altered.push(last);
    for token in [altered.as_str(), "lrt_", "x", ""] {
        let answer = refresh(client, token).await;
        assert_eq!(answer.status.as_u16() / 100, 4, "{token}: {}", answer.text);
        assert!(
            ["INVALID_REFRESH_TOKEN", "MISSING_REFRESH_TOKEN"].contains(&answer.code()),
            "{token}: {}",
            answer.text
        );
    }
    assert_eq!(
        refresh(client, &person.refresh_token).await.status,
        200,
        "and the real one is not harmed"
    );
}

#[tokio::test]
async fn an_identical_retry_gets_the_identical_answer() {
    let person = shared().await.user().await;
    let first = refresh(&person.client, &person.refresh_token).await;
    let retry = refresh(&person.client, &person.refresh_token).await;
    assert_eq!((first.status, &first.text), (retry.status, &retry.text));
    // The successor is good, so there is one branch.
    assert_eq!(refresh(&person.client, &successor(&retry)).await.status, 200);
}

#[tokio::test]
async fn two_generations_back_is_a_replay_even_within_the_grace_and_ends_the_family() {
    let person = shared().await.user().await;
    let second = refresh(&person.client, &person.refresh_token).await;
    let third = refresh(&person.client, &successor(&second)).await;
    let access = third.body["access_token"].as_str().expect("text");
    assert_eq!(
        refusal(&refresh(&person.client, &person.refresh_token).await),
        (401, "INVALID_REFRESH_TOKEN")
    );
    assert_eq!(
        refusal(&refresh(&person.client, &successor(&third)).await),
        (401, "SESSION_NOT_FOUND")
    );
    let me = super::with_bearer(&person.client, reqwest::Method::GET, "/v1/auth/me", access).await;
    assert_eq!(refusal(&me), (401, "SESSION_INVALID"), "its access tokens end with it");
}

#[tokio::test]
async fn a_replay_after_the_grace_ends_the_family_and_no_other() {
    let gateway = Served::start("tokens: { refresh_grace: 0s }");
    gateway.set_up().await;
    let (thief, other) = (gateway.admin().await, gateway.admin().await);
    let next = refresh(&thief.client, &thief.refresh_token).await;
    assert_eq!(next.status, 200);
    assert_eq!(
        refusal(&refresh(&thief.client, &thief.refresh_token).await),
        (401, "INVALID_REFRESH_TOKEN")
    );
    assert_eq!(
        refusal(&refresh(&thief.client, &successor(&next)).await),
        (401, "SESSION_NOT_FOUND")
    );
    assert_eq!(refusal(&thief.get("/v1/auth/me").await), (401, "SESSION_INVALID"));
    assert_eq!(other.get("/v1/auth/me").await.status, 200);
    assert_eq!(refresh(&other.client, &other.refresh_token).await.status, 200);
    eventually_async(async || gateway.logged().contains("a used refresh token came back")).await;
}

#[tokio::test]
async fn fifty_at_once_get_one_successor_a_hundred_times_over() {
    let person = shared().await.user().await;
    let mut token = person.refresh_token.clone();
    for round in 0..100 {
        let asked = (0..50).map(|_| refresh(&person.client, &token));
        let answers = futures_util::future::join_all(asked).await;
        let statuses: BTreeSet<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(
            statuses,
            [200].into(),
            "round {round}: {:?}",
            answers.iter().find(|answer| answer.status != 200)
        );
        let texts: BTreeSet<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
        assert_eq!(texts.len(), 1, "round {round}: one pair of tokens");
        token = successor(&answers[0]);
    }
}

#[tokio::test]
async fn tokens_allow_no_more_than_the_role_that_their_user_has_now() {
    let gateway = shared().await;
    let email = new_address();
    gateway.register(&email).await;
    gateway.command(&["users", "set-role", &email, "admin"]);
    let person = Person::log_in(gateway.client(), &email, PASSWORD).await;
    let before = claims(&person.access_token);
    assert_eq!((&before["scope"], &before["role"]), (&json!("*"), &json!("admin")));

    gateway.command(&["users", "set-role", &email, "authenticated"]);
    let asked = json!({"refresh_token": person.refresh_token});
    for again in ["first", "repeated"] {
        let refreshed = person.client.post("/v1/auth/refresh", asked.clone()).await;
        let after = claims(refreshed.body["access_token"].as_str().expect("a token"));
        assert_eq!(after["role"], "authenticated", "{again}");
        let scopes: Vec<&str> = after["scope"].as_str().expect("scopes").split(' ').collect();
        assert!(
            scopes.contains(&"memories:*") && !scopes.contains(&"*"),
            "{again}: {scopes:?}"
        );
    }
}
