//! What needs no database: help, completions, the schema, the configuration's check.

use crate::installation::Installation;

#[test]
fn help_names_every_command() {
    insta::assert_snapshot!("help", Installation::empty().done(&["--help"]));
}

#[test]
fn a_wrong_call_is_2_and_a_wrong_configuration_78() {
    let installation = Installation::configured("lisen: \"127.0.0.1:0\"\n");
    assert_eq!(installation.run(&["users", "make"]).code, Some(2));
    let run = installation.run(&["check"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(78), ""));
    assert!(
        run.stderr.contains("unknown-key") && run.stderr.contains("auth.yaml:4"),
        "{}",
        run.stderr
    );
    let run = installation.run(&["users", "list"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(78), ""));
}

#[test]
fn a_good_configuration_is_said_to_be_ok() {
    let run = Installation::configured("").run(&["check"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    assert!(run.stderr.contains("the configuration is ok"), "{}", run.stderr);
}

#[test]
fn the_schema_is_printed_as_committed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conf/auth.schema.json");
    let committed = std::fs::read_to_string(path).expect("committed");
    assert_eq!(Installation::empty().done(&["schema"]), committed);
}

#[test]
fn a_diagnostics_code_is_explained() {
    let installation = Installation::empty();
    assert!(installation.done(&["explain-error", "insecure-issuer"]).len() > 100);
    let run = installation.run(&["explain-error", "nonsense"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("insecure-issuer"), "{}", run.stderr);
}

#[test]
fn completions_and_the_manual_are_generated() {
    let installation = Installation::empty();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            installation.done(&["completions", shell]).contains("checkpoint-key"),
            "{shell}"
        );
    }
    assert!(installation.done(&["man"]).contains(".TH auth-gateway 1"));
}

#[test]
fn a_missing_database_is_named_with_what_makes_it() {
    let run = Installation::empty().run(&["users", "list"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(
        run.stderr.contains("auth.db") && run.stderr.contains("auth-gateway migrate"),
        "{}",
        run.stderr
    );
}
