//! Several gateways on one database: what ends at one has ended at all, at once. And a database that goes away and comes back.

use super::{browser, refusal, with_cookie};
use crate::support::eventually;
use crate::support::eventually_async;
use crate::support::gateway::{ADMIN_EMAIL, Answer, Database, PASSWORD, Person, Served, answer};
use local_postgres::{Durability, Server};
use reqwest::Method;
use serde_json::json;

async fn at(gateway: &Served, person: &Person, path: &str) -> Answer {
    let request = gateway.client().request(Method::GET, path);
    answer(request.bearer_auth(&person.access_token)).await
}

/// Whatever ends a session here is seen there by the very next request.
async fn ends_everywhere(here: &Served, there: &Served) {
    for round in 0..5 {
        let person = here.admin().await;
        let handle = browser(&here.client(), ADMIN_EMAIL).await;
        let check = async || with_cookie(&there.client(), Method::GET, "/v1/auth/session/check", &handle).await;
        // Twice: the second answer is from memory.
        for _ in 0..2 {
            assert_eq!(at(there, &person, "/v1/auth/me").await.status, 200, "round {round}");
            assert_eq!(check().await.body["authenticated"], true, "round {round}");
        }
        assert_eq!(
            answer(person.request(Method::POST, "/v1/auth/logout")).await.status,
            200
        );
        assert_eq!(
            refusal(&at(there, &person, "/v1/auth/me").await),
            (401, "SESSION_INVALID"),
            "round {round}"
        );
        assert_eq!(
            check().await.body["authenticated"],
            true,
            "round {round}: another session"
        );
        let last = here.admin().await;
        assert_eq!(last.delete("/v1/auth/sessions").await.status, 200);
        assert_eq!(check().await.body["authenticated"], false, "round {round}");
        assert_eq!(at(there, &last, "/v1/auth/me").await.status, 401, "round {round}");
    }
}

/// A refresh token used here is used there, and guesses count together.
async fn shares(here: &Served, there: &Served) {
    let person = here.admin().await;
    let refresh = async |gateway: &Served, token: &str| {
        gateway
            .client()
            .post("/v1/auth/refresh", json!({"refresh_token": token}))
            .await
    };
    let (one, two) = tokio::join!(
        refresh(here, &person.refresh_token),
        refresh(there, &person.refresh_token)
    );
    assert_eq!((one.status.as_u16(), &one.text), (200, &two.text), "{}", two.text);
    // Guesses count together.
    let guesser = here.client();
    let beside = guesser.at(there);
    let mut statuses = Vec::new();
    for client in [&guesser, &beside].into_iter().cycle().take(6) {
        let body = json!({"email": "nobody@example.org", "password": "a guess of many 77"});
        statuses.push(client.post("/v1/auth/login", body).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
}

/// Fifty presentations of one token, over both gateways, get one successor.
async fn one_successor(here: &Served, there: &Served) {
    let person = here.admin().await;
    let beside = person.client.at(there);
    let mut token = person.refresh_token.clone();
    for round in 0..20 {
        let clients = [&person.client, &beside].into_iter().cycle().take(50);
        let asked = clients.map(|client| client.post("/v1/auth/refresh", json!({"refresh_token": token})));
        let answers = futures_util::future::join_all(asked).await;
        let texts: std::collections::BTreeSet<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
        assert_eq!(
            (answers[0].status.as_u16(), texts.len()),
            (200, 1),
            "round {round}: {texts:?}"
        );
        token = answers[0].body["refresh_token"].as_str().expect("a token").to_owned();
    }
}

/// Fifty guesses at once, over both gateways: no more than the free ones are looked at.
async fn guesses_run_out(here: &Served, there: &Served) {
    let client = here.client();
    let beside = client.at(there);
    let clients = [&client, &beside].into_iter().cycle().take(50);
    let body = json!({"email": "guessed@example.org", "password": "a guess of many 77"});
    let asked = clients.map(|client| client.post("/v1/auth/login", body.clone()));
    let answers = futures_util::future::join_all(asked).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert!((1..=5).contains(&looked_at), "{looked_at}");
    assert!(
        answers
            .iter()
            .all(|answer| [401, 429].contains(&answer.status.as_u16()))
    );
}

#[tokio::test]
async fn on_one_sqlite_file_a_session_ends_everywhere_at_once() {
    let here = Served::start("");
    here.set_up().await;
    let there = here.beside(&Database::Sqlite);
    ends_everywhere(&here, &there).await;
    shares(&here, &there).await;
    one_successor(&here, &there).await;
    guesses_run_out(&here, &there).await;
}

#[tokio::test]
async fn a_second_gateway_on_one_sqlite_file_warns_as_long_as_the_first_serves() {
    let warning = "another auth gateway serves this SQLite database";
    let here = Served::start("");
    let there = here.beside(&Database::Sqlite);
    // A command beside them is nobody's business.
    here.command(&["users", "list"]);
    eventually(|| there.logged().contains(warning).then_some(())).await;
    assert!(!here.stopped().contains(warning));
}

#[tokio::test]
async fn on_one_postgresql_a_session_ends_everywhere_at_once() {
    let server = Server::start(Durability::None).expect("PostgreSQL");
    let database = Database::Postgres(server.create_database().expect("a database"));
    let here = Served::start_on(&database, "");
    here.set_up().await;
    let there = here.beside(&database);
    ends_everywhere(&here, &there).await;
    shares(&here, &there).await;
    one_successor(&here, &there).await;
    guesses_run_out(&here, &there).await;
}

#[tokio::test]
async fn without_its_database_nobody_is_valid_and_with_it_all_is_as_before() {
    let mut server = Server::start(Durability::None).expect("PostgreSQL");
    let database = Database::Postgres(server.create_database().expect("a database"));
    let gateway = Served::start_on(&database, "");
    gateway.set_up().await;
    let person = gateway.admin().await;
    let handle = browser(&person.client, ADMIN_EMAIL).await;
    let cookie = format!("lanonasis_session={handle}");
    let login = json!({"email": ADMIN_EMAIL, "password": PASSWORD, "platform": "cli"});
    for _ in 0..2 {
        assert_eq!(person.get("/v1/auth/me").await.status, 200);
    }
    server.stop().expect("it ran");
    let client = &person.client;
    let asked = [
        answer(person.request(Method::GET, "/v1/auth/me")).await,
        answer(person.request(Method::GET, "/v1/auth/session")).await,
        answer(
            client
                .request(Method::GET, "/v1/auth/session/check")
                .header("cookie", &cookie),
        )
        .await,
        answer(person.request(Method::GET, "/v1/auth/resolve")).await,
        answer(person.request(Method::POST, "/v1/auth/verify")).await,
        answer(person.request(Method::POST, "/v1/auth/introspect")).await,
        client
            .post("/v1/auth/verify-token", json!({"token": person.access_token}))
            .await,
        client.post("/v1/auth/login", login.clone()).await,
        client
            .post("/v1/auth/refresh", json!({"refresh_token": person.refresh_token}))
            .await,
        answer(person.request(Method::POST, "/v1/auth/logout")).await,
        client.get("/oauth/jwks.json").await,
    ];
    for answer in asked {
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert!(answer.header("retry-after").is_some(), "{}", answer.text);
        assert!(!answer.text.contains(&person.id) && !answer.text.contains(r#""valid":true"#));
        assert!(
            !answer.text.contains(r#""authenticated":"#),
            "not even that there is no session: {}",
            answer.text
        );
    }
    server.restart().expect("it starts again");
    eventually_async(async || person.get("/v1/auth/me").await.status == 200).await;
    let refreshed = client
        .post("/v1/auth/refresh", json!({"refresh_token": person.refresh_token}))
        .await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    eventually_async(async || client.post("/v1/auth/login", login.clone()).await.status == 200).await;
}
