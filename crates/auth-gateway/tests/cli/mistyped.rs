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
fn help_names_the_projections_that_there_are() {
    let help = Installation::empty().done(&["projections", "--help"]);
    assert!(help.contains("`states`") && !help.contains("`state`"), "{help}");
}
