//! What a request does not ask for, no key gets.

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
