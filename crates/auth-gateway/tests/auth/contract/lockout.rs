//! Guessing waits, longer each time, and the owner does not wait with the guesser.

use super::refusal;
use crate::support::eventually_async;
use crate::support::gateway::{ADMIN_EMAIL, Answer, Client, PASSWORD, Person, Served, shared};
use serde_json::json;

async fn guess(client: &Client, email: &str) -> Answer {
    client
        .post(
            "/v1/auth/login",
            json!({"email": email, "password": "a guess of many 77"}),
        )
        .await
}

/// Seconds.
fn wait(answer: &Answer) -> u64 {
    answer.header("retry-after").expect("there").parse().expect("seconds")
}

#[tokio::test]
async fn of_fifty_guesses_at_once_only_the_free_ones_are_looked_at() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = gateway.client();
    let answers = futures_util::future::join_all((0..50).map(|_| guess(&client, &person.email))).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert!((1..=5).contains(&looked_at), "{looked_at}");
    for answer in answers.iter().filter(|answer| answer.status != 401) {
        assert_eq!(refusal(answer), (429, "AUTH_RATE_LIMITED"));
        let seconds = wait(answer);
        assert!(seconds >= 1);
        assert_eq!(answer.body["retry_after"], seconds);
        assert_eq!(
            answer.fields(""),
            ["code", "error", "message", "request_id", "retry_after"]
        );
    }
    // The right password waits as well: it would tell.
    let right = client
        .post("/v1/auth/login", json!({"email": person.email, "password": PASSWORD}))
        .await;
    assert_eq!(right.status, 429);
}

#[tokio::test]
async fn the_owner_gets_in_from_a_known_address_while_others_guess() {
    let gateway = Served::start(
        "lockout: { per_pair: { free_attempts: 1, first_wait: 10m }, per_account: { free_attempts: 3, first_wait: 10m } }",
    );
    gateway.set_up().await;
    let owner = gateway.admin().await;
    let mut refused = 0;
    for _ in 0..6 {
        refused += u32::from(guess(&gateway.client(), ADMIN_EMAIL).await.status == 429);
    }
    assert!(refused >= 2, "the account is guarded against all addresses together");
    let stranger = gateway
        .client()
        .post("/v1/auth/login", json!({"email": ADMIN_EMAIL, "password": PASSWORD}))
        .await;
    assert_eq!(refusal(&stranger), (429, "AUTH_RATE_LIMITED"));
    assert!(wait(&stranger) > 60, "{}", stranger.text);
    let back = Person::log_in(owner.client.clone(), ADMIN_EMAIL, PASSWORD).await;
    assert_eq!(back.get("/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn one_address_does_not_try_one_password_on_many_accounts() {
    let gateway = Served::start("lockout: { per_address: { free_attempts: 4, first_wait: 10m } }");
    gateway.set_up().await;
    let sprayer = gateway.client();
    let mut answers = Vec::new();
    for number in 0..6 {
        answers.push(guess(&sprayer, &format!("sprayed{number}@example.org")).await);
    }
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 429, 429]);
    assert!(wait(&answers[4]) > 60, "{}", answers[4].text);
    // Others are not in it.
    assert_eq!(guess(&gateway.client(), "sprayed0@example.org").await.status, 401);
    Person::log_in(gateway.client(), ADMIN_EMAIL, PASSWORD).await;
}

#[tokio::test]
async fn who_signs_in_behind_one_address_adds_nothing_to_its_wait() {
    let gateway = Served::start("lockout: { per_address: { free_attempts: 4, first_wait: 10m } }");
    gateway.set_up().await;
    let office = gateway.client();
    for _ in 0..6 {
        Person::log_in(office.clone(), ADMIN_EMAIL, PASSWORD).await;
    }
    let mut statuses = Vec::new();
    for number in 0..5 {
        let guessed = guess(&office, &format!("guessed{number}@example.org")).await;
        statuses.push(guessed.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 429]);
}

#[tokio::test]
async fn who_guesses_at_one_account_waits_as_long_as_the_file_says() {
    let gateway = Served::start("lockout: { per_pair: { free_attempts: 2, first_wait: 10m } }");
    gateway.set_up().await;
    let guesser = gateway.client();
    for _ in 0..2 {
        assert_eq!(guess(&guesser, ADMIN_EMAIL).await.status, 401);
    }
    let refused = guess(&guesser, ADMIN_EMAIL).await;
    assert_eq!(refusal(&refused), (429, "AUTH_RATE_LIMITED"));
    assert!(wait(&refused) > 60, "{}", refused.text);
    assert_eq!(guess(&guesser, "another@example.org").await.status, 401);
}

#[tokio::test]
async fn waits_end_and_grow() {
    let gateway = Served::start("lockout: { per_pair: { free_attempts: 1, first_wait: 1s } }");
    gateway.set_up().await;
    let client = gateway.client();
    assert_eq!(guess(&client, ADMIN_EMAIL).await.status, 401);
    // Who asks too early is not looked at, and does not wait longer for it.
    eventually_async(async || guess(&client, ADMIN_EMAIL).await.status == 401).await;
    let mut longest = 0;
    eventually_async(async || {
        let answer = guess(&client, ADMIN_EMAIL).await;
        let wait = answer
            .header("retry-after")
            .map_or(0, |wait| wait.parse().expect("seconds"));
        longest = longest.max(wait);
        longest >= 4
    })
    .await;
}

#[tokio::test]
async fn addresses_that_a_client_makes_up_are_not_believed() {
    let gateway = Served::start("trusted_proxies: []");
    gateway.set_up().await;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(guess(&gateway.client(), "somebody@example.org").await.status.as_u16());
    }
    assert_eq!(statuses[5], 429, "{statuses:?}");
}
