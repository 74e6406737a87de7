mod mistakes;

use super::{Form, Kind, Node, PlainType, parse};
use crate::diagnostic::{Diagnostics, Sources, Span};
use crate::environment::Environment;

struct Parsed {
    node: Option<Node>,
    said: String,
}

fn read(text: &str) -> Parsed {
    let env = Environment::from_pairs([("HOST", "example.org"), ("TRICK", "[a, b]: {c: d}\ne: f")]);
    let mut sources = Sources::default();
    let mut cx = Diagnostics::default();
    let file = sources.add("routes.yaml", text);
    let node = parse(file, text, &env, &mut cx);
    let said = cx.render(&sources, false);
    Parsed { node, said }
}

/// A tree that nothing was said about.
fn tree(text: &str) -> Node {
    let Parsed { node, said } = read(text);
    assert_eq!(said, "", "{text}");
    node.unwrap()
}

fn said(text: &str) -> String {
    read(text).said
}

/// What stands in the file at each value and key, in order.
fn passages<'t>(node: &Node, text: &'t str, found: &mut Vec<&'t str>) {
    let written = |span: Span| &text[span.start..span.end];
    found.push(written(node.span));
    match &node.kind {
        Kind::Scalar(_) | Kind::Reported => {}
        Kind::Sequence(items) => items.iter().for_each(|item| passages(item, text, found)),
        Kind::Mapping(entries) => {
            for (key, value) in entries {
                found.push(written(key.span));
                passages(value, text, found);
            }
        }
    }
}

fn all_passages(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    passages(&tree(text), text, &mut found);
    found
}

#[test]
fn every_node_knows_its_bytes() {
    let cases: [(&str, &[&str]); 7] = [
        (
            "a: [b, \"c\"] # d\n",
            &["a: [b, \"c\"]", "a", "[b, \"c\"]", "b", "\"c\""],
        ),
        ("é: ü # ß\nä: 'ö'\n", &["é: ü # ß\nä: 'ö'", "é", "ü", "ä", "'ö'"]),
        ("a:\n  b: c\n\n# end\n", &["a:\n  b: c", "a", "b: c", "b", "c"]),
        (
            "a:\n- b\n- c: d\n",
            &["a:\n- b\n- c: d", "a", "b\n- c: d", "b", "c: d", "c", "d"],
        ),
        ("\u{feff}a: b\r\nc: d\r\n", &["a: b\r\nc: d", "a", "b", "c", "d"]),
        ("a:\n\nb: c", &["a:\n\nb: c", "a", "", "b", "c"]),
        ("{ a: { b: 1 } }", &["{ a: { b: 1 } }", "a", "{ b: 1 }", "b", "1"]),
    ];
    for (text, expected) in cases {
        assert_eq!(all_passages(text), expected, "{text:?}");
    }
}

#[test]
fn a_plain_scalar_has_the_type_that_yaml_gives_it() {
    let cases = [
        (Some(PlainType::Null), "~ null Null NULL"),
        (Some(PlainType::Bool), "true True TRUE false False FALSE"),
        (
            Some(PlainType::Number),
            "0 -1 +1 1.5 .5 1e9 1.e2 0o17 0xFf .inf -.INF .nan 007",
        ),
        (
            None,
            "yes no on off 1_000 0b1 1e . -a + nan inf -.nan 0o8 0x 127.0.0.1 1s ${HOST}",
        ),
    ];
    for (expected, words) in cases {
        for word in words.split(' ') {
            let node = tree(&format!("key: {word}"));
            let Kind::Mapping(entries) = node.kind else {
                panic!("{word}")
            };
            let Kind::Scalar(scalar) = &entries[0].1.kind else {
                panic!("{word}")
            };
            assert_eq!(scalar.plain_type(), expected, "{word}");
        }
    }
}

#[test]
fn quotes_and_blocks_are_always_text_and_an_empty_file_is_null() {
    for text in ["'1'", "\"1\"", "|\n 1", ">\n 1"] {
        let Kind::Scalar(scalar) = tree(text).kind else {
            panic!("{text}")
        };
        assert_eq!((scalar.plain_type(), scalar.form), (None, Form::Quoted), "{text}");
    }
    for text in ["", "# comment\n", "---\n", "\n\n"] {
        assert!(tree(text).is_null(), "{text:?}");
    }
}

#[test]
fn variables_are_filled_in_where_yaml_has_escapes_and_nowhere_else() {
    let cases = [
        ("http://${HOST}/", "http://example.org/"),
        ("\"${HOST}\"", "example.org"),
        ("'${HOST}'", "${HOST}"),
        ("|-\n ${HOST}", "${HOST}"),
        ("$${HOST}", "${HOST}"),
        ("a\n ${HOST}", "a example.org"),
    ];
    for (text, expected) in cases {
        let Kind::Scalar(scalar) = tree(text).kind else {
            panic!("{text}")
        };
        assert_eq!(scalar.text, expected, "{text}");
    }
}

#[test]
fn a_value_from_the_environment_never_becomes_structure() {
    for text in ["${TRICK}", "\"${TRICK}\""] {
        let Kind::Scalar(scalar) = tree(text).kind else {
            panic!("{text}")
        };
        assert_eq!(
            (scalar.text.as_str(), scalar.form),
            ("[a, b]: {c: d}\ne: f", Form::Substituted)
        );
    }
}

#[test]
fn the_first_of_two_equal_keys_is_kept() {
    let Kind::Mapping(entries) = read("a: 1\na: 2\n").node.unwrap().kind else {
        panic!()
    };
    assert_eq!(entries.len(), 1);
    assert!(matches!(&entries[0].1.kind, Kind::Scalar(scalar) if scalar.text == "1"));
}

#[test]
fn depth_and_size_are_bounded() {
    assert_eq!(said(&format!("{}{}", "[".repeat(33), "]".repeat(33))), "");
    let deep = said(&format!("{}{}", "[".repeat(34), "]".repeat(34)));
    assert!(deep.starts_with("error[too-deep]"), "{deep}");
    let deep = said(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    assert!(deep.starts_with("error[too-deep]"), "{deep}");
    let deep = said(&"- ".repeat(10_000));
    assert!(deep.starts_with("error[too-deep]"), "{deep}");
    let large = said(&" ".repeat(super::MAX_TEXT + 1));
    assert!(large.starts_with("error[too-large]"), "{large}");
    let many = said(&format!("[{}]", "1,".repeat(1_000_000)));
    assert!(many.starts_with("error[too-large]"), "{many}");
}

#[test]
fn ten_thousand_routes_load() {
    let route = "
- id: memory
  path: [/api/v1/memory/:id, /api/v1/memories/:id]
  methods:
    GET: { to: supabase, path: /memory-get/:id, query: { forward: none } }
";
    let text = format!("routes:\n{}", route.repeat(10_000));
    let Kind::Mapping(entries) = tree(&text).kind else {
        panic!()
    };
    assert!(matches!(&entries[0].1.kind, Kind::Sequence(routes) if routes.len() == 10_000));
}
