//! What keys open, and what is no key.

use super::{KEYS, named_key, new_key};
use crate::support::gateway::{answer, shared};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn introspection_tells_what_a_key_may_do() {
    let gateway = shared().await;
    let (admin, service) = (gateway.admin().await, gateway.service("introspect"));
    let table = [
        (json!({}), json!(["legacy:full_access"])),
        (json!({"scopes": ["memories:read"]}), json!(["memories:read"])),
        (json!({"scopes": ["memories.read"]}), json!(["memories:read"])),
        (
            json!({"scopes": "memories:read mcp:connect"}),
            json!(["mcp:connect", "memories:read"]),
        ),
        (json!({"scopes": ["memories:*", "*"]}), json!(["*", "memories:*"])),
        (
            json!({"key_context": "personal"}),
            json!(["legacy:full_access", "memories:personal:*"]),
        ),
        (
            json!({"scopes": ["mcp:connect"], "key_context": "enterprise"}),
            json!(["mcp:connect", "memories:*"]),
        ),
        (json!({"scopes": ["admin_tools:use"]}), json!(["admin_tools:use"])),
    ];
    for (number, (wish, scopes)) in table.into_iter().enumerate() {
        let mut body = wish.clone();
        body["name"] = json!(format!("row {number} of {}", admin.access_token.len()));
        let (id, key) = new_key(&admin, body).await;
        let answer = service.introspect(&key).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.body["identity"]["scopes"], scopes, "{wish}");
        let identity = &answer.body["identity"];
        assert_eq!(identity["api_key_id"], id);
        assert_eq!(identity["credential_id"], id);
        assert_eq!(identity["auth_source"], "api_key");
        assert_eq!(identity["user_id"], admin.id);
        assert_eq!(identity["session_id"], Value::Null);
    }
}

#[tokio::test]
async fn a_key_is_accepted_wherever_credentials_stand() {
    let person = shared().await.user().await;
    let (_, key) = named_key(&person, "everywhere").await;
    let me = || person.client.request(Method::GET, "/v1/auth/me");
    for request in [
        me().bearer_auth(&key),
        me().header("x-api-key", &key),
        me().header("x-mcp-auth", &key),
        me().header("authorization", format!("MCP {key}")),
        me().bearer_auth(&key).header("x-api-key", &key),
    ] {
        let answer = answer(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.body["id"], person.id);
    }
    let other = me().bearer_auth(&person.access_token).header("x-api-key", &key);
    assert_eq!(answer(other).await.code(), "CONFLICTING_CREDENTIALS");
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    for end in ["revoke", "delete", "disable"] {
        let (id, key) = named_key(&person, end).await;
        // Remembered by now.
        assert_eq!(service.introspect(&key).await.body["valid"], true);
        assert_eq!(service.introspect(&key).await.body["valid"], true);
        match end {
            "revoke" => drop(person.post(&format!("{KEYS}/{id}/revoke"), json!({})).await),
            "delete" => drop(person.delete(&format!("{KEYS}/{id}")).await),
            _ => drop(gateway.command(&["users", "disable", &person.email])),
        }
        let refused = service.introspect(&key).await;
        assert_eq!(refused.status, 401, "{end}: {}", refused.text);
        assert_eq!(refused.body["error"]["code"], "invalid_credential");
        let request = person.client.request(Method::POST, "/v1/auth/verify-api-key");
        let refused = answer(request.header("x-api-key", &key)).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "API_KEY_INVALID"));
        assert_eq!(refused.body["valid"], false);
    }
}

#[tokio::test]
async fn the_hash_of_a_key_is_no_key() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    let (_, key) = named_key(&person, "hashed").await;
    let hash = sha256(&key);
    for text in [
        hash.clone(),
        hash.to_uppercase(),
        format!("lano_{hash}"),
        format!("lns_{hash}"),
    ] {
        for kind in ["auto", "api_key", "jwt", "session"] {
            let refused = service.introspect_with(json!({"credential": text, "type": kind})).await;
            assert_eq!(refused.status, 401, "{kind}: {}", refused.text);
        }
        for request in [
            person.client.request(Method::GET, "/v1/auth/me").bearer_auth(&text),
            person
                .client
                .request(Method::GET, "/v1/auth/me")
                .header("x-api-key", &text),
        ] {
            assert_eq!(answer(request).await.status, 401);
        }
    }
}

#[tokio::test]
async fn keys_of_older_systems_work_by_their_imported_hash() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    let number = person.id.replace('-', "");
    let old = [
        format!("lns_{number}"),
        format!("vx_{number}"),
        format!("lano_{number}{number}"),
    ];
    for key in &old {
        assert_eq!(service.introspect(key).await.body["valid"], false);
    }
    let lines: String = old
        .iter()
        .map(|key| {
            let prefix = key.split_once('_').unwrap().0;
            let line = json!({
                "sha256": sha256(key), "user": person.email, "name": format!("old {prefix}"), "scopes": ["memories:read"],
                "prefix": format!("{prefix}_"),
            });
            format!("{line}\n")
        })
        .collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    gateway.command(&["keys", "import", file.path().to_str().unwrap()]);
    for key in &old {
        let answer = service.introspect(key).await;
        assert_eq!(answer.body["valid"], true, "{}", answer.text);
        assert_eq!(answer.body["identity"]["user_id"], person.id);
        assert_eq!(answer.body["identity"]["scopes"], json!(["memories:read"]));
    }
    assert_eq!(person.get(KEYS).await.body["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn no_key_is_found_in_the_log_or_the_data() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    let request = person.request(Method::POST, KEYS).header("idempotency-key", "kept");
    let made = answer(request.json(&json!({"name": "secret"}))).await;
    let data = &made.body["data"];
    let (id, first) = (data["id"].as_str().unwrap(), data["key"].as_str().unwrap());
    let rotated = person.post(&format!("{KEYS}/{id}/rotate"), json!({})).await;
    let second = rotated.body["data"]["key"].as_str().unwrap();
    for key in [first, second] {
        assert_eq!(service.introspect(key).await.status, 200);
        let request = person.client.request(Method::GET, &format!("/v1/auth/me?key={key}"));
        assert_eq!(answer(request.bearer_auth(key)).await.status, 200);
    }
    let log = gateway.logged();
    assert!(log.contains("access"), "requests are logged");
    for key in [first, second] {
        assert!(!log.contains(key));
        for file in std::fs::read_dir(&gateway.data).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                let is_there = bytes.windows(key.len()).any(|window| window == key.as_bytes());
                assert!(!is_there, "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn a_mistyped_key_is_no_key() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    let (_, key) = named_key(&person, "mistyped").await;
    let last = if key.ends_with('a') { 'b' } else { 'a' };
    for text in [
        format!("{}{last}", &key[..key.len() - 1]),
        key[..key.len() - 1].to_owned(),
        format!("{key}x"),
        key.to_uppercase(),
    ] {
        assert_eq!(service.introspect(&text).await.status, 401);
    }
    assert_eq!(service.introspect(&key).await.status, 200);
}

fn sha256(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
