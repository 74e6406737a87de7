//! What holds for every text, however broken.

use proptest::prelude::*;

use super::{Kind, Node, parse};
use crate::diagnostic::{Diagnostics, Sources, Span};
use crate::environment::Environment;

const FILE: &str = r#"version: 1
hosts:
  public: { names: [a.example.org], loopback: true }
upstreams:
  docs:
    endpoints: ["${DOCS_URL:-http://127.0.0.1:4005}"]
    health: { path: /health, interval: 10s }
routes:
  - id: docs   # é
    path:
    - /docs
    - /docs/*
    methods:
      GET: { to: docs, query: { set: { q: ":id" } } }
      PUT, PATCH: { respond: { json: { é: [1, 2.5, null] } } }
"#;

/// Every place is in the text, on borders of characters, and inside the place of what holds it.
fn check_places(node: &Node, text: &str, outer: Span) {
    check_place(node.span, text, outer);
    match &node.kind {
        Kind::Scalar(_) | Kind::Reported => {}
        Kind::Sequence(items) => items.iter().for_each(|item| check_places(item, text, node.span)),
        Kind::Mapping(entries) => {
            for (key, value) in entries {
                check_place(key.span, text, node.span);
                check_places(value, text, node.span);
            }
        }
    }
}

fn check_place(span: Span, text: &str, outer: Span) {
    assert!(text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
    assert!(
        outer.start <= span.start && span.end <= outer.end,
        "{span:?} outside {outer:?} in {text:?}"
    );
}

fn never_panics(text: &str) {
    let env = Environment::from_pairs([("HOST", "example.org")]);
    let mut sources = Sources::default();
    let mut cx = Diagnostics::default();
    let file = sources.add("routes.yaml", text);
    let node = parse(file, text, &env, &mut cx);
    cx.render(&sources, false);
    if let Some(node) = node {
        let whole = Span {
            file,
            start: 0,
            end: text.len(),
        };
        check_places(&node, text, whole);
    }
}

#[test]
fn values_that_are_not_there_have_their_place_too() {
    let texts = [
        "? ",
        "? \n",
        ":",
        ": ",
        "a: b\n:",
        " : a\nb: c",
        "[ : ]",
        "{ : }",
        "{ a: , b }",
        "-\n-\n- a",
        "a:\n-\n-\n- b",
        "a:\n-",
        "a: &x\nb: !y\n",
        "- &x\n- !y\n",
        "[[a]: b]",
        "[a: ]",
        "\u{feff}",
        "\u{feff}:",
    ];
    for text in texts {
        never_panics(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        never_panics(&text);
    }

    #[test]
    fn text_that_looks_like_yaml_never_panics(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "a", "é", "𝄞", "1", ": ", ":", "- ", "-", "? ", ",", "[", "]", "{", "}",
                "\n", "\n  ", "\r\n", "\r", "\t", " ", "\u{feff}", "\u{85}", "\u{2028}", "\0",
                "\"", "'", "\\", "#", " #", "|", ">", "|2-\n", "&a ", "*a ", "<<: ", "!", "!!str ",
                "%YAML 1.2", "%é ü\n", "---\n", "...\n", "${A}", "${HOST}", "${", "$$",
            ]),
            0..40,
        )
    ) {
        never_panics(&parts.concat());
    }

    #[test]
    fn a_cut_or_changed_file_never_panics(at in 0..FILE.len(), inserted in any::<char>()) {
        let at = (0..=at).rev().find(|at| FILE.is_char_boundary(*at)).unwrap();
        never_panics(&FILE[..at]);
        never_panics(&format!("{}{inserted}{}", &FILE[..at], &FILE[at..]));
    }
}
