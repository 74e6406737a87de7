//! How long sessions, tokens and the keys that sign them last.

use crate::contract::{claims, part, refusal};
use crate::support::eventually_async;
use crate::support::gateway::{ADMIN_EMAIL, Person, Served};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn started(more: &str) -> (Served, Person) {
    let gateway = Served::start(more);
    gateway.set_up().await;
    let person = gateway.admin().await;
    (gateway, person)
}

fn lifetime(token: &str) -> i64 {
    let claims = claims(token);
    claims["exp"].as_i64().expect("seconds") - claims["iat"].as_i64().expect("seconds")
}

async fn refresh(person: &Person) -> crate::support::gateway::Answer {
    let body = json!({"refresh_token": person.refresh_token});
    person.client.post("/v1/auth/refresh", body).await
}

#[tokio::test]
async fn a_session_that_is_not_used_ends_after_the_idle_time() {
    let (gateway, _) = started("sessions: { idle: 1s }").await;
    // Looking at the list does not use it.
    let sessions = || gateway.command(&["sessions", "list", "--user", ADMIN_EMAIL, "-o", "json"]);
    eventually_async(async || serde_json::from_str::<Value>(&sessions()).expect("JSON") == json!([])).await;
}

#[tokio::test]
async fn a_session_has_an_end_however_much_it_is_used() {
    let (_gateway, person) = started("sessions: { idle: 1h, absolute: 2h }\ntokens: { refresh_ttl: 1h }").await;
    let list = person.get("/v1/auth/sessions").await;
    let time = |name: &str| {
        let text = list.body["sessions"][0][name].as_str().expect("a time");
        humantime::parse_rfc3339(text).expect("RFC 3339")
    };
    let lasts = time("expires_at").duration_since(time("created_at")).expect("later");
    assert_eq!(lasts.as_secs(), 7200);
}

#[tokio::test]
async fn tokens_last_as_long_and_are_for_whom_the_file_says() {
    let tokens = "tokens: { access_ttl: 90s, assertion_ttl: 45s, audience: [memories, \"https://mcp.example.org\"] }";
    let (gateway, person) = started(tokens).await;
    assert_eq!(lifetime(&person.access_token), 90);
    assert_eq!(
        claims(&person.access_token)["aud"],
        json!(["memories", "https://mcp.example.org"])
    );
    let told = gateway.service("introspect").introspect(&person.access_token).await;
    assert_eq!(lifetime(told.body["assertion"]["token"].as_str().expect("a token")), 45);
}

#[tokio::test]
async fn a_refresh_token_that_is_not_used_is_void_after_its_time() {
    let (gateway, person) = started("tokens: { access_ttl: 1s, assertion_ttl: 1s, refresh_ttl: 1s }").await;
    eventually_async(async || person.get("/v1/auth/me").await.status == 401).await;
    // Access tokens live to the second: when a later one has expired, the refresh token of the first has too.
    let later = Person::log_in(gateway.client(), &person.email, crate::support::gateway::PASSWORD).await;
    eventually_async(async || later.get("/v1/auth/me").await.status == 401).await;
    assert_eq!(refusal(&refresh(&person).await), (401, "SESSION_NOT_FOUND"));
}

#[tokio::test]
async fn signing_keys_are_shown_ahead_sign_their_time_and_are_forgotten_after_the_overlap() {
    let lines = "signing_keys: { rotate_every: 2s, publish_ahead: 1s, overlap: 3s }\ntokens: { access_ttl: 1s, assertion_ttl: 1s }";
    let (gateway, person) = started(lines).await;
    let client = gateway.client();
    let shown = async || -> BTreeSet<String> {
        let keys = client.get("/oauth/jwks.json").await;
        let kids = keys.body["keys"].as_array().expect("keys").iter();
        kids.map(|key| key["kid"].as_str().expect("a text").to_owned())
            .collect()
    };
    let signs = async || {
        let person = Person::log_in(gateway.client(), ADMIN_EMAIL, crate::support::gateway::PASSWORD).await;
        part(&person.access_token, 0)["kid"]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    let first = part(&person.access_token, 0)["kid"]
        .as_str()
        .expect("a text")
        .to_owned();
    let mut ahead = BTreeSet::new();
    eventually_async(async || {
        let signing = signs().await;
        if signing == first {
            ahead.extend(shown().await);
        }
        signing != first
    })
    .await;
    let signing = signs().await;
    assert!(
        ahead.len() > 1,
        "the next key was shown before it signed: {ahead:?}, {signing}"
    );
    eventually_async(async || !shown().await.contains(&first)).await;
}
