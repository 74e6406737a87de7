//! The first administrator, when several gateways start before there is one: each prints a token, and one of them is used.

use super::refusal;
use crate::support::gateway::{Answer, Database, PASSWORD, Served};
use local_postgres::{Durability, Server};
use serde_json::json;

async fn set_up(at: &Served, token: &str, email: &str) -> Answer {
    let body = json!({"token": token, "email": email, "password": PASSWORD});
    at.client().post("/v1/auth/setup", body).await
}

/// Two gateways on one database in which there is nobody.
fn two(server: &Server) -> (Served, Served) {
    let database = Database::Postgres(server.create_database().expect("a database"));
    let first = Served::start_on(&database, "");
    let second = first.beside(&database);
    (first, second)
}

#[tokio::test]
async fn the_token_that_either_gateway_printed_is_good_at_both_until_one_is_used() {
    let server = Server::start(Durability::None).expect("PostgreSQL");
    for of_first in [true, false] {
        let (first, second) = two(&server);
        let (used, left) = match of_first {
            true => (first.setup_token(), second.setup_token()),
            false => (second.setup_token(), first.setup_token()),
        };
        assert_ne!(used, left);
        assert_eq!(
            refusal(&set_up(&second, "no-token", "one@example.org").await),
            (400, "INVALID_CODE")
        );
        let made = set_up(&second, used, "one@example.org").await;
        assert_eq!(made.status, 201, "{}", made.text);
        for token in [used, left] {
            assert_eq!(
                refusal(&set_up(&first, token, "two@example.org").await),
                (400, "INVALID_CODE")
            );
        }
    }
}

#[tokio::test]
async fn of_two_tokens_used_at_once_one_makes_the_first_administrator() {
    let server = Server::start(Durability::None).expect("PostgreSQL");
    let (first, second) = two(&server);
    let (one, other) = tokio::join!(
        set_up(&first, first.setup_token(), "one@example.org"),
        set_up(&second, second.setup_token(), "two@example.org"),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400], "{} {}", one.text, other.text);
    let listed = first.command(&["users", "list", "-o", "json"]);
    assert_eq!(listed.matches("@example.org").count(), 1, "{listed}");
}

#[tokio::test]
async fn a_stranger_who_signs_up_first_does_not_void_the_token() {
    let gateway = Served::start("");
    gateway.register("stranger@example.org").await;
    let again = gateway.again("");
    for token in [gateway.setup_token(), again.setup_token()] {
        assert!(!token.is_empty(), "a start without an administrator prints one too");
    }
    let made = set_up(&gateway, gateway.setup_token(), "one@example.org").await;
    assert_eq!(made.status, 201, "{}", made.text);
    let left = set_up(&again, again.setup_token(), "two@example.org").await;
    assert_eq!(refusal(&left), (400, "INVALID_CODE"));
}

#[tokio::test]
async fn an_administrator_whom_an_operator_made_voids_the_token() {
    let gateway = Served::start("");
    gateway.register("ada@example.org").await;
    gateway.command(&["users", "set-role", "ada@example.org", "admin"]);
    let refused = set_up(&gateway, gateway.setup_token(), "one@example.org").await;
    assert_eq!(refusal(&refused), (400, "INVALID_CODE"));
}

#[tokio::test]
async fn whoever_guesses_the_token_keeps_nobody_out() {
    let gateway = Served::start("");
    for _ in 0..3 {
        let guesser = gateway.client();
        for _ in 0..10 {
            let body = json!({"token": "no-token", "email": "one@example.org", "password": PASSWORD});
            assert_eq!(guesser.post("/v1/auth/setup", body).await.status, 400);
        }
    }
    let made = set_up(&gateway, gateway.setup_token(), "one@example.org").await;
    assert_eq!(made.status, 201, "{}", made.text);
}
