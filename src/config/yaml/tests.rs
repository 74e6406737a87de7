use insta::assert_snapshot;

use super::{Form, Kind, Node, PlainType, parse};
use crate::config::environment::Environment;
use crate::diagnostic::{Diagnostics, Sources, Span};

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
        (
            "é: ü # ß\nä: 'ö'\n",
            &["é: ü # ß\nä: 'ö'", "é", "ü", "ä", "'ö'"],
        ),
        (
            "a:\n  b: c\n\n# end\n",
            &["a:\n  b: c", "a", "b: c", "b", "c"],
        ),
        (
            "a:\n- b\n- c: d\n",
            &["a:\n- b\n- c: d", "a", "b\n- c: d", "b", "c: d", "c", "d"],
        ),
        (
            "\u{feff}a: b\r\nc: d\r\n",
            &["a: b\r\nc: d", "a", "b", "c", "d"],
        ),
        ("a:\n\nb: c", &["a:\n\nb: c", "a", "", "b", "c"]),
        (
            "{ a: { b: 1 } }",
            &["{ a: { b: 1 } }", "a", "{ b: 1 }", "b", "1"],
        ),
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
        assert_eq!(
            (scalar.plain_type(), scalar.form),
            (None, Form::Quoted),
            "{text}"
        );
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
fn an_unset_variable_is_marked_at_its_characters() {
    assert_snapshot!(said("é: \"ü ${HOST} $${X} ${DOCS_URL}:${PORT:?which port}\"\n"), @r#"
    error[unset-variable]: the environment variable `DOCS_URL` is not set
     --> routes.yaml:1:21
      |
    1 | é: "ü ${HOST} $${X} ${DOCS_URL}:${PORT:?which port}"
      |                     ^^^^^^^^^^^ has no value and no default
      |
      = help: set it, or write `${DOCS_URL:-default}`

    error[unset-variable]: the environment variable `PORT` must be set: which port
     --> routes.yaml:1:33
      |
    1 | é: "ü ${HOST} $${X} ${DOCS_URL}:${PORT:?which port}"
      |                                 ^^^^^^^^^^^^^^^^^^^ has no value
    "#);
}

#[test]
fn a_variable_hidden_by_an_escape_marks_the_whole_scalar() {
    assert_snapshot!(said("a: \"\\u0024{NONE} ${HOST}\"\n"), @r#"
    error[unset-variable]: the environment variable `NONE` is not set
     --> routes.yaml:1:4
      |
    1 | a: "\u0024{NONE} ${HOST}"
      |    ^^^^^^^^^^^^^^^^^^^^^^ has no value and no default
      |
      = help: set it, or write `${NONE:-default}`
    "#);
}

#[test]
fn something_else_in_braces_is_no_variable() {
    assert_snapshot!(said("a: \"${not a name} ${HOST\"\n"), @r#"
    error[invalid-value]: this is not a reference to an environment variable
     --> routes.yaml:1:5
      |
    1 | a: "${not a name} ${HOST"
      |     ^^^^^^^^^^^^^ expected `${NAME}`, `${NAME:-default}` or `${NAME:?message}`
      |
      = help: write `$${` for a literal `${`

    error[invalid-value]: this is not a reference to an environment variable
     --> routes.yaml:1:19
      |
    1 | a: "${not a name} ${HOST"
      |                   ^^^^^^^ expected `${NAME}`, `${NAME:-default}` or `${NAME:?message}`
      |
      = help: write `$${` for a literal `${`
    "#);
}

#[test]
fn a_duplicate_key_is_shown_at_both_places() {
    assert_snapshot!(said("upstreams:\n  docs: 1\n  legacy: 2\n  \"docs\": 3\n"), @r#"
    error[duplicate-key]: the key `docs` appears twice
     --> routes.yaml:4:3
      |
    2 |   docs: 1
      |   ---- first time
    3 |   legacy: 2
    4 |   "docs": 3
      |   ^^^^^^ second time
    "#);
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
fn a_mistake_of_syntax_is_shown_after_the_mistakes_before_it() {
    assert_snapshot!(said("a: ${NONE}\nb: [1, 2\nc: 3\n"), @"
    error[unset-variable]: the environment variable `NONE` is not set
     --> routes.yaml:1:4
      |
    1 | a: ${NONE}
      |    ^^^^^^^ has no value and no default
      |
      = help: set it, or write `${NONE:-default}`

    error[yaml-syntax]: this is not valid YAML
     --> routes.yaml:3:2
      |
    2 | b: [1, 2
      |    - inside this bracket
    3 | c: 3
      |  ^ illegal placement of ':' indicator
    ");
}

#[test]
fn a_variable_without_quotes_between_brackets_is_explained() {
    assert_snapshot!(said("endpoints: [${HOST}]\n"), @"
    error[yaml-syntax]: this is not valid YAML
     --> routes.yaml:1:14
      |
    1 | endpoints: [${HOST}]
      |            - ^ while parsing a flow sequence, expected ',' or ']'
      |            |
      |            inside this bracket
      |
      = help: between `[ ]` or `{ }` a `${…}` must be in double quotes
    ");
    assert_snapshot!(said("health: { path: ${HOST} }\n"), @"
    error[yaml-syntax]: this is not valid YAML
     --> routes.yaml:1:18
      |
    1 | health: { path: ${HOST} }
      |         -        ^ while parsing a flow mapping, did not find expected ',' or '}'
      |         |
      |         inside this bracket
      |
      = help: between `[ ]` or `{ }` a `${…}` must be in double quotes
    ");
}

#[test]
fn anchors_aliases_and_merge_keys_are_refused() {
    assert_snapshot!(said("a: &x { b: 1 }\nc: *x\nd:\n  <<: *x\ne: &y 1\n"), @"
    error[yaml-alias]: YAML anchors and aliases are not supported
     --> routes.yaml:1:4
      |
    1 | a: &x { b: 1 }
      |    ^^
      |
      = help: write the value out where it is needed; text that begins with `&` or `*` needs quotes

    error[yaml-alias]: YAML anchors and aliases are not supported
     --> routes.yaml:2:4
      |
    2 | c: *x
      |    ^^
      |
      = help: write the value out where it is needed; text that begins with `&` or `*` needs quotes

    error[yaml-alias]: YAML anchors and aliases are not supported
     --> routes.yaml:4:7
      |
    4 |   <<: *x
      |       ^^
      |
      = help: write the value out where it is needed; text that begins with `&` or `*` needs quotes

    error[yaml-alias]: YAML anchors and aliases are not supported
     --> routes.yaml:5:4
      |
    5 | e: &y 1
      |    ^^
      |
      = help: write the value out where it is needed; text that begins with `&` or `*` needs quotes
    ");
    assert_snapshot!(said("path: *\n"), @"
    error[yaml-alias]: YAML anchors and aliases are not supported
     --> routes.yaml:1:7
      |
    1 | path: *
      |       ^
      |
      = help: write the value out where it is needed; text that begins with `&` or `*` needs quotes
    ");
    assert_snapshot!(said("path: *unknown\n"), @"
    error[yaml-alias]: YAML anchors and aliases are not supported
     --> routes.yaml:1:7
      |
    1 | path: *unknown
      |       ^
      |
      = help: write the value out where it is needed; text that begins with `&` or `*` needs quotes
    ");
}

#[test]
fn tags_are_refused() {
    assert_snapshot!(said("a: !!int 1\nb: !x [1]\n"), @"
    error[yaml-tag]: YAML tags are not supported
     --> routes.yaml:1:4
      |
    1 | a: !!int 1
      |    ^^^^^
      |
      = help: remove the tag; text that begins with `!` needs quotes

    error[yaml-tag]: YAML tags are not supported
     --> routes.yaml:2:4
      |
    2 | b: !x [1]
      |    ^^
      |
      = help: remove the tag; text that begins with `!` needs quotes
    ");
}

#[test]
fn a_second_document_is_refused() {
    assert_snapshot!(said("a: 1\n---\nb: 2\n"), @"
    error[several-documents]: a second YAML document begins here
     --> routes.yaml:2:1
      |
    2 | ---
      | ^^^
      |
      = help: a file holds one document: remove the `---`
    ");
    assert_eq!(said("---\na: 1\n...\n"), "");
}

#[test]
fn keys_are_words() {
    assert_snapshot!(said("[a]: 1\n? { b: c }\n: 2\n"), @"
    error[wrong-type]: a key must be text, found a list
     --> routes.yaml:1:1
      |
    1 | [a]: 1
      | ^^^

    error[wrong-type]: a key must be text, found a mapping
     --> routes.yaml:2:3
      |
    2 | ? { b: c }
      |   ^^^^^^^^
    ");
}

#[test]
fn depth_and_size_are_bounded() {
    assert_eq!(said(&format!("{}{}", "[".repeat(32), "]".repeat(32))), "");
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
