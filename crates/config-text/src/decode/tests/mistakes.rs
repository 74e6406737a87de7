//! What is said about values that are not what they should be.

use insta::assert_snapshot;

use super::{File, Samples, Upstream, said};

#[test]
fn every_mistake_is_found_in_one_run() {
    let text = "\
version: one
upstreams:
  docs:
    endpoits: [http://127.0.0.1:4005]
    critical: yes
    critical: true
  legacy: [1, 2]
  mcp:
    endpoints: [2, \"${MCP_URL}\"]
    pool_idle: 5
    hsts: alwys
    retries: 3
  memory: {}
";
    assert_snapshot!(said::<File>(text), @r#"
    error[wrong-type]: expected a whole number, found text
     --> routes.yaml:1:10
      |
    1 | version: one
      |          ^^^

    error[unknown-key]: an upstream has no key `endpoits`
     --> routes.yaml:4:5
      |
    4 |     endpoits: [http://127.0.0.1:4005]
      |     ^^^^^^^^ unknown key
      |
      = help: did you mean `endpoints`?

    error[wrong-type]: expected true or false, found text
     --> routes.yaml:5:15
      |
    5 |     critical: yes
      |               ^^^
      |
      = help: did you mean `true`?

    error[duplicate-key]: the key `critical` appears twice
     --> routes.yaml:6:5
      |
    5 |     critical: yes
      |     -------- first time
    6 |     critical: true
      |     ^^^^^^^^ second time

    error[wrong-type]: expected an upstream, found a list
     --> routes.yaml:7:11
      |
    7 |   legacy: [1, 2]
      |           ^^^^^^

    error[wrong-type]: expected text, found a number
     --> routes.yaml:9:17
      |
    9 |     endpoints: [2, "${MCP_URL}"]
      |                 ^
      |
      = help: put it in quotes: "2"

    error[unset-variable]: the environment variable `MCP_URL` is not set
     --> routes.yaml:9:21
      |
    9 |     endpoints: [2, "${MCP_URL}"]
      |                     ^^^^^^^^^^ has no value and no default
      |
      = help: set it, or write `${MCP_URL:-default}`

    error[invalid-value]: `5` is not a duration
      --> routes.yaml:10:16
       |
    10 |     pool_idle: 5
       |                ^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`

    error[invalid-value]: expected `https`, `always` or `never`, found `alwys`
      --> routes.yaml:11:11
       |
    11 |     hsts: alwys
       |           ^^^^^
       |
       = help: did you mean `always`?

    error[unknown-key]: an upstream has no key `retries`
      --> routes.yaml:12:5
       |
    12 |     retries: 3
       |     ^^^^^^^ unknown key
       |
       = help: known keys: endpoints, base_path, critical, pool_idle, body, hsts

    error[missing-key]: an upstream needs the key `endpoints`
      --> routes.yaml:13:11
       |
    13 |   memory: {}
       |           ^^ missing `endpoints`
    "#);
}

#[test]
fn a_wrong_type_names_what_was_wanted_and_what_was_found() {
    let text = "\
text: 8080
flag: \"true\"
port: \"80\"
big: text
wait:
size: [1]
list: true
many: { a: b }
word: [always]
json: .inf
host: null
boxed: true
free-texts: text
ports: 80
";
    assert_snapshot!(said::<Samples>(text), @r#"
    error[wrong-type]: expected text, found a number
     --> routes.yaml:1:7
      |
    1 | text: 8080
      |       ^^^^
      |
      = help: put it in quotes: "8080"

    error[wrong-type]: expected true or false, found text
     --> routes.yaml:2:7
      |
    2 | flag: "true"
      |       ^^^^^^
      |
      = help: remove the quotes

    error[wrong-type]: expected a whole number, found text
     --> routes.yaml:3:7
      |
    3 | port: "80"
      |       ^^^^
      |
      = help: remove the quotes

    error[wrong-type]: expected a whole number, found text
     --> routes.yaml:4:6
      |
    4 | big: text
      |      ^^^^

    error[wrong-type]: expected a duration, found nothing
     --> routes.yaml:5:5
      |
    5 | wait:
      |     ^

    error[wrong-type]: expected a size, found a list
     --> routes.yaml:6:7
      |
    6 | size: [1]
      |       ^^^

    error[wrong-type]: expected a list of booleans, found a boolean
     --> routes.yaml:7:7
      |
    7 | list: true
      |       ^^^^

    error[wrong-type]: expected text, found a mapping
     --> routes.yaml:8:7
      |
    8 | many: { a: b }
      |       ^^^^^^^^

    error[wrong-type]: expected `https`, `always` or `never`, found a list
     --> routes.yaml:9:7
      |
    9 | word: [always]
      |       ^^^^^^^^

    error[invalid-value]: `.inf` is not a JSON number
      --> routes.yaml:10:7
       |
    10 | json: .inf
       |       ^^^^ JSON has no way to write this number

    error[wrong-type]: expected a host name, found nothing
      --> routes.yaml:11:7
       |
    11 | host: null
       |       ^^^^

    error[wrong-type]: expected a whole number, found a boolean
      --> routes.yaml:12:8
       |
    12 | boxed: true
       |        ^^^^

    error[wrong-type]: expected a mapping, found text
      --> routes.yaml:13:13
       |
    13 | free-texts: text
       |             ^^^^

    error[wrong-type]: expected a list of whole numbers, found a number
      --> routes.yaml:14:8
       |
    14 | ports: 80
       |        ^^
    "#);
}

#[test]
fn a_value_that_cannot_be_used_says_why() {
    let text = "\
port: 65536
big: -1
wait: 5
size: 10MB
many: []
word: Alwais
host: a/b
boxed: 1.5
";
    assert_snapshot!(said::<Samples>(text), @"
    error[invalid-value]: `65536` is not a whole number that fits
     --> routes.yaml:1:7
      |
    1 | port: 65536
      |       ^^^^^ only digits, and at most 65535

    error[invalid-value]: `-1` is not a whole number that fits
     --> routes.yaml:2:6
      |
    2 | big: -1
      |      ^^ only digits, and at most 18446744073709551615

    error[invalid-value]: `5` is not a duration
     --> routes.yaml:3:7
      |
    3 | wait: 5
      |       ^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`

    error[invalid-value]: `10MB` is not a size
     --> routes.yaml:4:7
      |
    4 | size: 10MB
      |       ^^^^ a size is a number of bytes, or a number and a unit: `64KiB`, `10MiB` or `1GiB`

    error[invalid-value]: expected text or a list of texts, found an empty list
     --> routes.yaml:5:7
      |
    5 | many: []
      |       ^^

    error[invalid-value]: expected `https`, `always` or `never`, found `Alwais`
     --> routes.yaml:6:7
      |
    6 | word: Alwais
      |       ^^^^^^
      |
      = help: did you mean `always`?

    error[invalid-value]: `a/b` is not a host name
     --> routes.yaml:7:7
      |
    7 | host: a/b
      |       ^^^ a host name has no `/`

    error[invalid-value]: `1.5` is not a whole number that fits
     --> routes.yaml:8:8
      |
    8 | boxed: 1.5
      |        ^^^ only digits, and at most 4294967295
    ");
}

#[test]
fn a_missing_key_is_shown_at_the_first_key_of_its_mapping() {
    assert_snapshot!(said::<Upstream>("critical: true\nhsts: never\n"), @"
    error[missing-key]: an upstream needs the key `endpoints`
     --> routes.yaml:1:1
      |
    1 | critical: true
      | ^^^^^^^^ missing `endpoints`
    ");
    assert_snapshot!(said::<Upstream>("{}\n"), @"
    error[missing-key]: an upstream needs the key `endpoints`
     --> routes.yaml:1:1
      |
    1 | {}
      | ^^ missing `endpoints`
    ");
}

#[test]
fn a_private_value_is_not_repeated() {
    let text = "wait: ${PRIVATE}\nport: ${PRIVATE}\nword: ${PRIVATE}\nhost: x${PRIVATE}/\nflag: ${PRIVATE}\n";
    let text = said::<Samples>(text);
    assert_eq!(text.matches("error[").count(), 5, "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
