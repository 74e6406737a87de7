use insta::assert_snapshot;

use super::{said, said_of};

#[test]
fn a_file_of_another_version_is_not_judged_by_this_one() {
    assert_snapshot!(said_of("version: 2\nsites: {}\n"), @"
    error[unsupported-version]: this version of the format is not known
     --> routes.yaml:1:10
      |
    1 | version: 2
      |          ^ this program reads version 1
    ");
}

#[test]
fn a_file_without_its_sections_lacks_them() {
    assert_snapshot!(said_of(""), @"
    error[wrong-type]: expected a route map, found nothing
     --> routes.yaml:1:1
      |
    1 |
      | ^
    ");
    assert_snapshot!(said_of("hosts: {}\nversion: \"1\"\n"), @r#"
    error[missing-key]: a route map needs the key `routes`
     --> routes.yaml:1:1
      |
    1 | hosts: {}
      | ^^^^^ missing `routes`

    error[invalid-value]: a route map serves at least one group of hosts
     --> routes.yaml:1:8
      |
    1 | hosts: {}
      |        ^^

    error[wrong-type]: expected a whole number, found text
     --> routes.yaml:2:10
      |
    2 | version: "1"
      |          ^^^
      |
      = help: remove the quotes
    "#);
}

#[test]
fn what_is_missing_does_not_hide_what_is_wrong() {
    assert_snapshot!(said_of("
hosts: { public: { names: [a.example] } }
upstreams: { up: {} }
routes:
  - { path: /a, to: down }
  - { id: B, path: /b, to: down, timeouts: { idle: 5 } }
"), @"
    error[missing-key]: a route map needs the key `version`
     --> routes.yaml:2:1
      |
    2 | hosts: { public: { names: [a.example] } }
      | ^^^^^ missing `version`

    error[missing-key]: an upstream needs the key `endpoints`
     --> routes.yaml:3:18
      |
    3 | upstreams: { up: {} }
      |                  ^^ missing `endpoints`

    error[missing-key]: a route needs the key `id`
     --> routes.yaml:5:7
      |
    5 |   - { path: /a, to: down }
      |       ^^^^ missing `id`

    error[unknown-upstream]: there is no upstream called `down`
     --> routes.yaml:5:21
      |
    5 |   - { path: /a, to: down }
      |                     ^^^^ not defined under `upstreams`
      |
      = help: known under `upstreams`: up

    error[invalid-value]: `B` is not a route's id
     --> routes.yaml:6:11
      |
    6 |   - { id: B, path: /b, to: down, timeouts: { idle: 5 } }
      |           ^ an id is 1 to 64 lower-case letters, digits and dashes

    error[unknown-upstream]: there is no upstream called `down`
     --> routes.yaml:6:28
      |
    6 |   - { id: B, path: /b, to: down, timeouts: { idle: 5 } }
      |                            ^^^^ not defined under `upstreams`
      |
      = help: known under `upstreams`: up

    error[invalid-value]: `5` is not a duration
     --> routes.yaml:6:52
      |
    6 |   - { id: B, path: /b, to: down, timeouts: { idle: 5 } }
      |                                                    ^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`
    ");
}

#[test]
fn limits_are_in_range() {
    assert_snapshot!(said("
defaults: { body_limit: 10MB, timeouts: { connect: 0ms, first_byte: 366d, idle: none, total: never } }
routes:
  - { id: a, path: /a, to: up, stream: udp, raw: 1, json_body: { a: b }, json_body_limit: -1 }
  - { id: a b, path: /b, endpoint: healthy }
  - { id: c, path: /c, to: up, query: { forward: some } }
"), @"
    error[invalid-value]: `10MB` is not a size
     --> routes.yaml:5:25
      |
    5 | defaults: { body_limit: 10MB, timeouts: { connect: 0ms, first_byte: 366d, idle: none, total: never } }
      |                         ^^^^ a size is a number of bytes, or a number and a unit: `64KiB`, `10MiB` or `1GiB`

    error[invalid-value]: this duration is 0
     --> routes.yaml:5:52
      |
    5 | defaults: { body_limit: 10MB, timeouts: { connect: 0ms, first_byte: 366d, idle: none, total: never } }
      |                                                    ^^^ must be longer than nothing

    error[invalid-value]: this duration is too long
     --> routes.yaml:5:69
      |
    5 | defaults: { body_limit: 10MB, timeouts: { connect: 0ms, first_byte: 366d, idle: none, total: never } }
      |                                                                     ^^^^ must be at most `365d`

    error[invalid-value]: `none` is not a duration
     --> routes.yaml:5:81
      |
    5 | defaults: { body_limit: 10MB, timeouts: { connect: 0ms, first_byte: 366d, idle: none, total: never } }
      |                                                                                 ^^^^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`

    error[invalid-value]: `never` is not a duration
     --> routes.yaml:5:94
      |
    5 | defaults: { body_limit: 10MB, timeouts: { connect: 0ms, first_byte: 366d, idle: none, total: never } }
      |                                                                                              ^^^^^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`

    error[invalid-value]: expected `websocket` or `sse`, found `udp`
     --> routes.yaml:7:40
      |
    7 |   - { id: a, path: /a, to: up, stream: udp, raw: 1, json_body: { a: b }, json_body_limit: -1 }
      |                                        ^^^

    error[wrong-type]: expected true or false, found a number
     --> routes.yaml:7:50
      |
    7 |   - { id: a, path: /a, to: up, stream: udp, raw: 1, json_body: { a: b }, json_body_limit: -1 }
      |                                                  ^

    error[invalid-value]: `-1` is not a size
     --> routes.yaml:7:91
      |
    7 |   - { id: a, path: /a, to: up, stream: udp, raw: 1, json_body: { a: b }, json_body_limit: -1 }
      |                                                                                           ^^ a size is a number of bytes, or a number and a unit: `64KiB`, `10MiB` or `1GiB`

    error[invalid-value]: `a b` is not a route's id
     --> routes.yaml:8:11
      |
    8 |   - { id: a b, path: /b, endpoint: healthy }
      |           ^^^ an id is 1 to 64 lower-case letters, digits and dashes

    error[invalid-value]: expected `health`, `health-full`, `status` or `route-policy`, found `healthy`
     --> routes.yaml:8:36
      |
    8 |   - { id: a b, path: /b, endpoint: healthy }
      |                                    ^^^^^^^
      |
      = help: did you mean `health`?

    error[invalid-value]: expected `all` or `none`, found `some`
     --> routes.yaml:9:50
      |
    9 |   - { id: c, path: /c, to: up, query: { forward: some } }
      |                                                  ^^^^
    ");
}
