//! What an operator mistypes.

use crate::installation::Installation;

#[test]
fn a_key_lives_no_longer_than_the_interface_allows() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let create = |lifetime: &str| {
        installation.run(&[
            "keys",
            "create",
            "laptop",
            "--user",
            "ada@example.org",
            "--expires-in",
            lifetime,
        ])
    };
    for lifetime in ["3651d", "99999999d", "0s"] {
        let refused = create(lifetime);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{lifetime}");
        assert!(refused.stderr.contains("3650"), "{}", refused.stderr);
    }
    assert_eq!(create("3650d").code, Some(0));
}

#[test]
fn a_replaced_secret_of_a_client_dies_within_a_year() {
    let installation = Installation::migrated();
    installation.done(&["clients", "create", "edge"]);
    let rotate = |overlap: &str| installation.run(&["clients", "rotate", "edge", "--overlap", overlap]);
    let refused = rotate("9999999d");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    assert!(refused.stderr.contains("365d at most"), "{}", refused.stderr);
    for overlap in ["0s", "365d"] {
        assert_eq!(rotate(overlap).code, Some(0), "{overlap}");
    }
}

#[test]
fn times_may_have_an_offset() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    for until in [
        "2999-01-01T00:00:00+01:00",
        "2999-01-01T00:00:00.5-00:30",
        "2999-01-01t00:00:00z",
    ] {
        assert!(
            installation
                .done(&["audit", "--until", until])
                .contains("user.registered"),
            "{until}"
        );
    }
    let wrong = installation.run(&["audit", "--until", "2999-01-01T00:00:00+1"]);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
}

#[test]
fn the_wrong_master_key_is_named() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    std::fs::write(installation.data().join("master.key"), [7; 32]).expect("written");
    for command in [&["users", "list"][..], &["keys", "list", "--user", "ada@example.org"]] {
        let refused = installation.run(command);
        assert_eq!(refused.code, Some(1));
        assert!(
            refused.stderr.contains("the master key is not the one"),
            "{}",
            refused.stderr
        );
    }
    let doctor = installation.run(&["doctor"]);
    assert!(
        doctor.stdout.contains("the master key is not the one"),
        "{}",
        doctor.stdout
    );
}

#[test]
fn checkpoints_that_another_key_signed_say_what_else_that_may_mean() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    installation.done(&["log", "checkpoint"]);
    std::fs::write(installation.data().join("master.key"), [7; 32]).expect("written");
    let refused = installation.run(&["log", "verify"]);
    assert_eq!(refused.code, Some(1));
    for said in ["not signed by", "`--config`", "master key"] {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
}

#[test]
fn what_was_typed_is_in_the_error() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let refused = installation.run(&["users", "show", "junk"]);
    let said = "`junk` is neither a user's id nor an e-mail address";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    let create = ["keys", "create", "laptop", "--user", "ada@example.org"];
    installation.done(&create);
    let refused = installation.run(&create);
    let said = "an API key with this name exists already";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    installation.done(&["users", "disable", "ada@example.org"]);
    let refused = installation.run(&["keys", "create", "other", "--user", "ada@example.org"]);
    assert!(
        refused.stderr.contains("the user is disabled or erased"),
        "{}",
        refused.stderr
    );
}

#[test]
fn an_error_says_its_cause_once() {
    let installation = Installation::empty();
    // A folder where the database should be.
    std::fs::create_dir_all(installation.data().join("auth.db")).expect("made");
    let refused = installation.run(&["migrate"]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.stderr.matches("os error").count(), 1, "{}", refused.stderr);
}

#[test]
fn a_mistyped_folder_is_not_made() {
    let installation = Installation::empty();
    for command in [
        &["users", "list"][..],
        &["doctor"],
        &["log", "verify"],
        &["backup", "-"],
        &["sessions", "list", "--user", "ada@example.org"],
    ] {
        assert_eq!(installation.run(command).code, Some(1), "{command:?}");
        assert!(!installation.data().exists(), "{command:?}");
    }
}

#[test]
fn help_names_the_projections_that_there_are() {
    let help = Installation::empty().done(&["projections", "--help"]);
    assert!(help.contains("`states`") && !help.contains("`state`"), "{help}");
}
