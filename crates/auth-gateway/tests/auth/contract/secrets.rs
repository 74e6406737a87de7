//! What was given out in a run is looked for in all that the run left behind: nothing of it is there in clear.

use std::path::Path;

use local_postgres::{Durability, Server};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

use super::introspect::{api_key, service};
use super::{browser, with_bearer};
use crate::support::gateway::{Database, PASSWORD, Person, Served, answer, letters, new_address};

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

/// Every file below, but for mail, which is what it was sent for, and the master key.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some("spool" | "master.key") => {}
            _ if path.is_dir() => files(&path, found),
            _ => found.push((path.display().to_string(), std::fs::read(&path).expect("readable"))),
        }
    }
}

/// A working day: everything that gives out a secret, and much that goes wrong. All the secrets, and all that is personal.
async fn work(gateway: &Served) -> Vec<String> {
    gateway.set_up().await;
    let mut secrets = vec![PASSWORD.to_owned(), gateway.setup_token().to_owned()];
    let (email, client) = (new_address(), gateway.client());
    gateway.register(&email).await;
    secrets.push(gateway.token_in_letter_to(&email).await);
    let person = Person::log_in(client.clone(), &email, PASSWORD).await;
    secrets.extend([person.access_token.clone(), person.refresh_token.clone(), email.clone()]);
    secrets.push(browser(&client, &email).await);
    let refreshed = client
        .post("/v1/auth/refresh", json!({"refresh_token": person.refresh_token}))
        .await;
    for field in ["access_token", "refresh_token"] {
        secrets.push(refreshed.body[field].as_str().expect("a token").to_owned());
    }
    let (_, key) = api_key(gateway, &email, "looked for");
    let secret = service(gateway, "searching-edge", "introspect");
    for credential in [&key, &person.access_token] {
        let question = json!({"credential": credential, "audience": "https://memory.example.org"});
        let request = client
            .request(Method::POST, "/v1/auth/introspect")
            .basic_auth("searching-edge", Some(&secret));
        let told = answer(request.json(&question)).await;
        assert_eq!(told.status, 200, "{}", told.text);
        secrets.push(told.body["assertion"]["token"].as_str().expect("a token").to_owned());
    }
    secrets.extend([key, secret]);
    let guesses = ["guessed wrongly 4711", "short71"];
    for guess in guesses {
        for address in [email.as_str(), "stranger-4711@example.org"] {
            client
                .post("/v1/auth/login", json!({"email": address, "password": guess}))
                .await;
        }
    }
    secrets.extend(guesses.map(str::to_owned));
    secrets.push("stranger-4711@example.org".to_owned());
    let rubbish = "rubbish-4711.rubbish.rubbish";
    with_bearer(
        &client,
        Method::GET,
        &format!("/v1/auth/me?access_token={rubbish}"),
        rubbish,
    )
    .await;
    client.post("/v1/auth/verify-token", json!({"token": rubbish})).await;
    client.get(&format!("/v1/auth/verify-email?token={rubbish}")).await;
    secrets.push(rubbish.to_owned());
    secrets.extend(new_passwords(gateway, &person).await);
    // Replayed, two generations on.
    let used = json!({"refresh_token": person.refresh_token});
    assert_eq!(client.post("/v1/auth/refresh", used).await.status, 401);
    secrets
}

/// A password forgotten, chosen anew and changed: what was used for it.
async fn new_passwords(gateway: &Served, person: &Person) -> Vec<String> {
    let (client, email) = (person.client.clone(), &person.email);
    let mut secrets = Vec::new();
    client.post("/v1/auth/password/forgot", json!({"email": email})).await;
    let spool = gateway.data.join("spool");
    let link = crate::support::eventually(|| {
        let all = letters(&spool, email);
        Some(all.last()?.split_once("/web/reset-password?token=")?.1.to_owned())
    })
    .await;
    let token: String = link
        .chars()
        .take_while(|&c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        .collect();
    let new = "chosen anew 4711";
    let reset = client
        .post("/v1/auth/password/reset", json!({"token": token, "password": new}))
        .await;
    assert_eq!(reset.status, 200, "{}", reset.text);
    secrets.extend([token, new.to_owned()]);
    let again = Person::log_in(client.clone(), email, new).await;
    let changed = "changed once more 4711";
    let body = json!({"current_password": new, "new_password": changed});
    assert_eq!(again.post("/v1/auth/password/change", body).await.status, 200);
    secrets.push(changed.to_owned());
    assert_eq!(answer(again.request(Method::POST, "/v1/auth/logout")).await.status, 200);
    secrets
}

/// Every row of every table as text, in which bytes are hexadecimal.
async fn tables(url: &str, found: &mut Vec<(String, Vec<u8>)>) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.expect("PostgreSQL");
    let names = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let names = sqlx::query(names).fetch_all(&mut connection).await.expect("names");
    for name in names.iter().map(|row| row.get::<String, _>(0)) {
        let select = format!("SELECT t::text FROM {name} AS t");
        let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(&mut connection).await;
        let rows = rows.expect("rows");
        let texts: Vec<String> = rows.iter().map(|row| row.get::<String, _>(0)).collect();
        found.push((format!("the table {name}"), texts.join("\n").into_bytes()));
    }
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Nothing of it is in what is left, neither whole, nor half of it, as a column cut short would have it, nor as bytes written
/// in hexadecimal.
fn assert_absent(secrets: &[String], left: &[(String, Vec<u8>)], but_in_log: &str) {
    for (name, bytes) in left {
        for secret in secrets {
            // The first start prints its token, for the operator alone.
            if name == "the log" && secret == but_in_log {
                continue;
            }
            assert!(!holds(bytes, secret), "{name} holds {secret}");
            assert!(!holds(bytes, &hexadecimal(secret)), "{name} holds {secret} as bytes");
            let (head, tail) = secret.split_at(secret.len() / 2);
            if secret.len() > 40 {
                for half in [head, tail].into_iter().filter(|half| !half.contains('.')) {
                    assert!(!holds(bytes, half), "{name} holds half of {secret}");
                }
            }
        }
    }
}

/// The log, every file and a backup.
fn left_behind(gateway: &Served) -> Vec<(String, Vec<u8>)> {
    let backup = gateway.data.join("backup-to-search");
    gateway.command(&["backup", backup.to_str().expect("a path")]);
    let mut left = vec![("the log".to_owned(), gateway.logged().into_bytes())];
    files(&gateway.data, &mut left);
    let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.iter().any(|name| name.ends_with("backup-to-search")), "{names:?}");
    left
}

/// What must be there shows that the search finds what is there.
fn assert_found(left: &[(String, Vec<u8>)], place: &str, text: &str) {
    let found = left
        .iter()
        .any(|(name, bytes)| name.contains(place) && holds(bytes, text));
    assert!(found, "{place} has no {text}");
}

#[tokio::test]
async fn nothing_secret_or_personal_is_left_in_clear() {
    let gateway = Served::start_on(&Database::Sqlite, "log: { level: trace }");
    let secrets = work(&gateway).await;
    let left = left_behind(&gateway);
    assert_found(&left, "auth.db", "session.started");
    assert_found(&left, "backup-to-search", "session.started");
    assert_absent(&secrets, &left, gateway.setup_token());
    let lines = gateway.logged();
    let access = lines.lines().filter(|line| line.contains(r#""target":"access""#));
    assert!(access.clone().count() > 10);
    for line in access {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[tokio::test]
async fn nothing_secret_or_personal_is_left_in_clear_on_postgresql() {
    let server = Server::start(Durability::None).expect("PostgreSQL");
    let url = server.create_database().expect("a database");
    let gateway = Served::start_on(&Database::Postgres(url.clone()), "log: { level: trace }");
    let secrets = work(&gateway).await;
    let mut left = left_behind(&gateway);
    tables(&url, &mut left).await;
    assert_found(&left, "the table events", "session.started");
    // Nor would bytes be overlooked: their subject is one of them.
    assert_found(&left, "the table records", &hexadecimal("anonymous"));
    assert_found(&left, "backup-to-search", "session.started");
    assert_absent(&secrets, &left, gateway.setup_token());
}
