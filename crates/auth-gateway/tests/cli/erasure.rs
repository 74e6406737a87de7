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

#[tokio::test]
async fn after_a_vacuum_the_key_of_an_erased_user_is_in_no_file() {
    let installation = Installation::migrated();
    let ids = ["ada@example.org", "bob@example.org", "eve@example.org"].map(|email| installation.user(email));
    let mut wrapped = Vec::new();
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", installation.data().join("auth.db").display());
    let mut connection = AnyConnection::connect(&url).await.expect("the database");
    for id in &ids {
        let select =
            sqlx::query("SELECT value FROM records WHERE kind = 'subject_key' AND key = $1").bind(id.as_bytes());
        let row = select.fetch_one(&mut connection).await.expect("a key");
        wrapped.push(row.get::<Vec<u8>, _>(0));
    }
    connection.close().await.expect("closed");
    assert_eq!(installation.files_with(&wrapped[1]).len(), 1);

    installation.done(&["users", "erase", &ids[1], "--yes"]);
    // Where SQLite moved rows between pages, a copy may be left until then.
    let mut connection = AnyConnection::connect(&url).await.expect("the database");
    let vacuum = sqlx::raw_sql("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection);
    vacuum.await.expect("nobody else is there");
    connection.close().await.expect("closed");
    assert_eq!(installation.files_with(&wrapped[1]), [""; 0]);
    assert_eq!(installation.files_with(&wrapped[2]).len(), 1);
}
