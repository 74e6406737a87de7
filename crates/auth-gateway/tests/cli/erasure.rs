//! Erasing a user: nothing personal can be read any more, and the log is still whole.

use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _, Row as _};

use crate::installation::{Installation, PASSWORD};

#[tokio::test]
async fn an_erased_user_is_nowhere_readable_and_the_log_still_verifies() {
    let installation = Installation::migrated();
    let id = installation.user("ada@example.org");
    let serving = installation.serve();
    assert_eq!(serving.login("ada@example.org").await, 200);
    let key = installation.json(&["keys", "create", "laptop", "--user", &id]);

    let unconfirmed = installation.run(&["users", "erase", &id]);
    assert!(
        unconfirmed.code == Some(1) && unconfirmed.stderr.contains("--yes"),
        "{}",
        unconfirmed.stderr
    );
    installation.done(&["users", "erase", "ada@example.org", "--yes"]);

    let shown = installation.json(&["users", "show", &id]);
    let gone = (&shown["standing"], &shown["email"], &shown["name"]);
    assert_eq!(gone, (&json!("erased"), &Value::Null, &Value::Null));
    assert_eq!(installation.run(&["users", "show", "ada@example.org"]).code, Some(1));
    assert_ne!(serving.login("ada@example.org").await, 200);
    let text = key["key"].as_str().expect("a key");
    assert_eq!(
        serving.post("/v1/auth/verify-api-key", Some(text), &json!({})).await.0,
        401
    );
    assert!(installation.done(&["log", "verify"]).starts_with("sound: "));

    serving.terminate();
    let mut kept = installation.done(&["log", "export"]);
    kept.push_str(&installation.done(&["backup", "-"]));
    for personal in ["ada@example.org", "Lovelace", PASSWORD] {
        assert!(!kept.contains(personal), "{personal}");
        assert_eq!(installation.files_with(personal), [""; 0], "{personal}");
    }
    // The address is free for somebody else.
    let other = installation.user("ada@example.org");
    assert_ne!(other, id);
}

async fn database(installation: &Installation) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", installation.data().join("auth.db").display());
    AnyConnection::connect(&url).await.expect("the database")
}

/// As the database keeps it.
async fn wrapped_key(connection: &mut AnyConnection, user: &str) -> Vec<u8> {
    let select = sqlx::query("SELECT value FROM records WHERE kind = 'subject_key' AND key = $1").bind(user.as_bytes());
    let row = select.fetch_one(connection).await.expect("a key");
    row.get(0)
}

#[tokio::test]
async fn no_file_holds_the_key_of_an_erased_user_while_the_program_serves() {
    let installation = Installation::migrated();
    let emails = [
        "ada@example.org",
        "bob@example.org",
        "eve@example.org",
        "kim@example.org",
    ];
    let ids = emails.map(|email| installation.user(email));
    let mut connection = database(&installation).await;
    let mut keys = Vec::new();
    for id in &ids {
        keys.push(wrapped_key(&mut connection, id).await);
    }
    // Copies in the free part of a page: what SQLite leaves there now and then when it moves rows to another.
    let copied = "PRAGMA secure_delete = OFF; \
        INSERT INTO records SELECT 'copy', key, count, value, expires FROM records; \
        DELETE FROM records WHERE kind = 'copy'";
    let copied = sqlx::raw_sql(copied).execute(&mut connection).await;
    copied.expect("nobody else is there");
    connection.close().await.expect("closed");
    let serving = installation.serve();
    for number in 0..3 {
        assert_eq!(serving.login(emails[number]).await, 200);
        let said = installation.run(&["users", "erase", &ids[number], "--yes"]);
        assert!(
            said.code == Some(0) && said.stderr.contains("no file"),
            "{}",
            said.stderr
        );
        assert_eq!(installation.files_with(&keys[number]), [""; 0], "{number}");
        assert!(!installation.files_with(&keys[number + 1]).is_empty());
        assert_eq!(serving.login(emails[number + 1]).await, 200);
    }
    serving.terminate();
}

#[tokio::test]
async fn an_erasure_during_which_somebody_reads_on_says_what_to_do_and_can_be_repeated() {
    let installation = Installation::migrated();
    let id = installation.user("ada@example.org");
    let mut reader = database(&installation).await;
    let key = wrapped_key(&mut reader, &id).await;
    let begun = sqlx::raw_sql("BEGIN; SELECT count(*) FROM events").fetch_all(&mut reader);
    begun.await.expect("a view of its own");
    let erase = ["users", "erase", &id, "--yes"];
    let told = installation.run(&erase);
    assert!(
        told.code == Some(1) && told.stderr.contains("is erased, but") && told.stderr.contains("repeat"),
        "{}",
        told.stderr
    );
    assert_eq!(installation.json(&["users", "show", &id])["standing"], "erased");
    reader.close().await.expect("closed");
    installation.done(&erase);
    assert_eq!(installation.files_with(&key), [""; 0]);
}

#[tokio::test]
async fn a_gateway_that_stopped_leaves_no_former_pages_in_the_write_ahead_log() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let serving = installation.serve();
    // Several at once, so that several connections to the database are open.
    for status in futures_util::future::join_all((0..4).map(|_| serving.login("ada@example.org"))).await {
        assert_eq!(status, 200);
    }
    serving.terminate();
    let log = std::fs::metadata(installation.data().join("auth.db-wal"));
    assert_eq!(log.map_or(0, |log| log.len()), 0);
}
