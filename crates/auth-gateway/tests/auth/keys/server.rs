//! Where the program is, whom it believes, and what it says to operators.

use super::free_port;
use crate::support::eventually_async;
use crate::support::gateway::{ADMIN_EMAIL, PASSWORD, Served, answer};
use crate::support::start::Start;
use local_postgres::{Durability, Server};
use reqwest::Method;
use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Row as _};

#[tokio::test]
async fn a_version_that_is_not_known_is_refused() {
    let refused = Start::new("version: 2").try_go().err().expect("it ended");
    assert!(refused.contains("version"), "{refused}");
}

#[tokio::test]
async fn the_issuer_is_who_tokens_come_from() {
    let gateway = Served::start("issuer: https://id.example.org");
    gateway.set_up().await;
    let person = gateway.admin().await;
    let claims = crate::contract::claims(&person.access_token);
    assert_eq!(claims["iss"], "https://id.example.org");
}

#[tokio::test]
async fn it_listens_where_the_file_says_and_keeps_its_data_there() {
    let port = free_port();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("elsewhere");
    let lines = format!("listen: 127.0.0.1:{port}\ndata: {}", data.display());
    let gateway = Start::new(&lines).without_listen().go();
    assert_eq!(gateway.base, format!("http://127.0.0.1:{port}"));
    assert_eq!(gateway.client().get("/health").await.status, 200);
    assert!(data.join("auth.db").exists() && data.join("master.key").exists());
}

#[tokio::test]
async fn operators_have_a_listener_of_their_own() {
    let port = free_port();
    let gateway = Served::start(&format!("admin: 127.0.0.1:{port}"));
    let metrics = super::metrics(port).await;
    assert!(metrics.contains("auth_http_inflight_requests"), "{metrics}");
    assert_eq!(gateway.client().get("/metrics").await.status, 404);
}

#[tokio::test]
async fn the_database_is_the_file_of_the_url() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("other.db");
    let gateway = Served::start(&format!("database: {{ url: \"sqlite:{}\" }}", file.display()));
    gateway.set_up().await;
    assert!(file.exists() && !gateway.data.join("auth.db").exists());
}

#[tokio::test]
async fn the_database_s_url_may_be_a_secret_and_its_tables_are_made_only_if_that_is_said() {
    let server = Server::start(Durability::None).expect("PostgreSQL");
    sqlx::any::install_default_drivers();
    let url = server.create_database().expect("a database");
    let start = |more: &str| {
        let lines = format!("database: {{ url: {{ secret: THE_DATABASE }}{more} }}");
        Start::new(&lines).with_variable("THE_DATABASE", &url).try_go()
    };
    let refused = start("").err().expect("nobody made its tables");
    assert!(refused.contains("migrate"), "{refused}");
    let gateway = start(", migrate_at_start: true").expect("they are made");
    gateway.set_up().await;
    let mut connection = AnyConnection::connect(&url).await.expect("PostgreSQL");
    let rows = sqlx::query("SELECT count(*) FROM events")
        .fetch_one(&mut connection)
        .await;
    assert!(rows.expect("a table").get::<i64, _>(0) > 0);
}

/// While the only connection that reads waits, nobody else reads either.
#[tokio::test]
async fn so_many_connections_read_as_the_file_says() {
    let server = Server::start(Durability::None).expect("PostgreSQL");
    sqlx::any::install_default_drivers();
    for (readers, ready) in [(1, 503), (2, 200)] {
        let url = server.create_database().expect("a database");
        let lines =
            format!("database: {{ url: {{ secret: THE_DATABASE }}, migrate_at_start: true, readers: {readers} }}");
        let gateway = Start::new(&lines).with_variable("THE_DATABASE", &url).go();
        gateway.set_up().await;
        let mut connection = AnyConnection::connect(&url).await.expect("PostgreSQL");
        let lock = "BEGIN; LOCK TABLE claims IN ACCESS EXCLUSIVE MODE";
        sqlx::raw_sql(lock).execute(&mut connection).await.expect("locked");
        let client = gateway.client();
        let asked = tokio::spawn(async move {
            let body = json!({"email": "somebody@example.org"});
            client.post("/v1/auth/password/forgot", body).await
        });
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        eventually_async(async || {
            let row = sqlx::query(waiting).fetch_one(&mut connection).await.expect("a count");
            row.get::<i64, _>(0) > 0
        })
        .await;
        assert_eq!(gateway.client().get("/ready").await.status, ready, "{readers}");
        let unlocked = sqlx::raw_sql("ROLLBACK").execute(&mut connection).await;
        unlocked.expect("unlocked");
        asked.await.expect("it ended");
    }
}

#[tokio::test]
async fn the_master_key_may_be_a_secret() {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let gateway = Start::new("master_key: { secret: THE_KEY }")
        .with_variable("THE_KEY", key)
        .go();
    assert!(!gateway.data.join("master.key").exists());
    gateway.set_up().await;
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_read_answers() {
    let gateway = Served::start("cors_origins: [https://pages.example.org]");
    for (origin, may) in [("https://pages.example.org", true), ("https://app.example.org", false)] {
        let request = gateway.client().request(Method::GET, "/v1/auth/session/check");
        let answer = answer(request.header("origin", origin)).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            may.then_some(origin),
            "{origin}"
        );
    }
}

#[tokio::test]
async fn who_signs_in_returns_to_the_origins_of_the_file() {
    let gateway = Served::start("return_to: [https://pages.example.org]");
    gateway.set_up().await;
    for (target, status) in [("https://pages.example.org/x", 200), ("https://app.example.org/x", 400)] {
        let login = json!({"email": ADMIN_EMAIL, "password": PASSWORD, "return_to": target});
        let answer = gateway.client().post("/v1/auth/login", login).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_address_is_the_first_before_the_proxies_that_the_file_trusts() {
    let lines =
        "trusted_proxies: [127.0.0.1/32, 192.0.2.0/24]\nlockout: { per_pair: { free_attempts: 1, first_wait: 10m } }";
    let gateway = Served::start(lines);
    gateway.set_up().await;
    let guess = async |forwarded_for: &str| {
        let request = reqwest::Client::new().post(format!("{}/v1/auth/login", gateway.base));
        let body = json!({"email": ADMIN_EMAIL, "password": "a guess of many 77"});
        answer(request.header("x-forwarded-for", forwarded_for).json(&body))
            .await
            .status
    };
    for (forwarded_for, status) in [
        ("10.0.0.1, 192.0.2.1", 401),
        ("10.0.0.2, 192.0.2.1", 401),
        ("10.0.0.1, 192.0.2.2", 429),
        ("10.0.0.3, 10.0.0.4", 401),
        ("10.0.0.5, 10.0.0.4", 429),
    ] {
        assert_eq!(guess(forwarded_for).await, status, "{forwarded_for}");
    }
}

#[tokio::test]
async fn the_log_says_no_less_important_things_than_configured() {
    let gateway = Served::start("log: { level: error }");
    gateway.set_up().await;
    let admin = gateway.admin().await;
    assert_eq!(admin.get("/v1/auth/me").await.status, 200);
    // Of a stopped program everything is there.
    let log = gateway.stopped();
    assert!(!log.contains(r#""target":"access""#), "{log}");
    let log = Served::start("log: { level: info }");
    assert_eq!(log.client().get("/health").await.status, 200);
    assert!(log.stopped().contains(r#""target":"access""#));
}

#[tokio::test]
async fn checkpoints_are_written_as_often_and_where_the_file_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let wish = format!("checkpoints: {{ every: 1s, folder: {} }}", folder.path().display());
    let gateway = Served::start(&wish);
    gateway.set_up().await;
    let latest = folder.path().join("latest.checkpoint");
    let size = || {
        let text = std::fs::read_to_string(&latest).unwrap_or_default();
        text.lines().nth(1).and_then(|line| line.parse::<u64>().ok())
    };
    eventually_async(async || size().is_some()).await;
    let first = size().expect("a checkpoint");
    gateway.admin().await;
    // The default is ten minutes.
    eventually_async(async || size().is_some_and(|size| size > first)).await;
    assert!(!gateway.data.join("checkpoints").join("latest.checkpoint").exists());
}

#[tokio::test]
async fn a_stop_waits_for_requests_under_way_as_long_as_configured() {
    let port = free_port();
    let gateway = Served::start(&format!(
        "admin: 127.0.0.1:{port}\ndrain: 0s\nlimits: {{ body_time: 1m, request_time: 1m }}"
    ));
    let mut hanging = super::Raw::open(&gateway.base);
    hanging.send(
        "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\ncontent-type: application/json\r\n\r\n{",
    );
    eventually_async(async || super::metrics(port).await.contains("auth_http_inflight_requests 1")).await;
    let log = gateway.stopped();
    assert!(hanging.is_cut(), "the request did not hold it up");
    assert!(log.contains("cut what did not finish in time"), "{log}");
}

#[tokio::test]
async fn cookies_are_for_the_domain_and_secure_where_that_is_said() {
    let line = |cookies: &str, issuer: &str| format!("cookies: {cookies}\nissuer: {issuer}");
    for (lines, has, lacks) in [
        (line("{ secure: always }", "http://127.0.0.1:4000"), "Secure", "Domain"),
        (
            line("{ domain: auth.example.org }", "https://auth.example.org"),
            "Domain=auth.example.org",
            "nothing",
        ),
        (line("{}", "http://127.0.0.1:4000"), "HttpOnly", "Secure"),
    ] {
        let gateway = Served::start(&lines);
        gateway.set_up().await;
        let login = json!({"email": ADMIN_EMAIL, "password": PASSWORD});
        let answer = gateway.client().post("/v1/auth/login", login).await;
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(cookie.contains(has) && !cookie.contains(lacks), "{lines}: {cookie}");
    }
}

#[tokio::test]
async fn a_gateway_that_can_not_write_is_not_ready() {
    sqlx::any::install_default_drivers();
    let gateway = Served::start("");
    assert_eq!(gateway.client().get("/ready").await.status, 200);
    let url = format!("sqlite:{}", gateway.data.join("auth.db").display());
    let mut other = AnyConnection::connect(&url).await.expect("the database");
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .expect("the lock");
    eventually_async(async || {
        let ready = gateway.client().get("/ready").await;
        ready.status == 503 && ready.body["failures"][0] == "postgres"
    })
    .await;
    assert_eq!(gateway.client().get("/health").await.status, 200, "it lives");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("given back");
    eventually_async(async || gateway.client().get("/ready").await.status == 200).await;
}
