//! Every endpoint of both path families: its fields and statuses.

use super::FAMILIES;
use crate::support::gateway::{Answer, Person, fields, shared};
use serde_json::{Value, json};

const FIELDS: [&str; 13] = [
    "access_level",
    "binding",
    "created_at",
    "description",
    "expires_at",
    "id",
    "is_active",
    "key_context",
    "last_used_at",
    "name",
    "permissions",
    "service",
    "user_id",
];

/// The fields of a key, and these.
fn with(more: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = FIELDS.iter().chain(more).map(|&name| name.to_owned()).collect();
    names.sort();
    names
}

fn assert_key(answer: &Answer, status: u16, more: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.body["success"], true);
    assert_eq!(answer.fields("/data"), with(more));
}

async fn make(person: &Person, family: &str, body: Value) -> Answer {
    person.post(family, body).await
}

#[tokio::test]
async fn a_key_is_made_and_shown_once() {
    let person = shared().await.user().await;
    for family in FAMILIES {
        let body = json!({
            "name": format!("of {family}"), "description": "for tests", "access_level": "team", "key_context": "team",
            "expires_in_days": 30, "scopes": ["memories:read"],
        });
        let made = make(&person, family, body).await;
        assert_key(&made, 201, &["key"]);
        assert_eq!(fields(&made.body), ["data", "message", "success"]);
        let data = &made.body["data"];
        let key = data["key"].as_str().unwrap();
        assert!(key.starts_with("lano_") && key.len() == 54, "{}", key.len());
        assert_eq!(data["user_id"], person.id);
        assert_eq!(data["name"], format!("of {family}"));
        assert_eq!(data["description"], "for tests");
        assert_eq!(data["access_level"], "team");
        assert_eq!(data["key_context"], "team");
        assert_eq!(data["permissions"], json!(["memories:read", "memories:team:*"]));
        assert_eq!(data["service"], "all");
        assert_eq!(data["binding"], Value::Null);
        assert_eq!(data["last_used_at"], Value::Null);
        assert_eq!(data["is_active"], true);
        assert!(data["expires_at"].as_str().unwrap() > data["created_at"].as_str().unwrap());

        let id = data["id"].as_str().unwrap();
        let shown = person.get(&format!("{family}/{id}")).await;
        assert_key(&shown, 200, &[]);
        let list = person.get(family).await;
        assert_eq!(list.status, 200);
        assert!(!list.text.contains(key) && !shown.text.contains(key));
        let listed = list.body["data"].as_array().unwrap();
        assert!(listed.iter().all(|line| fields(line) == with(&[])));
        assert!(listed.contains(&shown.body["data"]));
    }
}

#[tokio::test]
async fn a_key_changes_as_far_as_it_is_said() {
    let person = shared().await.user().await;
    for family in FAMILIES {
        let body = json!({"name": format!("old {family}"), "expires_in_days": 1, "scopes": ["memories:*"]});
        let made = make(&person, family, body).await;
        let path = format!("{family}/{}", made.body["data"]["id"].as_str().unwrap());

        let change = json!({"name": format!("new {family}"), "description": "why", "access_level": "public"});
        let changed = person.put(&path, change).await;
        assert_key(&changed, 200, &[]);
        assert_eq!(changed.body["data"]["name"], format!("new {family}"));
        assert_eq!(changed.body["data"]["description"], "why");
        assert_eq!(changed.body["data"]["access_level"], "public");
        assert_eq!(changed.body["data"]["expires_at"], made.body["data"]["expires_at"]);
        assert_eq!(changed.body["data"]["permissions"], json!(["memories:*"]));

        let changed = person
            .put(&path, json!({"clear_expiry": true, "scopes": ["memories:read"]}))
            .await;
        assert_eq!(changed.body["data"]["expires_at"], Value::Null, "{}", changed.text);
        assert_eq!(changed.body["data"]["permissions"], json!(["memories:read"]));
        assert_eq!(changed.body["data"]["description"], "why");

        let changed = person.put(&path, json!({"expires_in_days": 3650})).await;
        assert!(changed.body["data"]["expires_at"].is_string(), "{}", changed.text);
    }
}

#[tokio::test]
async fn a_key_is_rotated_revoked_and_deleted() {
    let person = shared().await.user().await;
    for family in FAMILIES {
        let made = make(&person, family, json!({"name": format!("to end {family}")})).await;
        let id = made.body["data"]["id"].as_str().unwrap();
        let path = format!("{family}/{id}");

        let rotated = person.post(&format!("{path}/rotate"), json!({})).await;
        assert_key(&rotated, 200, &["key", "previous_key_expires_at"]);
        assert_eq!(rotated.body["data"]["id"], id);
        assert_ne!(rotated.body["data"]["key"], made.body["data"]["key"]);

        let revoked = person.post(&format!("{path}/revoke"), json!({})).await;
        assert_key(&revoked, 200, &[]);
        assert_eq!(revoked.body["data"]["is_active"], false);
        let ids = |answer: &Answer| -> Vec<Value> {
            let lines = answer.body["data"].as_array().unwrap().iter();
            lines.map(|line| line["id"].clone()).collect()
        };
        assert!(!ids(&person.get(family).await).contains(&json!(id)));
        let all = person.get(&format!("{family}?active_only=false")).await;
        assert!(ids(&all).contains(&json!(id)));

        let deleted = person.delete(&path).await;
        assert_eq!(deleted.status, 200);
        assert_eq!(deleted.fields(""), ["message", "success"]);
        assert_eq!(person.get(&path).await.code(), "KEY_NOT_FOUND");
        let all = person.get(&format!("{family}?active_only=false")).await;
        assert!(!ids(&all).contains(&json!(id)));
    }
}

#[tokio::test]
async fn a_key_is_limited_to_services() {
    let person = shared().await.user().await;
    for family in FAMILIES {
        let limits = json!({"openai": {"per_minute": 5, "per_day": 100}});
        let body = json!({
            "name": format!("services {family}"), "service_type": "specific", "service_keys": ["openai", "deepgram"],
            "rate_limits": limits,
        });
        let made = person.post(&format!("{family}/with-services"), body).await;
        assert_key(&made, 201, &["key", "service_scopes"]);
        assert_eq!(made.body["data"]["service"], "specific");
        let scopes = json!({"service_keys": ["deepgram", "openai"], "rate_limits": limits});
        assert_eq!(made.body["data"]["service_scopes"], scopes);

        let path = format!("{family}/{}/service-scopes", made.body["data"]["id"].as_str().unwrap());
        let changed = person.put(&path, json!({"service_keys": ["anthropic"]})).await;
        assert_key(&changed, 200, &["service_scopes"]);
        let scopes = json!({"service_keys": ["anthropic"], "rate_limits": {}});
        assert_eq!(changed.body["data"]["service_scopes"], scopes);

        let configured = person.get(&format!("{family}/services/configured")).await;
        assert_eq!(
            configured.body,
            json!({"success": true, "data": [{"service_key": "anthropic"}]})
        );
        let all = json!({"name": format!("all {family}"), "service_type": "all"});
        let made = person.post(&format!("{family}/with-services"), all).await;
        assert_key(&made, 201, &["key"]);
        assert_eq!(made.body["data"]["service"], "all");
    }
}

#[tokio::test]
async fn a_form_makes_a_key_too() {
    let person = shared().await.user().await;
    let form = "name=by+form&expires_in_days=7&scopes=memories%3Aread+mcp%3Aconnect";
    let request = person
        .request(reqwest::Method::POST, super::KEYS)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let made = crate::support::gateway::answer(request).await;
    assert_key(&made, 201, &["key"]);
    assert_eq!(
        made.body["data"]["permissions"],
        json!(["mcp:connect", "memories:read"])
    );
}
