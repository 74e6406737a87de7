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
