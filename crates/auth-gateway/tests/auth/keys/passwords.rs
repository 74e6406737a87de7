//! What a password must be, what its hash costs, how guessing waits, what a login may do, and the keys of programs.

use super::{free_port, metrics};
use crate::contract::{claims, refusal};
use crate::support::gateway::{ADMIN_EMAIL, Answer, Client, PASSWORD, Person, Served, new_address};
use crate::support::{eventually, eventually_async};
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn started(more: &str) -> Served {
    let gateway = Served::start(more);
    gateway.set_up().await;
    gateway
}

async fn guess(client: &Client, email: &str) -> Answer {
    let body = json!({"email": email, "password": "a guess of many 77"});
    client.post("/v1/auth/login", body).await
}

fn wait(answer: &Answer) -> u64 {
    answer
        .header("retry-after")
        .map_or(0, |wait| wait.parse().expect("seconds"))
}

#[tokio::test]
async fn a_password_has_at_least_as_many_characters_as_the_file_says() {
    let gateway = Served::start("passwords: { min_length: 12 }");
    let sign_up = async |password: &str| {
        let body = json!({"email": new_address(), "password": password});
        gateway.client().post("/v1/auth/signup", body).await
    };
    assert_eq!(refusal(&sign_up("xk7 qp3 wz9").await), (400, "WEAK_PASSWORD"));
    assert_eq!(sign_up("xk7 qp3 wz9 v").await.status, 202);
}

/// A hash that cost less than is asked for now is made anew at the next login, for the audit log to see.
#[tokio::test]
async fn a_hash_costs_what_the_file_says() {
    let first = started("passwords: { argon2: { memory: 19MiB, iterations: 2, parallelism: 1 } }").await;
    first.admin().await;
    let mut made = 0;
    for (number, cost) in ["memory: 20MiB", "iterations: 3", "parallelism: 2"]
        .into_iter()
        .enumerate()
    {
        let second = first.again(&format!("passwords: {{ argon2: {{ {cost} }} }}"));
        Person::log_in(second.client(), ADMIN_EMAIL, PASSWORD).await;
        let told = || {
            first.command(&[
                "audit",
                "--subject",
                ADMIN_EMAIL,
                "--kind",
                "user.password_set",
                "-o",
                "json",
            ])
        };
        eventually(|| (told().lines().count() > made + 1).then_some(())).await;
        made = told().lines().count() - 1;
        assert!(told().contains("rehash"), "{number}: {}", told());
    }
}

/// Before that, whether it may be told is not decided, and a second hash would tell it by its time.
#[tokio::test]
async fn a_hash_is_made_anew_after_the_session_has_begun() {
    let first = started("").await;
    let second = first.again("passwords: { argon2: { iterations: 3 } }");
    Person::log_in(second.client(), ADMIN_EMAIL, PASSWORD).await;
    let kinds = || -> Vec<String> {
        let told = first.command(&["audit", "--subject", ADMIN_EMAIL, "-o", "json"]);
        let event = |line| serde_json::from_str::<Value>(line).expect("JSON");
        let mut events: Vec<_> = told.lines().map(event).collect();
        events.sort_by_key(|event| event["position"].as_u64());
        let kind = |event: &Value| event["kind"].as_str().expect("a kind").to_owned();
        events.iter().map(kind).collect()
    };
    let place = |kinds: &[String], kind: &str| kinds.iter().rposition(|other| other == kind);
    let hashed = eventually(|| place(&kinds(), "user.password_set")).await;
    let began = place(&kinds(), "session.started").expect("a session");
    assert!(began < hashed, "{:?}", kinds());
}

#[tokio::test]
async fn so_many_passwords_are_hashed_at_once_and_wait_as_the_file_says() {
    let port = free_port();
    let lines = format!("admin: 127.0.0.1:{port}\npasswords: {{ concurrency: 7, queue: 5 }}");
    let gateway = started(&lines).await;
    let gauge = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).expect("a metric");
        line.rsplit(' ')
            .next()
            .expect("a value")
            .parse::<f64>()
            .expect("a number")
    };
    let mut most = (0.0_f64, 0.0_f64);
    let mut refused = 0;
    // Of as many as come at once 12 have a place.
    while most != (7.0, 5.0) || refused == 0 {
        let guesses = join_all((0..40).map(async |_| guess(&gateway.client(), &new_address()).await));
        let watch = async {
            for _ in 0..20 {
                let text = metrics(port).await;
                let running = gauge(&text, "auth_password_hashes_running ");
                let waiting = gauge(&text, "auth_password_hashes_waiting ");
                most = (most.0.max(running), most.1.max(waiting));
                assert!(running <= 7.0 && waiting <= 5.0 + 7.0, "{running} {waiting}");
            }
        };
        let (answers, ()) = tokio::join!(guesses, watch);
        refused += answers
            .iter()
            .filter(|answer| refusal(answer) == (503, "OVERLOADED"))
            .count();
    }
    let text = metrics(port).await;
    assert!(gauge(&text, "auth_password_hashes_refused_total ") >= 1.0);
    assert!(gauge(&text, "auth_password_hash_duration_seconds_count ") >= 1.0);
}

#[tokio::test]
async fn waits_grow_to_the_longest_and_no_further() {
    for limit in ["per_pair", "per_address", "per_account"] {
        let patience = "free_attempts: 1, first_wait: 1s, longest_wait: 1s";
        let gateway = started(&format!("lockout: {{ {limit}: {{ {patience} }} }}")).await;
        let one = gateway.client();
        let ask = async || match limit {
            "per_pair" => guess(&one, ADMIN_EMAIL).await,
            "per_address" => guess(&one, &new_address()).await,
            _ => guess(&gateway.client(), ADMIN_EMAIL).await,
        };
        let mut looked_at = 0;
        // Without a longest, the third wait would be 4 s and the fourth 8.
        eventually_async(async || {
            let answer = ask().await;
            assert!(wait(&answer) <= 1, "{limit}: {}", answer.text);
            looked_at += usize::from(answer.status == 401);
            looked_at == 4
        })
        .await;
    }
}

#[tokio::test]
async fn a_login_may_what_the_file_gives_its_role() {
    let gateway = started("scopes: { default: [\"memories:read\"], roles: { admin: [\"mcp:*\"] } }").await;
    assert_eq!(claims(&gateway.admin().await.access_token)["scope"], "mcp:*");
    assert_eq!(claims(&gateway.user().await.access_token)["scope"], "memories:read");
}

#[tokio::test]
async fn a_rotated_key_works_as_long_as_the_file_says_and_nobody_may_ask_for_more() {
    let gateway = started("api_keys: { rotation_overlap: 0s, longest_overlap: 1m }").await;
    let admin = gateway.admin().await;
    let made = admin.post("/api/v1/api-keys", json!({"name": "rotated"})).await;
    let (id, key) = (
        made.body["data"]["id"].as_str().expect("an id"),
        made.body["data"]["key"].as_str().expect("a key"),
    );
    let rotate = async |body: Value| admin.post(&format!("/api/v1/api-keys/{id}/rotate"), body).await;
    assert_eq!(
        refusal(&rotate(json!({"overlap_seconds": 61})).await),
        (400, "INVALID_REQUEST")
    );
    assert_eq!(rotate(json!({"overlap_seconds": 60})).await.status, 200);
    let rotated = rotate(json!({})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let told = gateway.service("introspect").introspect(key).await;
    assert_eq!(told.body["valid"], false, "at once: {}", told.text);
}

#[tokio::test]
async fn nobody_signs_up_where_that_is_closed() {
    let gateway = Served::start("sign_up: closed");
    let body = json!({"email": new_address(), "password": PASSWORD});
    assert_eq!(
        refusal(&gateway.client().post("/v1/auth/signup", body).await),
        (403, "FORBIDDEN")
    );
}
