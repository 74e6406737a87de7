use insta::assert_snapshot;

use super::said;

#[test]
fn a_route_or_method_without_a_target_is_named() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a }
  - { id: b, path: /b, methods: { GET: {}, POST: { to: up } } }
  - { id: c, path: /c, methods: {} }
  - { id: d, path: /d, query: { forward: none } }
  - { id: e, path: /e, methods: [GET] }
  - { id: f, path: /f, methods: [], to: up }
"), @"
    error[missing-target]: the route `a` does not say where requests go
     --> routes.yaml:6:11
      |
    6 |   - { id: a, path: /a }
      |           ^ no `to`, `respond`, `redirect`, `static` or `endpoint`

    error[missing-target]: the method `GET` does not say where requests go
     --> routes.yaml:7:35
      |
    7 |   - { id: b, path: /b, methods: { GET: {}, POST: { to: up } } }
      |                                   ^^^ no `to`, `respond`, `redirect`, `static` or `endpoint`

    error[missing-target]: the route `c` has no method
     --> routes.yaml:8:33
      |
    8 |   - { id: c, path: /c, methods: {} }
      |                                 ^^

    error[missing-target]: the route `d` does not say where requests go
     --> routes.yaml:9:11
      |
    9 |   - { id: d, path: /d, query: { forward: none } }
      |           ^                   ----------------- `query` needs a `to` beside it
      |           |
      |           no `to`, `respond`, `redirect`, `static` or `endpoint`

    error[missing-target]: the route `e` does not say where requests go
      --> routes.yaml:10:11
       |
    10 |   - { id: e, path: /e, methods: [GET] }
       |           ^ no `to`, `respond`, `redirect`, `static` or `endpoint`

    error[invalid-value]: the route `f` has no method
      --> routes.yaml:11:33
       |
    11 |   - { id: f, path: /f, methods: [], to: up }
       |                                 ^^
    ");
}

#[test]
fn a_misspelt_target_is_one_mistake() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, too: up }
  - { id: b, path: /b, methods: { GET: { redirct: { to: /c } } } }
"), @"
    error[unknown-key]: a route has no key `too`
     --> routes.yaml:6:24
      |
    6 |   - { id: a, path: /a, too: up }
      |                        ^^^ unknown key
      |
      = help: did you mean `to`?

    error[unknown-key]: a target has no key `redirct`
     --> routes.yaml:7:42
      |
    7 |   - { id: b, path: /b, methods: { GET: { redirct: { to: /c } } } }
      |                                          ^^^^^^^ unknown key
      |
      = help: did you mean `redirect`?
    ");
}

#[test]
fn a_target_of_the_wrong_type_is_one_mistake() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, respond: 404 }
  - { id: b, path: /b, methods: GET }
  - { id: c, path: /c, methods: { GET: up } }
"), @"
    error[wrong-type]: expected a fixed response, found a number
     --> routes.yaml:6:33
      |
    6 |   - { id: a, path: /a, respond: 404 }
      |                                 ^^^

    error[wrong-type]: expected a mapping from methods to targets, or a list of methods, found text
     --> routes.yaml:7:33
      |
    7 |   - { id: b, path: /b, methods: GET }
      |                                 ^^^

    error[wrong-type]: expected a target, found text
     --> routes.yaml:8:40
      |
    8 |   - { id: c, path: /c, methods: { GET: up } }
      |                                        ^^
    ");
}

#[test]
fn two_targets_are_named_by_their_keys() {
    assert_snapshot!(said("
routes:
  - id: a
    path: /a
    to: up
    redirect: { to: /b }
    respond: { status: 404 }
  - id: b
    path: /b
    to: up
    query: { forward: none }
    methods:
      GET: { to: up }
"), @"
    error[conflicting-target]: the route `a` has two targets, `to` and `redirect`
     --> routes.yaml:9:15
      |
    8 |     to: up
      |         -- the other
    9 |     redirect: { to: /b }
      |               ^^^^^^^^^^ keep one of them

    error[conflicting-target]: the route `a` has two targets, `to` and `respond`
      --> routes.yaml:10:14
       |
     8 |     to: up
       |         -- the other
     9 |     redirect: { to: /b }
    10 |     respond: { status: 404 }
       |              ^^^^^^^^^^^^^^^ keep one of them

    error[conflicting-target]: the route `b` has targets under `methods`, and `to` beside them
      --> routes.yaml:13:9
       |
    13 |     to: up
       |         ^^ belongs to one of the methods
    ...
    16 |       GET: { to: up }
       |       --------------- targets by method

    error[conflicting-target]: the route `b` has targets under `methods`, and `query` beside them
      --> routes.yaml:14:12
       |
    14 |     query: { forward: none }
       |            ^^^^^^^^^^^^^^^^^ belongs to one of the methods
    15 |     methods:
    16 |       GET: { to: up }
       |       --------------- targets by method
    ");
}

#[test]
fn what_belongs_to_an_upstream_is_refused_beside_other_targets() {
    assert_snapshot!(said("
routes:
  - id: a
    path: /a
    methods:
      GET: { respond: { status: 204 }, path: /b, request_headers: { remove: [cookie] } }
  - { id: b, path: /b, redirect: { to: /c }, stream: sse }
  - { id: c, path: /c, methods: { GET: { to: up, path: /d } }, raw: true }
  - { id: d, path: /d, to: up, json_body_limit: 1KiB }
  - { id: e, path: /e, to: up, json_body: {} }
"), @"
    error[conflicting-target]: `path` means nothing beside `respond`
     --> routes.yaml:9:46
      |
    9 |       GET: { respond: { status: 204 }, path: /b, request_headers: { remove: [cookie] } }
      |                       ---------------        ^^ changes what an upstream gets
      |                       |
      |                       no upstream is asked here

    error[conflicting-target]: `request_headers` means nothing beside `respond`
     --> routes.yaml:9:67
      |
    9 |       GET: { respond: { status: 204 }, path: /b, request_headers: { remove: [cookie] } }
      |                       --------------- no upstream is asked here   ^^^^^^^^^^^^^^^^^^^^ changes what an upstream gets

    error[conflicting-target]: `stream` means nothing here
      --> routes.yaml:10:54
       |
    10 |   - { id: b, path: /b, redirect: { to: /c }, stream: sse }
       |                                                      ^^^ no upstream is asked

    error[conflicting-target]: `raw` means nothing here
      --> routes.yaml:11:69
       |
    11 |   - { id: c, path: /c, methods: { GET: { to: up, path: /d } }, raw: true }
       |                                                                     ^^^^ no upstream gets the client's own path

    error[missing-key]: `json_body_limit` needs the key `json_body`
      --> routes.yaml:12:49
       |
    12 |   - { id: d, path: /d, to: up, json_body_limit: 1KiB }
       |                                                 ^^^^ no `json_body` beside this

    error[invalid-value]: `json_body` puts no field into the body
      --> routes.yaml:13:43
       |
    13 |   - { id: e, path: /e, to: up, json_body: {} }
       |                                           ^^
       |
       = help: name a field, or remove the key
    ");
}

#[test]
fn a_method_has_one_target() {
    assert_snapshot!(said("
routes:
  - id: a
    path: /a
    methods:
      GET, POST: { to: up }
      PUT, GET: { to: other }
      FETCH: { to: up }
      get: { to: up }
      \"any, GET\": { to: up }
  - { id: b, path: /b, methods: [GET, POST, GET], to: up }
  - { id: c, path: /c, methods: [any, GET], to: up }
  - { id: d, path: /d, methods: [Get], to: up }
"), @r#"
    error[conflicting-target]: GET has two targets
      --> routes.yaml:10:7
       |
     9 |       GET, POST: { to: up }
       |       --------- first time
    10 |       PUT, GET: { to: other }
       |       ^^^^^^^^ second time

    error[invalid-value]: `FETCH` is not a method or a list of them
      --> routes.yaml:11:7
       |
    11 |       FETCH: { to: up }
       |       ^^^^^ `FETCH` is not one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or `any`

    error[invalid-value]: `get` is not a method or a list of them
      --> routes.yaml:12:7
       |
    12 |       get: { to: up }
       |       ^^^ methods are case-sensitive: write GET

    error[invalid-value]: `any, GET` is not a method or a list of them
      --> routes.yaml:13:7
       |
    13 |       "any, GET": { to: up }
       |       ^^^^^^^^^^ `any` stands alone

    error[invalid-value]: the route names GET twice
      --> routes.yaml:14:45
       |
    14 |   - { id: b, path: /b, methods: [GET, POST, GET], to: up }
       |                                             ^^^

    error[invalid-value]: the route names GET twice
      --> routes.yaml:15:39
       |
    15 |   - { id: c, path: /c, methods: [any, GET], to: up }
       |                                       ^^^

    error[invalid-value]: `Get` is not a method
      --> routes.yaml:16:34
       |
    16 |   - { id: d, path: /d, methods: [Get], to: up }
       |                                  ^^^ methods are case-sensitive: write GET
    "#);
}
