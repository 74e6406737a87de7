//! The audit log over HTTP: who did what, when and from where, for those who may know.

use crate::support::gateway::{Answer, Person, Served, answer, fields, shared};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const AUDIT: &str = "/v1/auth/audit";
const KEYS: &str = "/api/v1/api-keys";

/// The index follows the log: asks until it knows what has happened before this call.
async fn audited(admin: &Person, query: &str, enough: usize) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let page = admin.get(&format!("{AUDIT}?{query}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        if events(&page).len() >= enough {
            return page;
        }
        assert!(Instant::now() < deadline, "{query}: {}", page.text);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn kinds(page: &Answer) -> Vec<String> {
    let kind = |event: &'_ Value| event["kind"].as_str().expect("a text").to_owned();
    events(page).iter().map(kind).collect()
}

fn events(page: &Answer) -> &[Value] {
    page.body["events"].as_array().expect("a list")
}

async fn key_with_a_history(person: &Person) -> String {
    let made = person.post(KEYS, json!({"name": "history"})).await;
    let id = made.body["data"]["id"].as_str().expect("a text").to_owned();
    person.put(&format!("{KEYS}/{id}"), json!({"name": "renamed"})).await;
    person.post(&format!("{KEYS}/{id}/revoke"), json!({})).await;
    id
}

#[tokio::test]
async fn events_are_found_by_actor_kind_and_time() {
    let gateway = shared().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    key_with_a_history(&person).await;
    let query = format!("actor=user:{}&kind=api_key.&order=oldest_first", person.id);
    let page = audited(&admin, &query, 3).await;
    assert_eq!(kinds(&page), ["api_key.created", "api_key.updated", "api_key.revoked"]);
    assert_eq!(page.fields(""), ["events", "next_after", "up_to"]);
    let event = &page.body["events"][0];
    assert_eq!(
        fields(event),
        [
            "actor",
            "client",
            "id",
            "kind",
            "payload",
            "personal",
            "position",
            "request_id",
            "stream",
            "subject",
            "time",
            "version",
        ]
    );
    assert_eq!(event["actor"], format!("user:{}", person.id));
    assert!(event["request_id"].is_string());
    let newest = audited(&admin, &format!("actor=user:{}&kind=api_key.", person.id), 3).await;
    assert_eq!(
        kinds(&newest),
        ["api_key.revoked", "api_key.updated", "api_key.created"]
    );

    let times: Vec<&str> = page.body["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["time"].as_str().unwrap())
        .collect();
    let until = admin.get(&format!("{AUDIT}?{query}&until={}", times[0])).await;
    assert_eq!(kinds(&until), [""; 0]);
    let from = admin.get(&format!("{AUDIT}?{query}&from={}", times[0])).await;
    assert_eq!(kinds(&from).len(), 3);
}

#[tokio::test]
async fn times_may_have_an_offset() {
    let gateway = shared().await;
    let admin = gateway.admin().await;
    for offset in ["%2B01:00", "+01:00", "-01:00", "Z"] {
        let found = async |query: &str| admin.get(&format!("{AUDIT}?{query}T00:00:00{offset}")).await;
        let (until, from) = (found("until=2999-01-01").await, found("from=2999-01-01").await);
        assert_eq!(
            (until.status.as_u16(), from.status.as_u16()),
            (200, 200),
            "{offset}: {}",
            until.text
        );
        assert!(!events(&until).is_empty() && events(&from).is_empty(), "{offset}");
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap() {
    let gateway = shared().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    key_with_a_history(&person).await;
    let query = format!("actor=user:{}&kind=api_key.&order=oldest_first", person.id);
    let whole = audited(&admin, &query, 3).await;
    let (mut after, mut found) = (String::new(), Vec::new());
    loop {
        let page = admin.get(&format!("{AUDIT}?{query}&limit=1{after}")).await;
        found.extend(page.body["events"].as_array().unwrap().clone());
        match page.body["next_after"].as_u64() {
            Some(position) => after = format!("&after={position}"),
            None => break,
        }
    }
    assert_eq!(&found, whole.body["events"].as_array().unwrap());
}

#[tokio::test]
async fn the_log_is_exported_as_json_lines() {
    let gateway = shared().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    key_with_a_history(&person).await;
    let query = format!("actor=user:{}&order=oldest_first", person.id);
    let page = audited(&admin, &format!("{query}&limit=1000"), 6).await;
    let lines = async |more: &str| {
        let request = admin.request(Method::GET, &format!("{AUDIT}?{query}{more}"));
        let exported = answer(request.header("accept", "application/x-ndjson")).await;
        assert_eq!(exported.header("content-type"), Some("application/x-ndjson"));
        let lines = exported.text.lines();
        lines
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(&lines("").await, page.body["events"].as_array().unwrap());
    assert_eq!(lines("&limit=2").await.len(), 2);
}

#[tokio::test]
async fn an_administrator_sees_where_a_login_came_from_and_a_service_does_not() {
    let gateway = shared().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    let query = format!("subject={}&kind=session.started", person.id);
    let page = audited(&admin, &query, 1).await;
    let event = &page.body["events"][0];
    assert!(
        event["personal"]["address"].as_str().unwrap().starts_with("10."),
        "{event}"
    );
    assert_eq!(fields(&event["personal"]), ["address", "user_agent"]);
    let seen = gateway.service("audit").get(&format!("{AUDIT}?{query}")).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    assert_eq!(seen.body["events"][0]["position"], event["position"]);
    assert_eq!(seen.body["events"][0]["personal"], Value::Null);
}

#[tokio::test]
async fn of_somebody_erased_nothing_personal_is_left() {
    let gateway = Served::start("");
    gateway.set_up().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    gateway.command(&["users", "erase", &person.id, "--yes"]);
    let query = format!("subject={}", person.id);
    let deadline = Instant::now() + Duration::from_secs(60);
    // Who has just used the data key may remember it for half a minute.
    loop {
        let page = audited(&admin, &query, 1).await;
        let events = page.body["events"].as_array().unwrap();
        if events.iter().all(|event| event["personal"].is_null()) {
            assert!(!page.text.contains(&person.email));
            break;
        }
        assert!(Instant::now() < deadline, "{}", page.text);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_user_is_the_subject_of_what_happens_to_their_keys_and_sessions() {
    let gateway = shared().await;
    let (person, stranger, admin) = (gateway.user().await, gateway.user().await, gateway.admin().await);
    let key = key_with_a_history(&person).await;
    key_with_a_history(&stranger).await;
    let refresh = json!({"refresh_token": person.refresh_token});
    assert_eq!(person.client.post("/v1/auth/refresh", refresh).await.status, 200);
    let query = format!("subject={}&limit=1000", person.id);
    let page = audited(&admin, &format!("{query}&kind=session.refreshed"), 1).await;
    assert_eq!(kinds(&page), ["session.refreshed"]);
    let page = audited(&admin, &format!("{query}&kind=api_key.&order=oldest_first"), 3).await;
    assert_eq!(kinds(&page), ["api_key.created", "api_key.updated", "api_key.revoked"]);
    assert!(events(&page).iter().all(|event| event["stream"]["id"] == key));
    let told = gateway.command(&["audit", "--subject", &person.email, "--kind", "api_key.", "-o", "json"]);
    assert_eq!(told.lines().count(), 3, "{told}");
    gateway.command(&["projections", "compare", "audit"]);
}

#[tokio::test]
async fn no_password_hash_is_read_in_the_log_and_an_address_only_by_administrators_in_a_state() {
    let gateway = shared().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    let page = audited(&admin, &format!("subject={}", person.id), 3).await;
    assert!(
        !page.text.contains("argon2") && !page.text.contains(&person.email),
        "{}",
        page.text
    );
    let state = admin.get(&format!("{AUDIT}/state/user/{}", person.id)).await;
    assert_eq!(state.body["state"]["email"], person.email.as_str());
    assert_eq!(state.status, 200, "{}", state.text);
    assert!(!state.text.contains("argon2"), "{}", state.text);
    assert_eq!(state.body["state"]["password"], Value::Null);
    let service = gateway.service("audit");
    let seen = service.get(&format!("{AUDIT}/state/user/{}", person.id)).await;
    assert_eq!(seen.body["state"]["email"], Value::Null, "{}", seen.text);
}

#[tokio::test]
async fn the_audit_log_is_for_administrators_and_services_that_may() {
    let gateway = shared().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    let key = admin
        .post(KEYS, json!({"name": format!("audit {}", admin.refresh_token)}))
        .await;
    let key = key.body["data"]["key"].as_str().unwrap().to_owned();
    let state = format!("{AUDIT}/state/user/{}", person.id);
    for path in [AUDIT, state.as_str()] {
        let cases = [
            (person.client.request(Method::GET, path), 401, "AUTH_TOKEN_MISSING"),
            (person.request(Method::GET, path), 403, "FORBIDDEN"),
            (
                admin.client.request(Method::GET, path).bearer_auth(&key),
                403,
                "FORBIDDEN",
            ),
            (
                gateway.service("introspect,feed").request(Method::GET, path),
                401,
                "CLIENT_INVALID",
            ),
        ];
        for (request, status, code) in cases {
            let refused = answer(request).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (status, code));
        }
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_an_invalid_request() {
    let admin = shared().await.admin().await;
    let state = format!("{AUDIT}/state/user/{}", admin.id);
    for path in [
        format!("{AUDIT}?from=yesterday"),
        format!("{AUDIT}?limit=0"),
        format!("{AUDIT}?who=me"),
        format!("{AUDIT}?order=sideways"),
        format!("{state}?time=1&position=1"),
        format!("{state}?position=x"),
    ] {
        let refused = admin.get(&path).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (400, "INVALID_REQUEST"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_key_is_shown_as_it_was_at_a_time_or_a_position() {
    let gateway = shared().await;
    let (person, admin) = (gateway.user().await, gateway.admin().await);
    let id = key_with_a_history(&person).await;
    let query = format!("actor=user:{}&kind=api_key.&order=oldest_first", person.id);
    let page = audited(&admin, &query, 3).await;
    let of = |number: usize, field: &str| page.body["events"][number][field].clone();
    let state = async |query: String| admin.get(&format!("{AUDIT}/state/api_key/{id}{query}")).await;

    let made = state(format!("?position={}", of(0, "position"))).await;
    assert_eq!(made.fields(""), ["position", "state", "stream", "time", "version"]);
    assert_eq!(made.body["version"], 1);
    assert_eq!(made.body["state"]["settings"]["name"], "history");
    let renamed = state(format!("?position={}", of(1, "position"))).await;
    assert_eq!(renamed.body["state"]["settings"]["name"], "renamed");
    assert_eq!(renamed.body["state"]["phase"]["phase"], "live");
    let revoked = state(format!("?time={}", of(2, "time").as_str().unwrap())).await;
    assert_eq!(revoked.body["state"]["phase"]["phase"], "revoked");
    assert_eq!(state(String::new()).await.body, revoked.body);

    let before = state(format!("?position={}", of(0, "position").as_u64().unwrap() - 1)).await;
    assert_eq!((before.status.as_u16(), before.code()), (404, "NOT_FOUND"));
    let nobody = admin.get(&format!("{AUDIT}/state/user/nobody")).await;
    assert_eq!(nobody.code(), "NOT_FOUND");
}

#[tokio::test]
async fn a_nul_is_refused_as_a_question() {
    let gateway = shared().await;
    let service = gateway.service("audit");
    for field in ["subject", "kind", "actor", "client"] {
        let refused = service.get(&format!("{AUDIT}?{field}=a%00")).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (400, "INVALID_REQUEST"),
            "{field}"
        );
    }
    for path in ["state/user/a%00", "state/user%00/a"] {
        assert_eq!(service.get(&format!("{AUDIT}/{path}")).await.status, 404, "{path}");
    }
}
