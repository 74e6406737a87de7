use insta::assert_snapshot;
use secrecy::ExposeSecret;

use super::{SecretName, reveal};
use crate::decode::Decode;
use crate::diagnostic::{Diagnostics, Sources};
use crate::environment::Environment;
use crate::yaml;

crate::record! {
    /// A file with a secret.
    struct File as "a file" {
        key: required SecretName,
    }
}

fn read(text: &str) -> (Option<String>, String) {
    let environment = Environment::from_pairs([("KEY", "hunter2")]);
    let mut sources = Sources::default();
    let mut cx = Diagnostics::default();
    let file = sources.add("a.yaml", text);
    let secret = yaml::parse(file, text, &environment, &mut cx)
        .and_then(|node| File::decode(&node, &mut cx))
        .and_then(|file| reveal(&file.key.0, &environment, &mut cx))
        .map(|secret| secret.expose_secret().to_owned());
    (secret, cx.render(&sources, false))
}

#[test]
fn a_named_secret_comes_from_outside() {
    assert_eq!(
        read("key: { secret: KEY }"),
        (Some("hunter2".to_owned()), String::new())
    );
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_shown() {
    for text in ["key: hunter2", "key: \"hunter2\"", "key: ${KEY}"] {
        let (secret, said) = read(text);
        assert_eq!(secret, None);
        assert!(
            said.contains("error[inline-secret]") && !said.contains("hunter2"),
            "{said}"
        );
    }
}

#[test]
fn a_secret_that_cannot_be_had_is_said_where_it_is_named() {
    assert_snapshot!(read("key: { secret: NONE }").1, @r"
    error[unset-secret]: the secret `NONE` cannot be had
     --> a.yaml:1:16
      |
    1 | key: { secret: NONE }
      |                ^^^^ there is no credential file, no `…_FILE` variable and no variable of this name
      |
      = help: supply the systemd credential `NONE`, a file named by the variable `NONE_FILE`, or the variable `NONE`
    ");
}
