//! `Idempotency-Key`: one effect and one answer, however often a key is asked for.

use super::{FAMILIES, KEYS};
use crate::support::gateway::{Answer, Person, answer, shared};
use reqwest::Method;
use serde_json::{Value, json};

async fn make(person: &Person, word: &str, body: &Value) -> Answer {
    let request = person.request(Method::POST, KEYS);
    answer(request.header("idempotency-key", word).json(body)).await
}

#[tokio::test]
async fn fifty_requests_under_one_word_make_one_key_and_get_one_answer() {
    let person = shared().await.user().await;
    let body = json!({"name": "once"});
    let answers = futures_util::future::join_all((0..50).map(|_| make(&person, "word-1", &body))).await;
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.body, answers[0].body);
    }
    let list = person.get(KEYS).await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["data"][0]["id"], answers[0].body["data"]["id"]);
}

#[tokio::test]
async fn a_repetition_is_answered_after_the_key_has_changed() {
    let person = shared().await.user().await;
    let body = json!({"name": "kept"});
    let first = make(&person, "word", &body).await;
    // Its own name does not stand in its way.
    assert_eq!(make(&person, "word", &body).await.body, first.body);
    let path = format!("{KEYS}/{}", first.body["data"]["id"].as_str().unwrap());
    person.put(&path, json!({"name": "renamed"})).await;
    assert_eq!(make(&person, "word", &body).await.body, first.body);
    person.delete(&path).await;
    assert_eq!(make(&person, "word", &body).await.body, first.body);
    assert_eq!(person.get(KEYS).await.body["data"], json!([]));
}

#[tokio::test]
async fn one_word_is_for_one_request_of_one_person() {
    let gateway = shared().await;
    let (person, other) = (gateway.user().await, gateway.user().await);
    let first = make(&person, "word", &json!({"name": "a"})).await;
    let refused = make(&person, "word", &json!({"name": "b"})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (422, "IDEMPOTENCY_KEY_REUSED")
    );
    let others = make(&other, "word", &json!({"name": "a"})).await;
    assert_eq!(others.status, 201);
    assert_ne!(others.body["data"]["id"], first.body["data"]["id"]);
    for word in ["two words", &"x".repeat(256)] {
        let refused = make(&person, word, &json!({"name": "c"})).await;
        assert_eq!(refused.code(), "INVALID_REQUEST", "{word}");
    }
}

#[tokio::test]
async fn a_refused_request_can_be_corrected_under_its_word() {
    let person = shared().await.user().await;
    let refused = make(&person, "word", &json!({"name": ""})).await;
    assert_eq!(refused.code(), "INVALID_REQUEST");
    let request = person.request(Method::POST, FAMILIES[1]);
    let made = answer(request.header("idempotency-key", "word").json(&json!({"name": "a"}))).await;
    assert_eq!(made.status, 201);
}
