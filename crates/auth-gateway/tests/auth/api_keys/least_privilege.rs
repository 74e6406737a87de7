//! What a request does not ask for, no key gets; and what a form asks for is what JSON asks for.

use super::KEYS;
use crate::contract::refusal;
use crate::support::gateway::{Answer, Person, answer, shared};
use reqwest::Method;
use serde_json::{Value, json};

async fn by_form(person: &Person, method: Method, path: &str, form: &str) -> Answer {
    let request = person.request(method, path);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    answer(request.body(form.to_owned())).await
}

async fn permissions(person: &Person, path: &str) -> Value {
    person.get(path).await.body["data"]["permissions"].clone()
}

#[tokio::test]
async fn an_empty_list_of_scopes_is_refused_and_never_everything() {
    let person = shared().await.user().await;
    let made = person
        .post(KEYS, json!({"name": "reads", "scopes": ["memories:read"]}))
        .await;
    let path = format!("{KEYS}/{}", made.body["data"]["id"].as_str().expect("an id"));
    let wishes = [
        json!({"name": "none", "scopes": []}),
        json!({"name": "none", "scopes": ""}),
        json!({"name": "none", "scopes": [], "key_context": "team"}),
    ];
    for wish in wishes {
        let answers = [
            person.post(KEYS, wish.clone()).await,
            person.put(&path, wish.clone()).await,
        ];
        for answer in answers {
            assert_eq!(refusal(&answer), (400, "INVALID_REQUEST"), "{wish}: {}", answer.text);
            assert!(answer.text.contains("scopes"), "{}", answer.text);
        }
    }
    for (method, path) in [(Method::POST, KEYS), (Method::PUT, &path)] {
        let refused = by_form(&person, method, path, "name=none&scopes=").await;
        assert_eq!(refusal(&refused), (400, "INVALID_REQUEST"), "{}", refused.text);
    }
    assert_eq!(permissions(&person, &path).await, json!(["memories:read"]));
    let services = json!({"name": "none", "scopes": [], "service_type": "all"});
    let refused = person.post(&format!("{KEYS}/with-services"), services).await;
    assert_eq!(refusal(&refused), (400, "INVALID_REQUEST"), "{}", refused.text);
}

#[tokio::test]
async fn lists_and_objects_in_a_form_are_those_of_json() {
    let person = shared().await.user().await;
    let both = json!(["mcp:connect", "memories:read"]);
    let forms = [
        ("name=a&scopes[]=memories:read", json!(["memories:read"])),
        (
            "name=b&scopes%5B%5D=memories:read&scopes%5B%5D=mcp:connect",
            both.clone(),
        ),
        ("name=c&scopes=memories:read&scopes=mcp:connect", both.clone()),
        ("name=d&scopes[0]=memories:read&scopes[1]=mcp:connect", both),
    ];
    for (form, expected) in forms {
        let made = by_form(&person, Method::POST, KEYS, form).await;
        assert_eq!(made.status, 201, "{form}: {}", made.text);
        assert_eq!(made.body["data"]["permissions"], expected, "{form}");
    }
    let form = "name=bound&scopes[]=memories:read&binding[client_id]=c1&binding[audiences][]=https://api.example.org";
    let made = by_form(&person, Method::POST, KEYS, form).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.body["data"]["binding"]["client_id"], "c1");
    assert_eq!(
        made.body["data"]["binding"]["audiences"],
        json!(["https://api.example.org"])
    );

    let path = format!("{KEYS}/with-services");
    let form = "name=s&expires_in_days=7&service_keys[]=openai&rate_limits[openai][per_minute]=5";
    let made = by_form(&person, Method::POST, &path, form).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let limits = json!({"service_keys": ["openai"], "rate_limits": {"openai": {"per_minute": 5, "per_day": null}}});
    assert_eq!(made.body["data"]["service_scopes"], limits);
}

#[tokio::test]
async fn a_form_that_can_not_be_understood_makes_no_key() {
    let person = shared().await.user().await;
    for form in [
        "name=x&scopes[=memories:read",
        "name=x&scopes]=memories:read",
        "name=x&scopes[]x=memories:read",
        "name=x&scopes[read]=memories:read",
        "name=x&scopes=memories:read&scopes[]=mcp:connect",
        "name=x&binding=c1",
        "name=x&binding[client]=c1",
        "name=x&binding[client_id]=c1&binding[client_id]=c2",
        "name=x&binding[require_request_signature]=perhaps",
        "name=x&name=y",
        "name=x%ff%fe",
    ] {
        let refused = by_form(&person, Method::POST, KEYS, form).await;
        assert_eq!(refused.status, 400, "{form}: {}", refused.text);
    }
    assert_eq!(person.get(KEYS).await.body["data"], json!([]));
}

#[tokio::test]
async fn a_key_of_a_team_keeps_the_team_s_memories_when_its_scopes_change() {
    let person = shared().await.user().await;
    let wish = json!({"name": "team", "key_context": "team", "scopes": ["memories:read"]});
    let made = person.post(KEYS, wish).await;
    let path = format!("{KEYS}/{}", made.body["data"]["id"].as_str().expect("an id"));
    let changed = person.put(&path, json!({"scopes": ["mcp:connect"]})).await;
    assert_eq!(
        changed.body["data"]["permissions"],
        json!(["mcp:connect", "memories:team:*"]),
        "{}",
        changed.text
    );
}
