//! What is said about broken YAML.

use insta::assert_snapshot;

use super::said;

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
