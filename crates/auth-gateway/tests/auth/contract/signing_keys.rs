//! What an operator's change of the signing keys does to those who are signed in.

use super::introspect::api_key;
use super::{browser, part, with_bearer, with_cookie};
use crate::support::gateway::{ADMIN_EMAIL, Client, Database, PASSWORD, Person, Served, Service};
use local_postgres::{Durability, Server};
use reqwest::Method;
use serde_json::{Value, json};

fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().expect("a text").to_owned()
}

async fn published(client: &Client) -> Vec<String> {
    let answer = client.get("/oauth/jwks.json").await;
    let keys = answer.body["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a text").to_owned())
        .collect()
}

#[tokio::test]
async fn a_key_that_is_replaced_at_once_signs_the_next_login_and_old_tokens_stay_good() {
    let gateway = Served::start("");
    gateway.set_up().await;
    let before = gateway.admin().await;
    let told = gateway.command(&["signing-keys", "rotate", "--now", "-o", "json"]);
    let told: Value = serde_json::from_str(&told).expect("JSON");

    let after = gateway.admin().await;
    assert_eq!(told["kid"], kid(&after.access_token).as_str());
    assert_ne!(kid(&before.access_token), kid(&after.access_token));
    for person in [&before, &after] {
        assert_eq!(person.get("/v1/auth/me").await.status, 200);
    }
    assert_eq!(
        published(&before.client).await,
        [kid(&before.access_token), kid(&after.access_token)]
    );
}

/// The assertion that introspection of the credential signs for upstreams.
async fn assertion(edge: &Service, credential: &str) -> String {
    let told = edge.introspect(credential).await;
    assert_eq!(told.body["valid"], true, "{}", told.text);
    told.body["assertion"]["token"].as_str().expect("a token").to_owned()
}

async fn refreshed(client: &Client, refresh_token: &str) -> String {
    let answer = client
        .post("/v1/auth/refresh", json!({"refresh_token": refresh_token}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["access_token"].as_str().expect("a token").to_owned()
}

async fn me(gateway: &Served, token: &str) -> u16 {
    let answer = with_bearer(&gateway.client(), Method::GET, "/v1/auth/me", token).await;
    answer.status.as_u16()
}

/// What the key signed is refused here, and the key is not shown.
async fn refuses(gateway: &Served, edge: &Service, token: &str) {
    assert_eq!(me(gateway, token).await, 401);
    let told = edge.introspect(token).await;
    assert_eq!(told.body["error"]["code"], "invalid_credential", "{}", told.text);
    let own = with_bearer(&gateway.client(), Method::POST, "/v1/auth/introspect", token).await;
    assert_eq!(own.status, 401, "{}", own.text);
    assert!(!published(&gateway.client()).await.contains(&kid(token)));
}

/// What is not made with the key goes on: a session's cookie, and an API key, whose assertions another key signs.
async fn goes_on(gateway: &Served, edge: &Service, handle: &str, api_key: &str, withdrawn: &str) {
    let checked = with_cookie(&gateway.client(), Method::GET, "/v1/auth/session/check", handle).await;
    assert_eq!(checked.body["authenticated"], true, "{}", checked.text);
    let signed = assertion(edge, api_key).await;
    assert_ne!(kid(&signed), withdrawn, "an assertion of before is not given again");
}

/// A withdrawal by a command, while two gateways serve: what the key signed is refused by the very next request at either.
async fn ends_at_once(here: &Served, there: &Served) {
    let edge = here.service("introspect");
    let beside = Service {
        client: edge.client.at(there),
        id: edge.id.clone(),
        secret: edge.secret.clone(),
    };
    let gateways = [(here, &edge), (there, &beside)];
    let person = here.admin().await;
    let handle = browser(&here.client(), ADMIN_EMAIL).await;
    // Of somebody who does not log in again: that alone would have the key read again.
    let (_, api_key) = api_key(here, &here.user().await.email, "laptop");
    let withdrawn = kid(&person.access_token);
    // Twice: the second answer is from memory.
    for (gateway, edge) in gateways.into_iter().cycle().take(4) {
        assert_eq!(me(gateway, &person.access_token).await, 200);
        for credential in [&person.access_token, &api_key] {
            assert_eq!(kid(&assertion(edge, credential).await), withdrawn);
        }
    }

    here.command(&["signing-keys", "withdraw", &withdrawn, "--reason", "it was copied"]);

    // Logins come first, at gateways that nobody has asked anything since.
    for gateway in [there, here] {
        let next = Person::log_in(gateway.client(), ADMIN_EMAIL, PASSWORD).await;
        assert_ne!(kid(&next.access_token), withdrawn);
        assert_eq!(me(gateway, &next.access_token).await, 200);
    }
    for (gateway, edge) in gateways {
        refuses(gateway, edge, &person.access_token).await;
        goes_on(gateway, edge, &handle, &api_key, &withdrawn).await;
    }
    let token = refreshed(&person.client.at(there), &person.refresh_token).await;
    assert_ne!(kid(&token), withdrawn);
    for gateway in [here, there] {
        assert_eq!(me(gateway, &token).await, 200, "and so does who refreshes");
    }
}

#[tokio::test]
async fn on_one_sqlite_file_what_a_withdrawn_key_signed_is_refused_everywhere_at_once() {
    let here = Served::start("");
    here.set_up().await;
    let there = here.beside(&Database::Sqlite);
    ends_at_once(&here, &there).await;
}

#[tokio::test]
async fn on_one_postgresql_what_a_withdrawn_key_signed_is_refused_everywhere_at_once() {
    let server = Server::start(Durability::None).expect("PostgreSQL");
    let database = Database::Postgres(server.create_database().expect("a database"));
    let here = Served::start_on(&database, "");
    here.set_up().await;
    let there = here.beside(&database);
    ends_at_once(&here, &there).await;
}
