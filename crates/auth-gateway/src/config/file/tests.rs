mod defaults;
mod mistakes;

use std::path::Path;

use config_text::environment::Environment;

use super::{Surroundings, settings};
use crate::config::overrides::Overrides;
use crate::config::settings::Settings;

/// What every file of these tests begins with, when the test is about something else.
const HEAD: &str = "version: 1\nissuer: https://auth.example.org\nmail: { spool: mail }\n";

/// The value of every secret here: it must never be shown.
const SECRET: &str = "hunter2-hunter2-hunter2-hunter2";
/// 32 bytes in base64.
const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn environment() -> Environment {
    Environment::from_pairs([
        ("KEY", SECRET),
        ("MASTER", MASTER),
        ("SHORT", "hunter2"),
        ("WORD", "hunter2"),
        ("DATABASE", "postgres://auth:hunter2@db.example.org/auth"),
    ])
}

fn load(text: &str) -> (Option<Settings>, String) {
    let mut sources = config_text::diagnostic::Sources::default();
    let mut cx = config_text::diagnostic::Diagnostics::default();
    let environment = environment();
    let file = sources.add("auth.yaml", text);
    let overrides = Overrides::default();
    let around = Surroundings {
        environment: &environment,
        overrides: &overrides,
        folder: Path::new("conf"),
    };
    let made =
        config_text::yaml::parse(file, text, &environment, &mut cx).and_then(|node| settings(&node, around, &mut cx));
    let said = cx.render(&sources, false);
    assert!(!said.contains("hunter2"), "{said}");
    (made.filter(|_| !cx.has_errors()), said)
}

/// What is said about the head and what follows it.
fn said(rest: &str) -> String {
    load(&format!("{HEAD}{rest}")).1
}

/// The settings of the head and what follows it.
fn made(rest: &str) -> Settings {
    let (settings, said) = load(&format!("{HEAD}{rest}"));
    assert_eq!(said, "", "{rest}");
    settings.expect("no diagnostic, so settings")
}
