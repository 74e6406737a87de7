use insta::assert_snapshot;

use super::{said, said_of};

#[test]
fn names_that_are_not_defined_are_reported_with_the_nearest() {
    assert_snapshot!(said("
cors: { platform: { origins: [] } }
routes:
  - { id: a, path: /a, to: upp, hosts: [pubic, guide], cors: platfrom }
  - { id: b, path: /b, to: somewhere, hosts: [public], cors: strict }
  - { id: c, path: /c, to: up, cors: nonee }
"), @"
    error[unknown-upstream]: there is no upstream called `upp`
     --> routes.yaml:7:28
      |
    7 |   - { id: a, path: /a, to: upp, hosts: [pubic, guide], cors: platfrom }
      |                            ^^^ not defined under `upstreams`
      |
      = help: did you mean `up`?

    error[unknown-host-group]: there is no host group called `pubic`
     --> routes.yaml:7:41
      |
    7 |   - { id: a, path: /a, to: upp, hosts: [pubic, guide], cors: platfrom }
      |                                         ^^^^^ not defined under `hosts`
      |
      = help: did you mean `public`?

    error[unknown-cors-policy]: there is no CORS policy called `platfrom`
     --> routes.yaml:7:62
      |
    7 |   - { id: a, path: /a, to: upp, hosts: [pubic, guide], cors: platfrom }
      |                                                              ^^^^^^^^ not defined under `cors`
      |
      = help: did you mean `platform`?

    error[unknown-upstream]: there is no upstream called `somewhere`
     --> routes.yaml:8:28
      |
    8 |   - { id: b, path: /b, to: somewhere, hosts: [public], cors: strict }
      |                            ^^^^^^^^^ not defined under `upstreams`
      |
      = help: known under `upstreams`: up, other

    error[unknown-cors-policy]: there is no CORS policy called `strict`
     --> routes.yaml:8:62
      |
    8 |   - { id: b, path: /b, to: somewhere, hosts: [public], cors: strict }
      |                                                              ^^^^^^ not defined under `cors`
      |
      = help: known under `cors`: platform

    error[unknown-cors-policy]: there is no CORS policy called `nonee`
     --> routes.yaml:9:38
      |
    9 |   - { id: c, path: /c, to: up, cors: nonee }
      |                                      ^^^^^ not defined under `cors`
      |
      = help: did you mean `none`?
    ");
}

#[test]
fn defaults_name_what_is_defined_too() {
    assert_snapshot!(said("
defaults: { hosts: [pubic], cors: platform }
routes: [{ id: a, path: /a, to: up }]
"), @"
    error[unknown-host-group]: there is no host group called `pubic`
     --> routes.yaml:5:21
      |
    5 | defaults: { hosts: [pubic], cors: platform }
      |                     ^^^^^ not defined under `hosts`
      |
      = help: did you mean `public`?

    error[unknown-cors-policy]: there is no CORS policy called `platform`
     --> routes.yaml:5:35
      |
    5 | defaults: { hosts: [pubic], cors: platform }
      |                                   ^^^^^^^^ not defined under `cors`
    ");
}

#[test]
fn a_name_from_the_environment_is_not_shown() {
    assert_snapshot!(said("routes: [{ id: a, path: /a, to: \"${WORD}\" }]\n"), @r#"
    error[unknown-upstream]: with its variables filled in, this names no upstream
     --> routes.yaml:4:33
      |
    4 | routes: [{ id: a, path: /a, to: "${WORD}" }]
      |                                 ^^^^^^^^^^ not defined under `upstreams`
      |
      = help: known under `upstreams`: up, other
    "#);
}

#[test]
fn a_definition_that_was_reported_is_not_missing_as_well() {
    assert_snapshot!(said_of("
version: 1
hosts: { public: 5, other: { names: [a.example] } }
cors: { platform: { origins: 5 } }
upstreams: { up: { endpoints: 5 } }
routes: [{ id: a, path: /a, to: up, hosts: [public], cors: platform }]
"), @"
    error[wrong-type]: expected a host group, found a number
     --> routes.yaml:3:18
      |
    3 | hosts: { public: 5, other: { names: [a.example] } }
      |                  ^

    error[wrong-type]: expected a list of origins, found a number
     --> routes.yaml:4:30
      |
    4 | cors: { platform: { origins: 5 } }
      |                              ^

    error[invalid-value]: `5` is not a base URL
     --> routes.yaml:5:31
      |
    5 | upstreams: { up: { endpoints: 5 } }
      |                               ^ an endpoint starts with http:// or https://
    ");
}

#[test]
fn a_definition_with_a_bad_name_is_reported_once() {
    assert_snapshot!(said_of("
version: 1
hosts: { Public: { names: [a.example] } }
cors: { none: { origins: [] } }
upstreams: { the_docs: { endpoints: [\"http://127.0.0.1:1\"] } }
routes: [{ id: a, path: /a, to: the_docs, hosts: [Public], cors: none }]
"), @r#"
    error[invalid-value]: `Public` cannot be the name of a host group
     --> routes.yaml:3:10
      |
    3 | hosts: { Public: { names: [a.example] } }
      |          ^^^^^^ a name is 1 to 64 lower-case letters, digits and dashes

    error[invalid-value]: no CORS policy can be called `none`
     --> routes.yaml:4:9
      |
    4 | cors: { none: { origins: [] } }
      |         ^^^^ this word has a meaning of its own

    error[invalid-value]: `the_docs` cannot be the name of an upstream
     --> routes.yaml:5:14
      |
    5 | upstreams: { the_docs: { endpoints: ["http://127.0.0.1:1"] } }
      |              ^^^^^^^^ a name is 1 to 64 lower-case letters, digits and dashes
    "#);
}

#[test]
fn two_routes_of_one_id_are_both_shown() {
    assert_snapshot!(said("
routes:
  - { id: docs, path: /docs, to: up }
  - { id: docs, path: /guide, to: up }
"), @"
    error[duplicate-id]: two routes are called `docs`
     --> routes.yaml:7:11
      |
    6 |   - { id: docs, path: /docs, to: up }
      |           ---- first route
    7 |   - { id: docs, path: /guide, to: up }
      |           ^^^^ second route
    ");
}

#[test]
fn a_host_belongs_to_one_group_once() {
    assert_snapshot!(said_of("
version: 1
hosts:
  public: { names: [a.example, \"*.b.example\", a.example], loopback: true }
  auth: { names: [\"*.b.example\", b.example], loopback: true }
  empty: {}
routes: [{ id: a, path: /a, respond: { status: 204 } }]
"), @r#"
    error[duplicate-host]: `a.example` stands twice in `public`
     --> routes.yaml:4:47
      |
    4 |   public: { names: [a.example, "*.b.example", a.example], loopback: true }
      |                     --------- first time      ^^^^^^^^^ second time

    error[duplicate-host]: `*.b.example` belongs to `public` and to `auth`
     --> routes.yaml:5:19
      |
    4 |   public: { names: [a.example, "*.b.example", a.example], loopback: true }
      |                                ------------- first time
    5 |   auth: { names: ["*.b.example", b.example], loopback: true }
      |                   ^^^^^^^^^^^^^ second time

    error[duplicate-host]: `public` and `auth` both claim loopback
     --> routes.yaml:5:56
      |
    4 |   public: { names: [a.example, "*.b.example", a.example], loopback: true }
      |   ------ claims it first
    5 |   auth: { names: ["*.b.example", b.example], loopback: true }
      |                                                        ^^^^ only one group may

    error[missing-key]: the host group `empty` has no host
     --> routes.yaml:6:3
      |
    6 |   empty: {}
      |   ^^^^^ needs `names`, or `loopback: true`
    "#);
}

#[test]
fn a_group_is_named_once_and_every_host_stands_alone() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, to: up, hosts: [public, public] }
  - { id: b, path: /b, to: up, hosts: [\"*\", public] }
  - { id: c, path: /c, to: up, hosts: [] }
"), @r#"
    error[invalid-value]: `public` stands twice
     --> routes.yaml:6:48
      |
    6 |   - { id: a, path: /a, to: up, hosts: [public, public] }
      |                                                ^^^^^^

    error[invalid-value]: `*` means every known host and stands alone
     --> routes.yaml:7:40
      |
    7 |   - { id: b, path: /b, to: up, hosts: ["*", public] }
      |                                        ^^^

    error[invalid-value]: expected text or a list of texts, found an empty list
     --> routes.yaml:8:39
      |
    8 |   - { id: c, path: /c, to: up, hosts: [] }
      |                                       ^^
    "#);
}

#[test]
fn what_no_route_uses_is_a_warning() {
    assert_snapshot!(said("routes: [{ id: a, path: /a, to: up, hosts: [public] }]\n"), @r#"
    warning[unused-host-group]: no route serves the host group `guide`
     --> routes.yaml:2:44
      |
    2 | hosts: { public: { names: [api.example] }, guide: { names: [docs.example] } }
      |                                            ^^^^^ its hosts answer 404 to everything

    warning[unused-upstream]: no route sends to the upstream `other`
     --> routes.yaml:3:57
      |
    3 | upstreams: { up: { endpoints: ["http://127.0.0.1:1"] }, other: { endpoints: ["http://127.0.0.1:2"] } }
      |                                                         ^^^^^
    "#);
}

#[test]
fn what_a_broken_route_may_use_is_not_called_unused() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, to: up, hosts: [public] }
  - { id: b, path: b, to: other, hosts: [guide] }
"), @"
    error[invalid-pattern]: `b` is not a path pattern
     --> routes.yaml:7:20
      |
    7 |   - { id: b, path: b, to: other, hosts: [guide] }
      |                    ^ a path pattern starts with a slash
    ");
}
