//! What an operator's change of the signing keys does to those who are signed in.

use super::part;
use crate::support::gateway::{Client, Served};
use serde_json::Value;

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().expect("a text").to_owned()
}

async fn published(client: &Client) -> Vec<String> {
    let answer = client.get("/oauth/jwks.json").await;
    let keys = answer.body["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a text").to_owned())
        .collect()
}

#[tokio::test]
async fn a_key_that_is_replaced_at_once_signs_the_next_login_and_old_tokens_stay_good() {
    let gateway = Served::start("");
    gateway.set_up().await;
    let before = gateway.admin().await;
    let told = gateway.command(&["signing-keys", "rotate", "--now", "-o", "json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");

    let after = gateway.admin().await;
    assert_eq!(told["kid"], kid(&after.access_token).as_str());
    assert_ne!(kid(&before.access_token), kid(&after.access_token));
    for person in [&before, &after] {
        assert_eq!(person.get("/v1/auth/me").await.status, 200);
    }
    assert_eq!(
        published(&before.client).await,
        [kid(&before.access_token), kid(&after.access_token)]
    );
}
