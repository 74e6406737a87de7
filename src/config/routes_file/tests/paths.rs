use insta::assert_snapshot;

use super::said;

#[test]
fn a_bad_pattern_is_marked_with_what_is_wrong() {
    assert_snapshot!(said("
routes:
  - { id: a, path: a, to: up }
  - { id: b, path: [/b, \"/b/*/c\", \"/b/:x/:x\"], to: up }
  - { id: c, path: \"${WORD}\", to: up }
  - { id: d, path: [], to: up }
  - { id: e, path: 5, to: up }
"), @r#"
    error[invalid-pattern]: `a` is not a path pattern
     --> routes.yaml:6:20
      |
    6 |   - { id: a, path: a, to: up }
      |                    ^ a path pattern starts with a slash

    error[invalid-pattern]: `/b/*/c` is not a path pattern
     --> routes.yaml:7:25
      |
    7 |   - { id: b, path: [/b, "/b/*/c", "/b/:x/:x"], to: up }
      |                         ^^^^^^^^ `*` stands only at the end of a pattern

    error[invalid-pattern]: `/b/:x/:x` is not a path pattern
     --> routes.yaml:7:35
      |
    7 |   - { id: b, path: [/b, "/b/*/c", "/b/:x/:x"], to: up }
      |                                   ^^^^^^^^^^ `x` stands twice in this pattern

    error[invalid-pattern]: with its variables filled in, this is not a path pattern
     --> routes.yaml:8:20
      |
    8 |   - { id: c, path: "${WORD}", to: up }
      |                    ^^^^^^^^^

    error[invalid-value]: expected a path pattern or a list of path patterns, found an empty list
     --> routes.yaml:9:20
      |
    9 |   - { id: d, path: [], to: up }
      |                    ^^

    error[wrong-type]: expected text, found a number
      --> routes.yaml:10:20
       |
    10 |   - { id: e, path: 5, to: up }
       |                    ^
       |
       = help: put it in quotes: "5"
    "#);
}

#[test]
fn a_route_has_a_pattern_once_whatever_its_parameters_are_called() {
    assert_snapshot!(said("
routes:
  - { id: a, path: [/a/:x, /a/*, /a/:y], to: up }
"), @"
    error[invalid-pattern]: the route has the pattern `/a/:y` twice
     --> routes.yaml:6:34
      |
    6 |   - { id: a, path: [/a/:x, /a/*, /a/:y], to: up }
      |                     -----        ^^^^^ matches the same paths
      |                     |
      |                     first time
    ");
}

#[test]
fn every_pattern_captures_what_templates_use() {
    assert_snapshot!(said("
routes:
  - id: a
    path: [/a/:id, /b/:ident]
    methods:
      GET: { to: up, path: \"/x/:id/:id\" }
      POST: { to: up, query: { set: { key: \":idd\" } }, json_body: { all: \":splat\" } }
      PUT: { redirect: { to: /other/:id } }
  - { id: b, path: /c, methods: { any: { to: up, path: /function:run } } }
"), @r#"
    error[unknown-parameter]: `/b/:ident` does not capture `:id`
     --> routes.yaml:9:28
      |
    7 |     path: [/a/:id, /b/:ident]
      |                    --------- has no such parameter
    8 |     methods:
    9 |       GET: { to: up, path: "/x/:id/:id" }
      |                            ^^^^^^^^^^^^^ uses `:id`
      |
      = help: a colon before a letter begins a parameter; write `::` for a plain colon

    error[unknown-parameter]: `/a/:id` does not capture `:idd`
      --> routes.yaml:10:44
       |
     7 |     path: [/a/:id, /b/:ident]
       |            ------ has no such parameter
    ...
    10 |       POST: { to: up, query: { set: { key: ":idd" } }, json_body: { all: ":splat" } }
       |                                            ^^^^^^^ uses `:idd`
       |
       = help: did you mean `id`?

    error[unknown-parameter]: `/a/:id` does not capture `:splat`
      --> routes.yaml:10:74
       |
     7 |     path: [/a/:id, /b/:ident]
       |            ------ has no such parameter
    ...
    10 |       POST: { to: up, query: { set: { key: ":idd" } }, json_body: { all: ":splat" } }
       |                                                                          ^^^^^^^^^ uses `:splat`
       |
       = help: `:splat` is what a `*` at the end of the pattern takes

    error[unknown-parameter]: `/b/:ident` does not capture `:id`
      --> routes.yaml:11:30
       |
     7 |     path: [/a/:id, /b/:ident]
       |                    --------- has no such parameter
    ...
    11 |       PUT: { redirect: { to: /other/:id } }
       |                              ^^^^^^^^^^ uses `:id`
       |
       = help: a colon before a letter begins a parameter; write `::` for a plain colon

    error[unknown-parameter]: `/c` does not capture `:run`
      --> routes.yaml:12:56
       |
    12 |   - { id: b, path: /c, methods: { any: { to: up, path: /function:run } } }
       |                    -- has no such parameter            ^^^^^^^^^^^^^ uses `:run`
       |
       = help: a colon before a letter begins a parameter; write `::` for a plain colon
    "#);
}

#[test]
fn an_upstreams_path_is_canonical() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, methods: { any: { to: up, path: x } } }
  - { id: b, path: /b, methods: { any: { to: up, path: \"/x?y=1\" } } }
  - { id: c, path: /c, methods: { any: { to: up, path: /x//y } } }
  - { id: d, path: /d/:id, methods: { any: { to: up, path: /x/../:id } } }
  - { id: e, path: /e, methods: { any: { to: up, path: /../x } } }
  - { id: f, path: /f, methods: { any: { to: up, path: /%2e } } }
"), @r#"
    error[invalid-value]: this is not a path for an upstream
     --> routes.yaml:6:56
      |
    6 |   - { id: a, path: /a, methods: { any: { to: up, path: x } } }
      |                                                        ^ the path does not start with a slash

    error[invalid-value]: this is not a path for an upstream
     --> routes.yaml:7:56
      |
    7 |   - { id: b, path: /b, methods: { any: { to: up, path: "/x?y=1" } } }
      |                                                        ^^^^^^^^^ a path has no query: use `query: { set: … }`

    error[invalid-value]: this is not a path for an upstream
     --> routes.yaml:8:56
      |
    8 |   - { id: c, path: /c, methods: { any: { to: up, path: /x//y } } }
      |                                                        ^^^^^ not in canonical form, which is `/x/y`

    error[invalid-value]: this is not a path for an upstream
     --> routes.yaml:9:60
      |
    9 |   - { id: d, path: /d/:id, methods: { any: { to: up, path: /x/../:id } } }
      |                                                            ^^^^^^^^^ not in canonical form, which is `/x` where `x` stands for a parameter

    error[invalid-value]: this is not a path for an upstream
      --> routes.yaml:10:56
       |
    10 |   - { id: e, path: /e, methods: { any: { to: up, path: /../x } } }
       |                                                        ^^^^^ the path climbs above the root

    error[invalid-value]: this is not a path for an upstream
      --> routes.yaml:11:56
       |
    11 |   - { id: f, path: /f, methods: { any: { to: up, path: /%2e } } }
       |                                                        ^^^^ not in canonical form, which is `/`
    "#);
}

#[test]
fn routes_that_claim_the_same_request_are_both_shown() {
    assert_snapshot!(said("
routes:
  - { id: memory, path: [/memory, /memory/:id], to: up }
  - { id: note, path: [/memory/:note, /memory], methods: [GET, POST], to: other }
"), @"
    error[ambiguous-route]: `memory` and `note` claim the same requests, and neither is more specific
     --> routes.yaml:7:39
      |
    6 |   - { id: memory, path: [/memory, /memory/:id], to: up }
      |                          ------- and so does this
    7 |   - { id: note, path: [/memory/:note, /memory], methods: [GET, POST], to: other }
      |                                       ^^^^^^^ claims GET, HEAD, POST on the hosts of `public`
      |
      = help: tell them apart by a literal segment, a named host, a condition under `when`, or methods; or merge them
    ");
}

#[test]
fn routes_are_told_apart_by_host_condition_or_method() {
    assert_snapshot!(said("
routes:
  - { id: get, path: /a, methods: [GET], to: up }
  - { id: post, path: /a, methods: [POST], to: other }
  - { id: canary, path: /a, when: { headers: { x-canary: \"1\" } }, to: up }
  - { id: stable, path: /a, when: { headers: { X-Canary: \"2\" } }, to: other }
  - { id: guide, path: /a, hosts: [guide], to: other }
  - { id: literal, path: /b/c, to: other }
  - { id: parameter, path: /b/:c, to: other }
  - { id: rest, path: /b/*, to: other }
"), @"");
}

#[test]
fn a_route_that_can_never_be_chosen_names_the_winners() {
    assert_snapshot!(said("
routes:
  - { id: everywhere, path: /a, methods: [GET, POST], to: up }
  - { id: public-get, path: /a, hosts: [public, guide], methods: [GET], to: up }
  - { id: public-post, path: /a, hosts: [public, guide], methods: [POST], to: up }
  - { id: rest, path: /b/*, to: up }
  - { id: one, path: /b, to: up }
  - { id: more, path: /b/:x/*, to: up }
"), @"
    error[unreachable-route]: `everywhere` can never be chosen for `/a`
     --> routes.yaml:6:29
      |
    6 |   - { id: everywhere, path: /a, methods: [GET, POST], to: up }
      |                             ^^ more specific routes take every request that this could match
    7 |   - { id: public-get, path: /a, hosts: [public, guide], methods: [GET], to: up }
      |                             -- `public-get` wins here
    8 |   - { id: public-post, path: /a, hosts: [public, guide], methods: [POST], to: up }
      |                              -- `public-post` wins here

    error[unreachable-route]: `rest` can never be chosen for `/b/*`
      --> routes.yaml:9:23
       |
     9 |   - { id: rest, path: /b/*, to: up }
       |                       ^^^^ more specific routes take every request that this could match
    10 |   - { id: one, path: /b, to: up }
       |                      -- `one` wins here
    11 |   - { id: more, path: /b/:x/*, to: up }
       |                       ------- `more` wins here
    ");
}

/// What a mistake leaves of a route would match more than was meant, and clash with every other.
#[test]
fn a_mistake_in_what_a_route_matches_is_not_taken_for_a_clash() {
    let stable = "  - { id: stable, path: /a, hosts: [public], to: other }\n";
    let cases = [
        "  - { id: a, path: /a, hosts: [public], when: { headers: { x-canary: 1 } }, to: up }\n",
        "  - { id: a, path: /a, hosts: [public], when: { header: { x-canary: \"1\" } }, to: up }\n",
        "  - { id: a, path: /a, hosts: [public], when: { headers: { \"x canary\": \"1\" } }, to: up }\n",
        "  - { id: a, path: /a, hosts: [public], wen: { headers: { x-canary: \"1\" } }, to: up }\n",
        "  - { id: a, path: /a, hosts: [public], when: always, to: up }\n",
        "  - { id: a, path: /a, host: [guide], to: up }\n",
        "  - { id: a, path: /a, hosts: { guide: true }, to: up }\n",
        "  - { id: a, path: /a, hosts: [5, public], to: up }\n",
        "  - { id: a, path: /a, hosts: [\"${NONE}\", public], to: up }\n",
        "  - { id: a, path: /a, hosts: [public], when: { headers: { x-canary: \"${NONE}\" } }, to: up }\n",
        "  - { id: a, path: /a, hosts: [guid], to: up }\n",
        "  - { id: a, path: /a, hosts: [public], methods: { GTE: { to: up } } }\n",
        "  - { id: a, path: /a, hosts: [public], methods: [GTE], to: up }\n",
        "  - { id: a, path: /a, hosts: [public], method: [POST], to: up }\n",
    ];
    for case in cases {
        let defaults = "defaults: { hosts: [public] }\n";
        let said = said(&format!("{defaults}routes:\n{stable}{case}"));
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
        assert_eq!(errors.len(), 1, "{case}{said}");
    }
    for defaults in ["{ host: [public] }", "{ hosts: [pubic] }", "{ hosts: 5 }", "5"] {
        let everywhere = "  - { id: a, path: /a, hosts: \"*\", to: up }\n  - { id: b, path: /a, to: up }\n";
        let said = said(&format!("defaults: {defaults}\nroutes:\n{everywhere}"));
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
        assert_eq!(errors.len(), 1, "{defaults}\n{said}");
    }
    let get = "  - { id: get, path: /a, hosts: [public, guide], methods: [GET], to: other }\n";
    let said = said(&format!(
        "routes:\n{get}  - {{ id: a, path: /a, methods: [GET, POTS], to: up }}\n"
    ));
    assert!(!said.contains("unreachable"), "{said}");
}
