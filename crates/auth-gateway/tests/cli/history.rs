//! What happened, and how things were.

use serde_json::{Value, json};

use crate::installation::Installation;

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["kind"].as_str().expect("a kind"))
        .collect()
}

#[tokio::test]
async fn events_are_found_by_whom_they_are_about_who_did_them_and_their_kind() {
    let installation = Installation::migrated();
    let id = installation.user("ada@example.org");
    let serving = installation.serve();
    assert_eq!(serving.login("ada@example.org").await, 200);
    installation.done(&["users", "disable", "ada@example.org"]);
    installation.done(&["clients", "create", "edge"]);
    let found = |filter: &[&str]| {
        let arguments: Vec<&str> = ["audit", "-o", "json"].iter().chain(filter).copied().collect();
        lines(&installation.done(&arguments))
    };

    let about = found(&["--subject", "ada@example.org"]);
    assert_eq!(about, found(&["--subject", &id]));
    for kind in ["user.registered", "session.started", "login.succeeded", "user.disabled"] {
        assert!(kinds(&about).contains(&kind), "{kind}: {about:#?}");
    }
    let login = found(&["--kind", "login."]);
    assert_eq!(kinds(&login), ["login.succeeded"]);
    assert_eq!(login[0]["personal"]["address"], "127.0.0.1");
    let operator = found(&["--actor", "operator"]);
    assert_eq!(
        kinds(&operator),
        [
            "user.registered",
            "user.password_set",
            "user.disabled",
            "client.registered"
        ]
    );
    assert_eq!(
        kinds(&found(&["--actor", "operator", "--limit", "1"])),
        ["client.registered"]
    );
    assert_eq!(kinds(&found(&["--subject", "edge"])), ["client.registered"]);
    assert_eq!(found(&["--until", "1h"]), [Value::Null; 0]);
    assert_eq!(found(&["--since", "1h"]).len(), found(&[]).len());
    let run = installation.run(&["audit", "--since", "yesterday"]);
    assert!(run.code == Some(1) && run.stderr.contains("24h"), "{}", run.stderr);
    assert!(installation.done(&["audit"]).starts_with("POSITION"));
}

#[test]
fn a_user_is_shown_as_it_was() {
    let installation = Installation::migrated();
    let id = installation.user("ada@example.org");
    let registered = lines(&installation.done(&["audit", "--kind", "user.password_set", "-o", "json"]));
    let position = registered[0]["position"].to_string();
    installation.done(&["users", "set-role", &id, "admin"]);
    let state_at = |more: &[&str]| -> Value {
        let arguments: Vec<&str> = ["state-at", "user", "ada@example.org", "-o", "json"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        serde_json::from_str(&installation.done(&arguments)).expect("JSON")
    };
    assert_eq!(state_at(&[])["state"]["role"], "admin");
    let state = &state_at(&[])["state"];
    assert_eq!(
        (&state["email"], &state["profile"]["name"]),
        (&json!("ada@example.org"), &json!("Ada Lovelace"))
    );
    let before = state_at(&["--position", &position]);
    assert_eq!(
        (&before["state"]["role"], &before["version"]),
        (&json!("authenticated"), &json!(2))
    );
    let never = installation.run(&["state-at", "user", &id, "--time", "1h"]);
    assert_eq!((never.code, never.stdout.as_str()), (Some(1), ""));
}
