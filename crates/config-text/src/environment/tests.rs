use std::fs;

use secrecy::ExposeSecret;

use super::{Environment, SecretError};

fn secret(pairs: &[(&str, &str)], name: &str) -> Result<String, SecretError> {
    let env = Environment::from_pairs(pairs.iter().copied());
    env.secret(name).map(|secret| secret.expose_secret().to_owned())
}

#[test]
fn a_credential_file_beats_a_named_file_beats_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let credential = folder.path().join("KEY");
    let named = folder.path().join("elsewhere");
    fs::write(&credential, "from systemd\n").unwrap();
    fs::write(&named, "from the named file").unwrap();
    let all = [
        ("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap()),
        ("KEY_FILE", named.to_str().unwrap()),
        ("KEY", "from the variable"),
    ];
    assert_eq!(secret(&all, "KEY").unwrap(), "from systemd");
    fs::remove_file(credential).unwrap();
    assert_eq!(secret(&all, "KEY").unwrap(), "from the named file");
    assert_eq!(secret(&all[2..], "KEY").unwrap(), "from the variable");
    assert_eq!(secret(&[], "KEY"), Err(SecretError::Unset));
}

#[test]
fn a_named_file_that_is_missing_is_an_error_even_if_the_variable_is_set() {
    let pairs = [("KEY_FILE", "/nonexistent/key"), ("KEY", "value")];
    let error = secret(&pairs, "KEY").unwrap_err();
    assert_eq!(error.to_string(), "`/nonexistent/key` does not exist");
}

#[test]
fn a_variable_that_names_no_file_is_named_itself() {
    let error = secret(&[("KEY_FILE", ""), ("KEY", "value")], "KEY").unwrap_err();
    assert_eq!(error.to_string(), "`KEY_FILE` is empty");
}

#[test]
fn only_newlines_at_the_end_are_trimmed() {
    assert_eq!(secret(&[("KEY", "  a\nb \r\n\n")], "KEY").unwrap(), "  a\nb ");
}

#[test]
fn nothing_is_no_secret() {
    let empty = SecretError::Empty("KEY".to_owned());
    assert_eq!(secret(&[("KEY", "\n")], "KEY"), Err(empty));
}

#[test]
fn a_secret_has_at_most_64_kib_of_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let file = path.to_str().unwrap();
    let pairs = [("KEY_FILE", file)];
    fs::write(&path, "k".repeat(64 * 1024)).unwrap();
    assert_eq!(secret(&pairs, "KEY").unwrap().len(), 64 * 1024);
    fs::write(&path, "k".repeat(64 * 1024 + 1)).unwrap();
    assert_eq!(secret(&pairs, "KEY"), Err(SecretError::TooLarge(file.to_owned())));
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(secret(&pairs, "KEY"), Err(SecretError::NotText(file.to_owned())));
}

#[test]
fn a_name_cannot_lead_out_of_the_credentials_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("outside"), "loot").unwrap();
    let inner = folder.path().join("credentials");
    fs::create_dir(&inner).unwrap();
    let pairs = [("CREDENTIALS_DIRECTORY", inner.to_str().unwrap())];
    let absolute = folder.path().join("outside");
    for name in ["../outside", absolute.to_str().unwrap(), "..", ".", "", "a/b", "a=b"] {
        assert_eq!(secret(&pairs, name), Err(SecretError::NotAName), "{name}");
    }
}

#[test]
fn values_are_never_in_debug_output() {
    let env = Environment::from_pairs([("SUPABASE_ANON_KEY", "hunter2")]);
    let shown = format!("{env:?} {:?}", env.secret("SUPABASE_ANON_KEY"));
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn the_process_environment_is_read() {
    let env = Environment::from_process();
    assert_eq!(env.get("CARGO_PKG_NAME"), Some(env!("CARGO_PKG_NAME")));
    assert_eq!(env.get("NO_SUCH_VARIABLE_IS_SET_HERE"), None);
}
