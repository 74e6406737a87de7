//! What a restore leaves when it fails.

use crate::installation::Installation;

#[test]
fn a_failed_restore_leaves_what_was_there_before_and_can_be_repeated_with_the_right_file() {
    let from = Installation::migrated();
    let id = from.user("ada@example.org");
    let whole = from.beside("backup.jsonl");
    from.done(&["backup", &whole]);
    let text = std::fs::read_to_string(&whole).expect("kept");
    let cut = from.beside("cut.jsonl");
    std::fs::write(&cut, &text[..text.len() / 2]).expect("written");

    let to = Installation::empty();
    let failed = to.run(&["restore", &cut]);
    assert!(
        failed.code == Some(1) && failed.stderr.contains("before its trailer"),
        "{failed:?}"
    );
    assert!(!to.data().exists(), "not even the folder");
    std::fs::create_dir(to.data()).expect("made");
    std::fs::copy(from.data().join("master.key"), to.data().join("master.key")).expect("copied");
    assert_eq!(to.run(&["restore", &cut]).code, Some(1));
    assert_eq!(to.files(), ["master.key"]);

    to.done(&["restore", &whole]);
    assert_eq!(to.files(), ["auth.db", "master.key"]);
    assert_eq!(to.json(&["users", "show", "ada@example.org"])["id"], id.as_str());
}
