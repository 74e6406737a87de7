//! What an operator does to users, keys, clients and sessions, while the program serves.

use serde_json::{Value, json};

use crate::installation::{Installation, PASSWORD, masked};

#[tokio::test]
async fn a_users_life_is_administered_while_the_program_serves() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let serving = installation.serve();
    insta::assert_snapshot!("users-list", masked(&installation.done(&["users", "list"])));
    assert_eq!(serving.login("ada@example.org").await, 200);
    let shown = installation.done(&["users", "show", "ada@example.org"]);
    insta::assert_snapshot!("users-show", masked(&shown));

    installation.done(&["users", "disable", "ada@example.org", "--reason", "compromised"]);
    assert_ne!(serving.login("ada@example.org").await, 200);
    installation.done(&["users", "enable", "ada@example.org"]);
    assert_eq!(serving.login("ada@example.org").await, 200);

    installation.done(&["users", "set-role", "ada@example.org", "admin"]);
    assert_eq!(
        installation.json(&["users", "show", "ada@example.org"])["role"],
        "admin"
    );
    let refused = installation.run(&["users", "set-role", "ada@example.org", "No Role"]);
    assert_eq!(refused.code, Some(1));
    let nobody = installation.run(&["users", "show", "eve@example.org"]);
    assert_eq!(
        (nobody.code, nobody.stderr.as_str()),
        (Some(1), "error: there is no such user\n")
    );
}

#[tokio::test]
async fn sessions_are_seen_and_ended() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let serving = installation.serve();
    let sessions = || installation.json(&["sessions", "list", "--user", "ada@example.org"]);
    for _ in 0..3 {
        assert_eq!(serving.login("ada@example.org").await, 200);
    }
    let live = sessions();
    assert_eq!(live.as_array().expect("a list").len(), 3);
    assert_eq!(
        (&live[0]["method"], &live[0]["address"]),
        (&json!("password"), &json!("127.0.0.1"))
    );

    installation.done(&["sessions", "end", live[0]["id"].as_str().expect("an id")]);
    assert_eq!(sessions().as_array().expect("a list").len(), 2);
    installation.done(&["sessions", "end-all", "--user", "ada@example.org"]);
    assert_eq!(sessions(), json!([]));
}

#[tokio::test]
async fn a_key_is_good_until_it_is_revoked() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let serving = installation.serve();
    let verified = async |text: &str| serving.post("/v1/auth/verify-api-key", Some(text), &json!({})).await;

    let made = installation.json(&[
        "keys",
        "create",
        "laptop",
        "--user",
        "ada@example.org",
        "--scopes",
        "memories:read",
    ]);
    let (id, text) = (text(&made["id"]), text(&made["key"]));
    let listed = installation.done(&["keys", "list", "--user", "ada@example.org"]);
    insta::assert_snapshot!("keys-list", masked(&listed));
    let (status, body) = verified(&text).await;
    assert_eq!(
        (status, &body["permissions"]),
        (200, &json!(["memories:read"])),
        "{body}"
    );

    let rotated = installation.json(&["keys", "rotate", &id, "--overlap", "0s"]);
    assert_eq!(verified(&text).await.0, 401);
    let text = self::text(&rotated["key"]);
    assert_eq!(verified(&text).await.0, 200);

    installation.done(&["keys", "revoke", &id]);
    assert_eq!(verified(&text).await.0, 401);
}

#[tokio::test]
async fn keys_of_older_systems_are_imported_by_their_hash() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let old = "lns_0123456789abcdef0123456789abcdef";
    let hash: String = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, old.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let good = json!({"sha256": hash, "user": "ada@example.org", "name": "old", "scopes": ["memories:read"], "prefix": "lns_"});
    let lines = format!("{good}\n\n{{\"sha256\":\"00\"}}\n");
    let run = installation.run_with(&["keys", "import", "-"], &lines);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("stdin, line 3") && run.stderr.contains("1 imported"),
        "{}",
        run.stderr
    );
    let again = installation.run_with(&["keys", "import", "-"], &format!("{good}\n"));
    assert!(
        again.code == Some(0) && again.stderr.contains("1 here already"),
        "{}",
        again.stderr
    );

    let serving = installation.serve();
    let (status, body) = serving.post("/v1/auth/verify-api-key", Some(old), &json!({})).await;
    assert_eq!(status, 200, "{body}");
}

#[test]
fn a_clients_secret_is_shown_once() {
    let installation = Installation::migrated();
    let made = installation.json(&["clients", "create", "edge", "--may", "introspect,audit"]);
    let secret = text(&made["secret"]);
    assert_eq!(made["may"], json!(["introspect", "audit"]));
    let rotated = installation.run(&["clients", "rotate", "edge", "--overlap", "1h"]);
    assert_eq!(rotated.code, Some(0));
    assert_eq!(rotated.stderr, "auth-gateway: the secret is shown this once\n");
    installation.done(&["clients", "disable", "edge"]);
    insta::assert_snapshot!("clients-list", masked(&installation.done(&["clients", "list"])));
    assert!(!installation.done(&["clients", "list"]).contains(&secret));
    let again = installation.run(&["clients", "create", "edge"]);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (Some(1), "error: this client exists already\n")
    );
}

#[test]
fn nothing_that_was_shown_once_is_kept_in_clear() {
    let installation = Installation::migrated();
    let user = installation.json(&[
        "users",
        "create",
        "ada@example.org",
        "--verified",
        "--generate-password",
    ]);
    let key = installation.json(&["keys", "create", "laptop", "--user", "ada@example.org"]);
    let client = installation.json(&["clients", "create", "edge"]);
    for secret in [&user["password"], &key["key"], &client["secret"]] {
        assert_eq!(installation.files_with(text(secret)), [""; 0]);
    }
    assert_eq!(installation.files_with("ada@example.org"), [""; 0]);
}

#[test]
fn a_password_is_read_from_stdin_and_judged() {
    let installation = Installation::migrated();
    let create = ["users", "create", "ada@example.org", "--verified"];
    let weak = installation.run_with(&create, "password1234\n");
    assert_eq!((weak.code, weak.stdout.as_str()), (Some(1), ""));
    let short = installation.run_with(&create, "short\n");
    assert!(
        short.code == Some(1) && short.stderr.contains("the password on stdin"),
        "{}",
        short.stderr
    );
    installation.done_with(&create, &format!("{PASSWORD}\n"));
    let taken = installation.run_with(&create, PASSWORD);
    assert_eq!(
        (taken.code, taken.stderr.as_str()),
        (Some(1), "error: this account exists already\n")
    );
}

#[test]
fn a_reset_link_is_sent() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    installation.done(&["users", "reset-password", "ada@example.org"]);
    let letters = std::fs::read_dir(installation.data().join("spool"))
        .expect("the spool")
        .count();
    assert_eq!(letters, 1);
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
