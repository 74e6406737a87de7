//! The revocation feed: what is revoked arrives, in order and without gap, and nobody else listens.

use crate::support::gateway::{Person, Served, Service, answer, shared};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const FEED: &str = "/v1/auth/revocations";
const KEYS: &str = "/api/v1/api-keys";

/// A feed being read.
struct Feed {
    response: Response,
    read: String,
}

impl Feed {
    async fn open(service: &Service, query: &str, last_event_id: Option<u64>) -> Self {
        let mut request = service.request(Method::GET, &format!("{FEED}{query}"));
        if let Some(position) = last_event_id {
            request = request.header("last-event-id", position);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut feed = Self {
            response,
            read: String::new(),
        };
        let first = feed.block().await.expect("a comment comes first");
        assert!(first.starts_with(": from "), "{first}");
        feed
    }

    /// The next block of lines; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk());
            let chunk = chunk.await.expect("something in time").ok().flatten()?;
            self.read.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    async fn revocation(&mut self) -> Option<Value> {
        loop {
            let block = self.block().await?;
            if block.starts_with(':') {
                continue;
            }
            let lines: Vec<&str> = block.lines().collect();
            let data: Value = serde_json::from_str(lines[2].strip_prefix("data: ").expect("data")).expect("JSON");
            assert_eq!(lines[0], format!("id: {}", data["position"]));
            assert_eq!(lines[1], "event: revocation");
            return Some(data);
        }
    }

    /// The next one about this.
    async fn about(&mut self, id: &str) -> Value {
        loop {
            let data = self.revocation().await.expect("it does not end");
            if data["id"] == id {
                return data;
            }
        }
    }
}

async fn revoked_key(person: &Person, name: &str) -> String {
    let made = person.post(KEYS, json!({ "name": name })).await;
    let id = made.body["data"]["id"].as_str().expect("a text").to_owned();
    let revoked = person.post(&format!("{KEYS}/{id}/revoke"), json!({})).await;
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    id
}

#[tokio::test]
async fn a_revocation_arrives_within_a_second() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("feed"));
    let mut feed = Feed::open(&service, "", None).await;
    let made = person.post(KEYS, json!({"name": "fed"})).await;
    let id = made.body["data"]["id"].as_str().unwrap();
    person.post(&format!("{KEYS}/{id}/revoke"), json!({})).await;
    let acknowledged = Instant::now();
    let data = feed.about(id).await;
    assert!(acknowledged.elapsed() < Duration::from_secs(1));
    assert_eq!(data["kind"], "api_key");
    assert_eq!(crate::support::gateway::fields(&data), ["at", "id", "kind", "position"]);
}

#[tokio::test]
async fn everything_that_ends_is_told() {
    let gateway = shared().await;
    let (person, service) = (gateway.user().await, gateway.service("feed"));
    let mut feed = Feed::open(&service, "", None).await;
    let key = revoked_key(&person, "one").await;
    assert_eq!(feed.about(&key).await["kind"], "api_key");
    let rotated = person.post(KEYS, json!({"name": "two"})).await;
    let key = rotated.body["data"]["id"].as_str().unwrap();
    person.post(&format!("{KEYS}/{key}/rotate"), json!({})).await;
    assert_eq!(feed.about(key).await["kind"], "api_key");
    let sessions = person.get("/v1/auth/sessions").await;
    let session = sessions.body["sessions"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(person.delete(&format!("/v1/auth/sessions/{session}")).await.status, 200);
    assert_eq!(feed.about(&session).await["kind"], "session");
    gateway.command(&["users", "disable", &person.email]);
    assert_eq!(feed.about(&person.id).await["kind"], "user");
    let other = gateway.service("introspect");
    gateway.command(&["clients", "disable", &other.id]);
    assert_eq!(feed.about(&other.id).await["kind"], "client");
}

#[tokio::test]
async fn a_signing_key_that_is_withdrawn_is_told_by_its_kid() {
    let gateway = Served::start("");
    let mut feed = Feed::open(&gateway.service("feed"), "", None).await;
    let listed = gateway.command(&["signing-keys", "list", "-o", "json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let kid = listed[0]["kid"].as_str().expect("a text");
    gateway.command(&["signing-keys", "withdraw", kid, "--reason", "it was copied"]);
    assert_eq!(feed.about(kid).await["kind"], "signing_key");
}

#[tokio::test]
async fn a_feed_goes_on_past_the_registration_of_its_own_service() {
    let gateway = Served::start("");
    gateway.set_up().await;
    let mut feed = Feed::open(&gateway.service("feed"), "?from=0", None).await;
    let key = revoked_key(&gateway.admin().await, "one").await;
    assert_eq!(feed.about(&key).await["kind"], "api_key");
}

#[tokio::test]
async fn a_feed_resumes_without_gap_and_without_repetition() {
    // Its own, so that nothing else comes in between.
    let gateway = Served::start("");
    let (person, service) = (gateway.user().await, gateway.service("feed"));
    let mut feed = Feed::open(&service, "", None).await;
    // Made before: its revocation is what the log has right behind the first one.
    let next = person.post(KEYS, json!({"name": "next"})).await;
    let next = next.body["data"]["id"].as_str().unwrap().to_owned();
    let first = revoked_key(&person, "first").await;
    person.post(&format!("{KEYS}/{next}/revoke"), json!({})).await;
    let seen = feed.about(&first).await["position"].as_u64().unwrap();
    drop(feed);
    let mut missed = vec![next];
    for number in 0..5 {
        missed.push(revoked_key(&person, &format!("missed {number}")).await);
    }
    let mut by_header = Feed::open(&service, "?from=0", Some(seen)).await;
    let mut by_query = Feed::open(&service, &format!("?from={seen}"), None).await;
    missed.push(revoked_key(&person, "live").await);
    for feed in [&mut by_header, &mut by_query] {
        let (mut position, mut ours) = (seen, Vec::new());
        while ours.len() < missed.len() {
            let data = feed.revocation().await.unwrap();
            let next = data["position"].as_u64().unwrap();
            assert!(next > position, "{next} after {position}");
            position = next;
            let id = data["id"].as_str().unwrap().to_owned();
            if missed.contains(&id) {
                ours.push(id);
            }
            assert_ne!(data["id"], first);
        }
        assert_eq!(ours, missed);
    }
}

#[tokio::test]
async fn only_services_that_may_follow_the_feed() {
    let gateway = shared().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    let wrong = gateway.service("introspect,audit");
    let mut guessed = gateway.service("feed");
    guessed.secret.push('x');
    for request in [
        person.client.request(Method::GET, FEED),
        person.request(Method::GET, FEED),
        admin.request(Method::GET, FEED),
        wrong.request(Method::GET, FEED),
        guessed.request(Method::GET, FEED),
    ] {
        let refused = answer(request).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "CLIENT_INVALID"));
    }
}

#[tokio::test]
async fn a_position_that_is_not_there_yet_is_refused() {
    let service = shared().await.service("feed");
    for (query, last) in [("?from=99999999999", None), ("", Some("x")), ("", Some("99999999999"))] {
        let mut request = service.request(Method::GET, &format!("{FEED}{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let refused = answer(request).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "INVALID_REQUEST"));
    }
}

#[tokio::test]
async fn a_feed_ends_when_its_service_is_disabled() {
    let gateway = shared().await;
    let service = gateway.service("feed");
    let mut feed = Feed::open(&service, "", None).await;
    gateway.command(&["clients", "disable", &service.id]);
    while feed.revocation().await.is_some() {}
    let refused = service.get(FEED).await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn a_feed_ends_when_the_program_is_told_to_stop() {
    let gateway = Served::start("drain: 60s");
    let service = gateway.service("feed");
    let mut feed = Feed::open(&service, "", None).await;
    let stopped = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        drop(gateway);
        began.elapsed()
    });
    while feed.revocation().await.is_some() {}
    // It did not wait for the drain to run out.
    assert!(stopped.await.unwrap() < Duration::from_secs(50));
}

#[tokio::test]
async fn no_more_feeds_are_open_than_are_allowed() {
    let gateway = Served::start("");
    let service = gateway.service("feed");
    let mut open = Vec::new();
    for _ in 0..64 {
        open.push(Feed::open(&service, "", None).await);
    }
    let refused = service.get(FEED).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "OVERLOADED"));
}

#[tokio::test]
async fn a_misspelt_beginning_is_refused_and_not_taken_for_now() {
    let service = shared().await.service("feed");
    for query in ["?after=0", "?From=0"] {
        let refused = service.get(&format!("{FEED}{query}")).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (400, "INVALID_REQUEST"),
            "{query}"
        );
        assert!(refused.text.contains("`from`"), "{}", refused.text);
    }
}
