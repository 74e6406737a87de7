//! What the help says.

use super::{Cli, Command as Asked, SigningKeys};
use clap::{Command, CommandFactory as _, Parser as _};

/// Each command that does something, under its whole name.
fn deeds(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
    if command.has_subcommands() {
        for inner in command.get_subcommands() {
            deeds(inner, &format!("{name} {}", inner.get_name()), found);
        }
    } else {
        found.push((name.to_owned(), command.clone()));
    }
}

#[test]
fn help_says_what_each_argument_is_and_shows_an_example_where_there_are_some() {
    let mut found = Vec::new();
    deeds(&Cli::command(), "auth-gateway", &mut found);
    assert!(found.len() > 30, "{}", found.len());
    for (name, command) in found {
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{name}: {}", argument.get_id());
        }
        let own = command.get_arguments().any(|argument| argument.get_id() != "output");
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(!own || examples.contains(&name), "{name}: {examples}");
    }
}

#[test]
fn the_id_of_a_signing_key_may_begin_with_hyphens() {
    for given in [
        "-rK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "--reason-AYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "-o",
    ] {
        for words in [[given, "--reason", "copied"], ["--reason", "copied", given]] {
            let words = ["auth-gateway", "signing-keys", "withdraw"].into_iter().chain(words);
            let said = Cli::try_parse_from(words).map(|cli| cli.command);
            let expected = given != "-o";
            let is_it = matches!(said, Ok(Asked::SigningKeys(SigningKeys::Withdraw { kid, .. })) if kid == given);
            assert_eq!(is_it, expected, "{given}");
        }
    }
}
