//! Keys that only certain callers may use.

use super::new_key;
use crate::support::gateway::shared;
use serde_json::json;

#[tokio::test]
async fn a_bound_key_is_refused_to_callers_that_say_they_are_others() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    let binding = json!({
        "audiences": ["https://api.example.org"], "client_id": "desktop", "installation_id": "i-1",
    });
    let (_, key) = new_key(&person, json!({"name": "bound", "binding": binding})).await;
    let cases = [
        (json!({}), true),
        (json!({"audience": "https://api.example.org"}), true),
        (json!({"audience": "https://mcp.example.org"}), false),
        (json!({"client_id": "desktop"}), true),
        (json!({"client_id": "phone"}), false),
        (json!({"installation_id": "i-1", "client_id": "desktop"}), true),
        (json!({"installation_id": "i-2", "client_id": "desktop"}), false),
    ];
    for (stated, valid) in cases {
        let mut body = stated.clone();
        body["credential"] = json!(key);
        let answer = service.introspect_with(body).await;
        assert_eq!(answer.body["valid"], valid, "{stated}: {}", answer.text);
        if valid {
            assert_eq!(answer.body["identity"]["audience"], json!(["https://api.example.org"]));
        } else {
            assert_eq!(answer.status, 401);
            assert_eq!(answer.body["error"]["code"], "invalid_credential");
        }
    }
}
