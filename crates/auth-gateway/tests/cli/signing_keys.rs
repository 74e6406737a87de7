//! The keys that sign tokens, as an operator sees and changes them.

use serde_json::{Value, json};

use crate::installation::{Installation, Run, masked};

/// The keys, oldest first.
fn listed(installation: &Installation) -> Vec<Value> {
    let listed = installation.json(&["signing-keys", "list"]);
    listed.as_array().expect("a list").clone()
}

fn kid(key: &Value) -> String {
    key["kid"].as_str().expect("a key's id").to_owned()
}

/// What was said, with keys named by their age and without times.
fn said(run: &Run, kids: &[String]) -> String {
    let named = |text: String, (age, kid): (usize, &String)| {
        let name = format!("{:-<43}", format!("key-{}", age + 1));
        text.replace(kid.as_str(), &name)
    };
    masked(
        &kids
            .iter()
            .enumerate()
            .fold(format!("{}{}", run.stderr, run.stdout), named),
    )
}

#[test]
fn another_key_signs_when_verifiers_know_it_or_at_once() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let mut runs = Vec::new();
    let mut run = |arguments: &[&str]| {
        let run = installation.run(&[&["signing-keys"], arguments].concat());
        assert_eq!(run.code, Some(0), "{run:?}");
        runs.push((arguments.join(" "), run));
    };
    run(&["list"]);
    run(&["rotate"]);
    run(&["rotate"]);
    run(&["list"]);
    run(&["rotate", "--now"]);
    run(&["list"]);
    run(&["rotate", "--help"]);
    let kids: Vec<String> = listed(&installation).iter().map(kid).collect();
    assert_eq!(kids.len(), 2, "the second wish is for the same key");
    let text: String = runs
        .iter()
        .map(|(what, run)| format!("== {what}\n{}\n", said(run, &kids)))
        .collect();
    insta::assert_snapshot!("signing-keys-rotate", text);
}

#[test]
fn a_rotation_is_told_as_json() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let planned = installation.json(&["signing-keys", "rotate"]);
    let next = &listed(&installation)[1];
    assert_eq!(
        (&planned["kid"], &planned["signs"], &next["phase"]),
        (&next["kid"], &json!(false), &json!("published"))
    );
    assert!(
        planned["signs_from"].as_str() > next["since"].as_str(),
        "after it was published: {planned}"
    );
    assert_eq!(
        installation.json(&["signing-keys", "rotate", "--now"]),
        json!({"kid": next["kid"], "signs": true, "signs_from": null})
    );
    let members: Vec<&str> = next.as_object().expect("a key").keys().map(String::as_str).collect();
    assert_eq!(members, ["kid", "algorithm", "phase", "since", "until"]);
}

#[test]
fn a_key_is_withdrawn_and_the_audit_log_says_by_whom_and_why() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    installation.done(&["signing-keys", "rotate", "--now"]);
    let mut kids: Vec<String> = listed(&installation).iter().map(kid).collect();
    let [former, active] = [kids[0].clone(), kids[1].clone()];
    let withdraw = |kid: &str, reason: &str| installation.run(&["signing-keys", "withdraw", kid, "--reason", reason]);
    let runs = [
        ("the retiring key", withdraw(&former, "found in a public repository")),
        ("the active key", withdraw(&active, "the machine was taken over")),
        ("the same again", withdraw(&active, "once more")),
        ("no reason", withdraw(&active, " ")),
        ("list", installation.run(&["signing-keys", "list"])),
        (
            "audit",
            installation.run(&["audit", "--kind", "signing_key.", "--actor", "operator"]),
        ),
        ("help", installation.run(&["signing-keys", "withdraw", "--help"])),
    ];
    kids.extend(listed(&installation).iter().map(kid));
    let codes: Vec<Option<i32>> = runs.iter().map(|(_, run)| run.code).collect();
    assert_eq!(codes, [0, 0, 1, 1, 0, 0, 0].map(Some));
    let text: String = runs
        .iter()
        .map(|(what, run)| format!("== {what}\n{}\n", said(run, &kids)))
        .collect();
    insta::assert_snapshot!("signing-keys-withdraw", text);
}

#[test]
fn a_withdrawal_is_told_as_json() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let active = kid(&listed(&installation)[0]);
    let told = installation.json(&["signing-keys", "withdraw", &active, "--reason", "copied"]);
    let successor = kid(&listed(&installation)[0]);
    assert_eq!(told, json!({"kid": active, "withdrawn": true, "successor": successor}));
    let told = installation.done(&["audit", "--kind", "signing_key.withdrawn", "-o", "json"]);
    let told: Value = serde_json::from_str(&told).expect("one line");
    assert_eq!(
        (&told["actor"], &told["payload"]),
        (&json!("operator"), &json!({"kid": active, "reason": "copied"}))
    );
}
