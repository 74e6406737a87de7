//! Ten rotations of the signing keys while many clients sign in, refresh, ask and verify: nothing fails, and what a forgotten
//! key has signed is refused.

use super::introspect::verified;
use super::part;
use crate::support::eventually_async;
use crate::support::gateway::{Client, PASSWORD, Person, Served, Service};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;

const CLIENTS: usize = 8;
const ROTATIONS: usize = 10;
/// A token is good for 5 s, and 5 s more for whose clock is behind: longer than the key that signed it just before a rotation.
const LINES: &str = "signing_keys: { rotate_every: 1s, publish_ahead: 500ms, overlap: 6s }\ntokens: { access_ttl: 5s, assertion_ttl: 5s }";

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().expect("a text").to_owned()
}

async fn published(client: &Client) -> Value {
    let keys = client.get("/oauth/jwks.json").await;
    assert_eq!(keys.status, 200, "{}", keys.text);
    keys.body
}

/// Signs in, refreshes, has both tokens verified by the published keys and by introspection. The keys that signed.
async fn visit(gateway: &Served, edge: &Service, email: &str) -> [String; 2] {
    let person = Person::log_in(gateway.client(), email, PASSWORD).await;
    let body = json!({"refresh_token": person.refresh_token});
    let refreshed = person.client.post("/v1/auth/refresh", body).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    let next = refreshed.body["access_token"].as_str().expect("a token").to_owned();
    let tokens = [person.access_token.clone(), next];
    for token in &tokens {
        assert_eq!(verified(token, &published(&person.client).await)["sub"], person.id);
        let told = edge.introspect(token).await;
        assert_eq!(
            (told.status.as_u16(), &told.body["valid"]),
            (200, &json!(true)),
            "{}",
            told.text
        );
        let assertion = told.body["assertion"]["token"].as_str().expect("a token");
        verified(assertion, &published(&person.client).await);
    }
    tokens.map(|token| kid(&token))
}

#[tokio::test]
async fn ten_rotations_under_load_fail_nobody_and_a_forgotten_key_s_tokens_are_refused() {
    let gateway = Served::start(LINES);
    gateway.set_up().await;
    let edge = gateway.service("introspect");
    let emails: Vec<String> = join_all((0..CLIENTS).map(|_| async { gateway.user().await.email })).await;
    let signed_with = Mutex::new(BTreeSet::new());
    let rotated = || signed_with.lock().expect("not poisoned").len() > ROTATIONS;
    join_all(emails.iter().map(async |email| {
        while !rotated() {
            let kids = visit(&gateway, &edge, email).await;
            signed_with.lock().expect("not poisoned").extend(kids);
        }
    }))
    .await;

    let last = Person::log_in(gateway.client(), &emails[0], PASSWORD).await;
    eventually_async(async || {
        let told = edge.introspect(&last.access_token).await;
        told.body["error"]["code"] == "invalid_credential"
    })
    .await;
    // It is not only too old: nobody knows its key any more.
    let keys = published(&last.client).await;
    let shown = keys["keys"].as_array().expect("keys");
    assert!(shown.iter().all(|key| key["kid"] != kid(&last.access_token)), "{keys}");
    let refresh = json!({"refresh_token": last.refresh_token});
    assert_eq!(
        last.client.post("/v1/auth/refresh", refresh).await.status,
        200,
        "the session goes on"
    );
}
