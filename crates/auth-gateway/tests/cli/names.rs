//! What people call themselves, as an operator gives and sees it.

use crate::installation::{Installation, PASSWORD};

#[test]
fn a_name_is_at_most_200_characters_without_control_characters() {
    let installation = Installation::migrated();
    let create = |name: &str| {
        let arguments = ["users", "create", "ada@example.org", "--verified", "--name", name];
        installation.run_with(&arguments, PASSWORD)
    };
    for name in ["x".repeat(201).as_str(), "Ada\r\nLovelace", "Ada\u{1b}[2J", " "] {
        let refused = create(name);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{name:?}");
        assert!(refused.stderr.contains("200 characters"), "{}", refused.stderr);
    }
    let longest = "ä".repeat(200);
    assert_eq!(create(&longest).code, Some(0));
    assert_eq!(
        installation.json(&["users", "show", "ada@example.org"])["name"],
        longest.as_str()
    );
    let listed = installation.done(&["users", "list"]);
    let widest = listed.lines().map(|line| line.chars().count()).max();
    assert!(widest < Some(200) && listed.contains('…'), "{listed}");
}
