//! `-o json`: every command that says something says it to programs too.

use serde_json::{Value, json};

use crate::installation::{Installation, PASSWORD};

/// The JSON that a command prints; it must succeed.
fn told(installation: &Installation, arguments: &[&str], stdin: &str) -> Value {
    let arguments = [arguments, &["-o", "json"]].concat();
    let stdout = installation.done_with(&arguments, stdin);
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {stdout}"))
}

#[test]
fn what_a_command_did_is_told_as_json_where_that_is_asked_for() {
    let installation = Installation::empty();
    let told = |arguments: &[&str]| told(&installation, arguments, "");
    assert_eq!(told(&["migrate"])["migrated"], true);
    assert_eq!(told(&["check"])["ok"], true);
    let id = installation.user("ada@example.org");
    let ada = "ada@example.org";
    assert_eq!(
        told(&["users", "reset-password", ada]),
        json!({"id": id, "letter": "reset_password"})
    );
    assert_eq!(
        told(&["users", "set-role", ada, "admin"]),
        json!({"id": id, "standing": "active", "role": "admin"})
    );
    assert_eq!(told(&["users", "disable", ada])["standing"], "disabled");
    assert_eq!(told(&["users", "enable", ada])["standing"], "active");
    let key = told(&["keys", "create", "laptop", "--user", ada]);
    let key = key["id"].as_str().expect("an id");
    assert_eq!(told(&["keys", "revoke", key]), json!({"id": key, "active": false}));
    told(&["clients", "create", "edge"]);
    assert_eq!(
        told(&["clients", "disable", "edge"]),
        json!({"id": "edge", "disabled": true})
    );
    assert_eq!(
        told(&["sessions", "end-all", "--user", ada]),
        json!({"user": id, "ended": true})
    );
    assert_eq!(told(&["state-at", "user", ada])["state"]["role"], "admin");
    let verified = told(&["log", "verify"]);
    assert_eq!((&verified["sound"], &verified["from"]), (&json!(true), &json!(1)));
    assert!(told(&["log", "checkpoint"])["note"].is_string());
    assert!(told(&["log", "checkpoint-key"])["key"].is_string());
    for name in ["states", "audit"] {
        let rebuilt = told(&["projections", "rebuild", name]);
        assert_eq!(rebuilt["name"], name);
        assert_eq!(told(&["projections", "compare", name])["equal"], true);
    }
    assert_eq!(told(&["projections", "resume", "audit"])["name"], "audit");
    let backup = installation.beside("backup.jsonl");
    let counts = told(&["backup", &backup]);
    assert!(counts["events"].as_u64() > Some(1), "{counts}");
    assert_eq!(
        told(&["users", "erase", "--yes", ada]),
        json!({"id": id, "standing": "erased"})
    );
    let other = Installation::empty();
    let restored = self::told(&other, &["restore", &backup], "");
    assert_eq!(restored["events"], counts["events"]);
}

#[test]
fn an_import_is_told_as_json() {
    let installation = Installation::migrated();
    installation.done_with(&["users", "create", "ada@example.org", "--verified"], PASSWORD);
    let run = installation.run_with(&["keys", "import", "-", "-o", "json"], "nonsense\n");
    assert_eq!(run.code, Some(1));
    let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((&told["imported"], &told["known"]), (&json!(0), &json!(0)));
    assert_eq!(told["refused"][0]["line"], 1);
}

#[test]
fn a_state_is_a_table_unless_json_is_asked_for() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let shown = installation.done(&["state-at", "user", "ada@example.org"]);
    assert!(shown.lines().any(|line| line.starts_with("state.role ")), "{shown}");
}

#[test]
fn mistakes_of_the_configuration_are_told_as_json_with_their_places() {
    let installation = Installation::configured("lisen: \"127.0.0.1:0\"\ntokens: { access_ttl: 5 }\n");
    let run = installation.run(&["check", "-o", "json"]);
    assert_eq!(run.code, Some(78), "{run:?}");
    let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(told["ok"], false);
    let found = told["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), 2, "{told}");
    let (first, second) = (&found[0], &found[1]);
    assert_eq!(
        (&first["severity"], &first["code"], &first["line"], &first["column"]),
        (&json!("error"), &json!("unknown-key"), &json!(4), &json!(1))
    );
    assert!(
        first["file"].as_str().is_some_and(|file| file.ends_with("auth.yaml")),
        "{first}"
    );
    assert!(
        first["message"].as_str().is_some_and(|text| text.contains("lisen")),
        "{first}"
    );
    assert_eq!(second["line"], 5);
    let good = Installation::configured("").json(&["check"]);
    assert_eq!(good["diagnostics"], json!([]));
    let placeless = Installation::empty().run(&["check", "-c", "/nope.yaml", "-o", "json"]);
    let told: Value = serde_json::from_str(&placeless.stdout).expect("JSON");
    assert_eq!(told["diagnostics"][0]["line"], Value::Null);
}
