//! Commands that only read make nothing.

use crate::installation::Installation;

/// What they need the master key for is missing until something was kept.
const WITH_THE_MASTER_KEY: [&[&str]; 10] = [
    &["users", "list"],
    &["users", "show", "ada@example.org"],
    &["clients", "list"],
    &["keys", "list", "--user", "ada@example.org"],
    &["sessions", "list", "--user", "ada@example.org"],
    &["signing-keys", "list"],
    &["audit"],
    &["state-at", "client", "edge"],
    &["log", "verify"],
    &["log", "checkpoint-key"],
];

/// What the database alone answers.
const WITHOUT_IT: [&[&str]; 4] = [
    &["projections", "list"],
    &["projections", "compare", "states"],
    &["log", "export"],
    &["backup", "-"],
];

/// What is in the data folder besides the database.
fn beside_the_database(installation: &Installation) -> Vec<String> {
    let mut files = installation.files();
    files.retain(|name| !name.starts_with("auth.db"));
    files
}

#[test]
fn reading_a_database_that_was_never_used_makes_nothing_and_says_what_does() {
    let installation = Installation::migrated();
    for command in WITH_THE_MASTER_KEY {
        let run = installation.run(command);
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{command:?}: {run:?}");
        for said in ["master.key is missing", "`auth-gateway serve` makes one"] {
            assert!(run.stderr.contains(said), "{command:?}: {}", run.stderr);
        }
        assert_eq!(beside_the_database(&installation), [""; 0], "{command:?}");
    }
    let doctor = installation.run(&["doctor"]);
    assert!(
        doctor.code == Some(1) && doctor.stdout.contains("`auth-gateway serve` makes one"),
        "{doctor:?}"
    );
    for command in WITHOUT_IT {
        installation.done(command);
    }
    assert_eq!(beside_the_database(&installation), [""; 0]);
}

#[test]
fn reading_a_folder_without_a_database_makes_nothing_and_says_what_does() {
    let installation = Installation::empty();
    std::fs::create_dir(installation.data()).expect("made");
    for command in WITH_THE_MASTER_KEY.iter().chain(&WITHOUT_IT) {
        let run = installation.run(command);
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{command:?}: {run:?}");
        let says = run.stderr.contains("`auth-gateway migrate`") || run.stderr.contains("`auth-gateway serve`");
        assert!(says, "{command:?}: {}", run.stderr);
    }
    assert_eq!(installation.files(), [""; 0]);
}

#[test]
fn reading_with_the_master_key_keeps_nothing_in_the_database() {
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let installation = Installation::migrated().with_variable("AUTH_MASTER_KEY", key);
    for command in [
        &["users", "list"][..],
        &["signing-keys", "list"],
        &["clients", "list"],
        &["audit"],
    ] {
        let run = installation.run(command);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), "none\n"), "{command:?}");
    }
    let doctor = installation.done(&["doctor"]);
    assert!(doctor.contains("auth-gateway serve makes the first"), "{doctor}");
    let backup = installation.done(&["backup", "-"]);
    for kept in ["\"event\"", "\"record\""] {
        assert!(!backup.contains(kept), "{backup}");
    }
    assert_eq!(beside_the_database(&installation), [""; 0]);
}
