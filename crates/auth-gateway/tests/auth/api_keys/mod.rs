//! API keys, over HTTP: made, shown once, listed, changed, rotated, revoked, and what they open.

mod at_once;
mod binding;
mod fields;
mod idempotency;
mod least_privilege;
mod refusals;
mod rotation;
mod uses;

use crate::support::gateway::Person;
use serde_json::{Value, json};

const FAMILIES: [&str; 2] = ["/api/v1/auth/api-keys", "/api/v1/api-keys"];
const KEYS: &str = FAMILIES[0];

/// A new key: its id and its text.
async fn new_key(person: &Person, body: Value) -> (String, String) {
    let made = person.post(KEYS, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let text = |name: &str| made.body["data"][name].as_str().expect("a text").to_owned();
    (text("id"), text("key"))
}

async fn named_key(person: &Person, name: &str) -> (String, String) {
    new_key(person, json!({ "name": name })).await
}
