use std::fs;
use std::path::Path;

use config_text::environment::Environment;
use insta::assert_snapshot;
use secrecy::ExposeSecret;

use super::{Loaded, Overrides, load};
use crate::config::settings::{DatabaseKind, MasterKeySource, Settings};

/// 32 bytes.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn of(loaded: Loaded) -> Settings {
    assert_eq!(loaded.diagnostics.render(&loaded.sources, false), "");
    loaded.settings.expect("no diagnostic, so settings")
}

fn said(loaded: &Loaded) -> String {
    assert!(loaded.settings.is_none());
    loaded.diagnostics.render(&loaded.sources, false)
}

#[test]
fn the_committed_file_loads_without_a_word() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conf/auth.yaml");
    let environment = Environment::from_pairs([("SMTP_PASSWORD", "secret"), ("AUTH_MASTER_KEY", KEY)]);
    let settings = of(load(Some(&file), &Overrides::default(), &environment));
    assert!(settings.issuer.is_secure());
}

#[test]
fn a_data_folder_is_enough_for_a_server_of_this_machine() {
    let overrides = Overrides {
        data: Some("here".into()),
        ..Overrides::default()
    };
    let settings = of(load(None, &overrides, &Environment::default()));
    assert_eq!(
        (settings.issuer.as_str(), settings.listen.port(), settings.admin),
        ("http://127.0.0.1:4000", 4000, None)
    );
    assert_eq!(settings.database.kind.url().expose_secret(), "sqlite:here/auth.db");
    assert!(matches!(&settings.master_key, MasterKeySource::File(path) if path == Path::new("here/master.key")));
    assert!(!settings.cookies.secure);
}

#[test]
fn the_issuer_of_an_open_port_is_known_once_it_is_taken() {
    let overrides = Overrides {
        data: Some("here".into()),
        listen: Some("[::1]:0".parse().expect("an address")),
        ..Overrides::default()
    };
    let settings = of(load(None, &overrides, &Environment::default()));
    let settings = settings.bound_to("[::1]:54321".parse().expect("an address"));
    assert_eq!(
        (settings.issuer.as_str(), settings.listen.port()),
        ("http://[::1]:54321", 54321)
    );
    assert_eq!(settings.tokens.audience, ["http://[::1]:54321"]);
}

#[test]
fn an_issuer_that_is_written_stays_whatever_the_port() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.yaml");
    fs::write(
        &file,
        "version: 1\nissuer: http://localhost:4000\nlisten: \"127.0.0.1:0\"\n",
    )
    .expect("written");
    let settings = of(load(Some(&file), &Overrides::default(), &Environment::default()));
    assert_eq!(
        settings
            .bound_to("127.0.0.1:54321".parse().expect("an address"))
            .issuer
            .as_str(),
        "http://localhost:4000"
    );
}

#[test]
fn the_command_line_stands_in_the_place_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.yaml");
    // The secret of a database that is not used need not be there.
    fs::write(
        &file,
        "version: 1\nissuer: http://localhost:4000\ndata: there\ndatabase: { url: { secret: NONE }, readers: 9 }\n",
    )
    .expect("written");
    let overrides = Overrides {
        data: Some("here".into()),
        database_url: Some("postgres://localhost/auth".to_owned().into()),
        listen: Some("127.0.0.1:1".parse().expect("an address")),
    };
    let settings = of(load(Some(&file), &overrides, &Environment::default()));
    assert_eq!(
        (
            settings.data.as_path(),
            settings.listen.port(),
            settings.database.readers
        ),
        (Path::new("here"), 1, 9)
    );
    assert!(matches!(settings.database.kind, DatabaseKind::Postgres(_)));
}

#[test]
fn the_master_key_may_come_from_outside_without_being_named() {
    let overrides = Overrides {
        data: Some("here".into()),
        ..Overrides::default()
    };
    let settings = of(load(
        None,
        &overrides,
        &Environment::from_pairs([("AUTH_MASTER_KEY", KEY)]),
    ));
    assert!(matches!(&settings.master_key, MasterKeySource::Secret(secret) if secret.expose_secret() == KEY));
    let short = Environment::from_pairs([("AUTH_MASTER_KEY", "hunter2")]);
    let said_of_it = said(&load(None, &overrides, &short));
    assert!(
        said_of_it.contains("error[invalid-value]: the secret `AUTH_MASTER_KEY` is no master key"),
        "{said_of_it}"
    );
    let broken = Environment::from_pairs([("AUTH_MASTER_KEY_FILE", "/nonexistent/key")]);
    assert!(
        said(&load(None, &overrides, &broken)).contains("error[unset-secret]"),
        "a key that cannot be read is not made anew"
    );
}

#[test]
fn without_a_file_nothing_is_served_to_others_and_nothing_is_kept_just_anywhere() {
    let overrides = Overrides {
        listen: Some("0.0.0.0:4000".parse().expect("an address")),
        ..Overrides::default()
    };
    assert_snapshot!(said(&load(None, &overrides, &Environment::default())), @r"
    error[no-configuration]: 0.0.0.0:4000 can be reached by others, and there is no configuration file
     |
     = help: write one with `version` and `issuer`, and name it: `--config FILE`

    error[no-configuration]: there is no configuration file, and no folder to keep data in
     |
     = help: add `--data DIR`, or `--config FILE`
    ");
}

#[test]
fn a_file_that_is_not_there_is_said_to_be_missing() {
    let loaded = load(
        Some(Path::new("no/such/file.yaml")),
        &Overrides::default(),
        &Environment::default(),
    );
    assert_snapshot!(said(&loaded), @r"
    error[file-not-found]: `no/such/file.yaml` does not exist
    ");
}

#[test]
fn a_database_that_nobody_knows_is_refused() {
    let overrides = Overrides {
        data: Some("here".into()),
        database_url: Some("mysql://a/b".to_owned().into()),
        ..Overrides::default()
    };
    assert_snapshot!(said(&load(None, &overrides, &Environment::default())), @r"
    error[invalid-value]: `--database-url` names no database
     |
     = help: write `sqlite`, `sqlite:` and a path, or `postgres://host/database`
    ");
}
