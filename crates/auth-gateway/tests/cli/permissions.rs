//! Who else may read what the gateway writes: nobody.

use std::collections::BTreeMap;
use std::fs::{Permissions, metadata, read_dir, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::installation::Installation;

/// The mode of everything below a folder.
fn modes(folder: &Path, within: &str, found: &mut BTreeMap<String, u32>) {
    for entry in read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{within}{}", entry.file_name().display());
        let metadata = entry.metadata().expect("it is there");
        found.insert(name.clone(), metadata.permissions().mode() & 0o777);
        if metadata.is_dir() {
            modes(&entry.path(), &format!("{name}/"), found);
        }
    }
}

#[tokio::test]
async fn whatever_the_umask_nobody_else_can_read_the_data_folder() {
    let installation = Installation::empty().with_no_umask();
    let serving = installation.serve();
    installation.user("ada@example.org");
    assert_eq!(serving.login("ada@example.org").await, 200);
    installation.done(&["users", "reset-password", "ada@example.org"]);
    installation.done(&["log", "checkpoint"]);

    let data = installation.data();
    assert_eq!(metadata(&data).expect("made").permissions().mode() & 0o777, 0o700);
    let mut found = BTreeMap::new();
    modes(&data, "", &mut found);
    for (name, mode) in &found {
        let expected = if data.join(name).is_dir() { 0o700 } else { 0o600 };
        assert_eq!(*mode, expected, "{name}: {mode:o}");
    }
    for name in [
        "auth.db",
        "auth.db-wal",
        "auth.db-shm",
        "master.key",
        "checkpoints/latest.checkpoint",
    ] {
        assert!(found.contains_key(name), "{name}: {found:?}");
    }
    assert!(found.keys().any(|name| name.ends_with(".eml")), "{found:?}");
}

#[test]
fn a_master_key_that_others_can_read_is_refused() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    for mode in [0o640, 0o604] {
        set_permissions(installation.data().join("master.key"), Permissions::from_mode(mode)).expect("changed");
        let run = installation.run(&["users", "list"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
        assert!(run.stderr.contains("chmod 600"), "{}", run.stderr);
    }
}

#[test]
fn doctor_warns_of_a_data_folder_that_others_can_look_into() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    assert!(!installation.done(&["doctor"]).contains("chmod 700"));
    set_permissions(installation.data(), Permissions::from_mode(0o755)).expect("changed");
    assert!(installation.done(&["doctor"]).contains("(mode 755); run: chmod 700"));
}
