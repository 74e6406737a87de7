//! Rotation: the old key and the new one both open during the overlap, and not a moment longer.

use super::{KEYS, named_key};
use crate::support::gateway::{PASSWORD, Person, Service, shared};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

fn milliseconds(moment: SystemTime) -> u128 {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH);
    since.expect("later than 1970").as_millis()
}

async fn is_valid(service: &Service, key: &str) -> bool {
    let answer = service.introspect(key).await;
    let valid = answer.body["valid"].as_bool().expect("a flag");
    assert_eq!(answer.status, if valid { 200 } else { 401 }, "{}", answer.text);
    valid
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_rotated_under_load_without_a_failed_call() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let (id, first) = named_key(&person, "busy").await;
    let current = Arc::new(std::sync::Mutex::new(first.clone()));
    let (is_over, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (current, is_over, calls) = (Arc::clone(&current), Arc::clone(&is_over), Arc::clone(&calls));
            let client = gateway.client();
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let key = current.lock().unwrap().clone();
                    let request = client
                        .request(reqwest::Method::POST, "/v1/auth/verify-api-key")
                        .header("x-api-key", key);
                    let answer = crate::support::gateway::answer(request).await;
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for round in 1..=5 {
        let rotated = person
            .post(&format!("{KEYS}/{id}/rotate"), json!({"overlap_seconds": 600}))
            .await;
        assert_eq!(rotated.status, 200, "{}", rotated.text);
        *current.lock().unwrap() = rotated.body["data"]["key"].as_str().unwrap().to_owned();
        // Every caller has come by with the new key.
        let wanted = calls.load(Ordering::Relaxed) + 40;
        crate::support::eventually(|| (calls.load(Ordering::Relaxed) >= wanted).then_some(round)).await;
    }
    is_over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("no call failed");
    }
    assert!(is_valid(&gateway.service("introspect"), &first).await);
}

#[tokio::test]
async fn the_old_key_is_dead_at_the_deadline() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    let (id, old) = named_key(&person, "deadline").await;
    assert!(is_valid(&service, &old).await);
    let rotated = person
        .post(&format!("{KEYS}/{id}/rotate"), json!({"overlap_seconds": 2}))
        .await;
    let new = rotated.body["data"]["key"].as_str().unwrap().to_owned();
    let deadline = rotated.body["data"]["previous_key_expires_at"].as_str().unwrap();
    let deadline = milliseconds(humantime::parse_rfc3339(deadline).unwrap());
    let (mut last_accepted, mut first_refused) = (0, 0);
    let patience = Instant::now() + Duration::from_secs(30);
    while first_refused == 0 {
        assert!(Instant::now() < patience, "the old key is still good");
        let asked = milliseconds(SystemTime::now());
        let valid = is_valid(&service, &old).await;
        let answered = milliseconds(SystemTime::now());
        if valid {
            // It was accepted at a moment no earlier than this.
            last_accepted = asked;
        } else {
            first_refused = answered;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        last_accepted > 0 && last_accepted < deadline,
        "accepted at {last_accepted}, deadline {deadline}"
    );
    assert!(
        first_refused >= deadline,
        "refused at {first_refused}, deadline {deadline}"
    );
    assert!(is_valid(&service, &new).await);
}

#[tokio::test]
async fn without_an_overlap_the_old_key_is_dead_at_once() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    let (id, old) = named_key(&person, "at once").await;
    assert!(is_valid(&service, &old).await);
    let rotated = person
        .post(&format!("{KEYS}/{id}/rotate"), json!({"overlap_seconds": 0}))
        .await;
    assert!(!is_valid(&service, &old).await);
    assert!(is_valid(&service, rotated.body["data"]["key"].as_str().unwrap()).await);
}

#[tokio::test]
async fn an_answer_about_the_old_key_is_not_to_be_remembered_beyond_its_deadline() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("introspect"));
    let (id, old) = named_key(&person, "remembered").await;
    let rotated = person
        .post(&format!("{KEYS}/{id}/rotate"), json!({"overlap_seconds": 5}))
        .await;
    let answer = service.introspect(&old).await;
    let until = answer.body["cache_until"].as_str().expect("a time");
    let deadline = rotated.body["data"]["previous_key_expires_at"].as_str().unwrap();
    let (until, deadline) = (
        humantime::parse_rfc3339(until).unwrap(),
        humantime::parse_rfc3339(deadline).unwrap(),
    );
    assert!(until <= deadline, "{}", answer.text);
}

/// Somebody in a session of before they became an administrator, and in one of after.
async fn before_and_after_a_promotion() -> (Person, Person) {
    let gateway = shared().await;
    let before = gateway.user().await;
    gateway.command(&["users", "set-role", &before.email, "admin"]);
    let after = Person::log_in(gateway.client(), &before.email, PASSWORD).await;
    (before, after)
}

#[tokio::test]
async fn nobody_learns_a_key_by_rotation_that_may_do_more_than_they() {
    let (narrow, wide) = before_and_after_a_promotion().await;
    let made = wide.post(KEYS, json!({"name": "all", "scopes": ["*"]})).await;
    assert_eq!(made.body["data"]["permissions"], json!(["*"]), "{}", made.text);
    let rotate = format!("{KEYS}/{}/rotate", made.body["data"]["id"].as_str().expect("a text"));
    let refused = narrow.post(&rotate, json!({})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (403, "FORBIDDEN"),
        "{}",
        refused.text
    );
    assert_eq!(wide.post(&rotate, json!({})).await.status, 200);
    let (own, _) = named_key(&narrow, "narrow").await;
    assert_eq!(
        narrow.post(&format!("{KEYS}/{own}/rotate"), json!({})).await.status,
        200
    );
}

#[tokio::test]
async fn nobody_learns_a_key_of_another_project_by_rotation() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let in_project = async |project: &str| {
        let body = json!({"email": person.email, "password": PASSWORD, "platform": "cli", "project_scope": project});
        let answer = gateway.client().post("/v1/auth/login", body).await;
        answer.body["access_token"].as_str().expect("a token").to_owned()
    };
    let (one, other) = (in_project("one").await, in_project("other").await);
    let post = async |token: &str, path: &str, body| {
        let request = person.client.request(reqwest::Method::POST, path);
        crate::support::gateway::answer(request.bearer_auth(token).json(&body)).await
    };
    let made = post(&one, KEYS, json!({"name": "of one"})).await;
    let rotate = format!("{KEYS}/{}/rotate", made.body["data"]["id"].as_str().expect("a text"));
    let refused = post(&other, &rotate, json!({})).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert_eq!(post(&one, &rotate, json!({})).await.status, 200);
}

#[tokio::test]
async fn nobody_is_told_a_key_again_that_may_do_more_than_they() {
    let (narrow, wide) = before_and_after_a_promotion().await;
    let body = json!({"name": "all", "scopes": ["*"]});
    let make = async |person: &Person| {
        let request = person
            .request(reqwest::Method::POST, KEYS)
            .header("idempotency-key", "word");
        crate::support::gateway::answer(request.json(&body)).await
    };
    let made = make(&wide).await;
    assert_eq!(make(&wide).await.body, made.body);
    let refused = make(&narrow).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    assert!(!refused.text.contains(made.body["data"]["key"].as_str().expect("a key")));
}
