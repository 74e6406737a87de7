use std::{collections::HashSet, fs, os::unix::fs::PermissionsExt as _, thread};

use super::{MasterKey, MasterKeyError, Origin};
use crate::crypto::random::{SeededRandomness, SystemRandomness};

fn fingerprint(key: &MasterKey) -> [u8; 32] {
    key.blind_index().digest("test", &["same"])
}

#[test]
fn the_first_start_makes_a_file_that_only_its_owner_can_read_and_the_next_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let (made, origin) = MasterKey::open_or_make(&path, &SystemRandomness::new()).unwrap();
    assert_eq!(origin, Origin::Made);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(&path).unwrap().len(), 32);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing unfinished stays behind"
    );

    let (found, origin) = MasterKey::open_or_make(&path, &SystemRandomness::new()).unwrap();
    assert_eq!(origin, Origin::Found);
    assert_eq!(fingerprint(&found), fingerprint(&made));
}

#[test]
fn programs_that_start_at_once_agree_on_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let starts: Vec<([u8; 32], Origin)> = thread::scope(|scope| {
        let start = || {
            let (key, origin) = MasterKey::open_or_make(&path, &SystemRandomness::new()).unwrap();
            (fingerprint(&key), origin)
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(starts.iter().map(|start| start.0).collect::<HashSet<_>>().len(), 1);
    assert_eq!(starts.iter().filter(|start| start.1 == Origin::Made).count(), 1);
}

#[test]
fn a_file_that_others_can_read_is_refused_and_the_fix_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    MasterKey::open_or_make(&path, &SystemRandomness::new()).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = MasterKey::open_or_make(&path, &SystemRandomness::new()).unwrap_err();
        assert!(matches!(error, MasterKeyError::ReadableByOthers { .. }), "{mode:o}");
        assert!(
            error.to_string().ends_with(&format!("chmod 600 {}", path.display())),
            "{error}"
        );
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    MasterKey::open(&path).unwrap();
}

#[test]
fn a_damaged_file_is_refused_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    for length in [0, 31, 33, 4096] {
        fs::write(&path, vec![7; length]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = MasterKey::open_or_make(&path, &SystemRandomness::new()).unwrap_err();
        assert!(matches!(error, MasterKeyError::WrongLength { .. }), "{length}");
        assert_eq!(fs::read(&path).unwrap(), vec![7; length]);
    }
    assert!(matches!(
        MasterKey::open(folder.path()),
        Err(MasterKeyError::NotAFile { .. })
    ));
    assert!(matches!(
        MasterKey::open(&folder.path().join("other")),
        Err(MasterKeyError::Missing { .. })
    ));
}

#[test]
fn a_secret_is_32_bytes_in_base64_of_any_spelling() {
    let standard = MasterKey::from_base64(" +/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=\n").unwrap();
    let url_safe = MasterKey::from_base64("-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s").unwrap();
    assert_eq!(fingerprint(&standard), fingerprint(&url_safe));
    for unusable in [
        "",
        "secret",
        "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+w",
        &"ab".repeat(32),
    ] {
        let error = MasterKey::from_base64(unusable).unwrap_err();
        assert!(matches!(error, MasterKeyError::NotBase64Of32Bytes), "{unusable}");
    }
}

#[test]
fn each_use_has_its_own_key() {
    let folder = tempfile::tempdir().unwrap();
    let (key, _) = MasterKey::open_or_make(&folder.path().join("key"), &SeededRandomness::new(1)).unwrap();
    let labels = [
        "seal",
        "blind-index",
        "refresh",
        "idempotent-answers",
        "attempts",
        "password-pepper",
    ];
    let keys: HashSet<[u8; 32]> = labels.iter().map(|label| *key.sub_key(label)).collect();
    assert_eq!(keys.len(), labels.len());
    assert_ne!(
        key.blind_index().digest("test", &["same"]),
        key.attempts().digest("test", &["same"])
    );
}

#[test]
fn a_key_is_never_printed() {
    let key = MasterKey::from_base64("-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s").unwrap();
    assert_eq!(format!("{key:?}"), "MasterKey(redacted)");
}
