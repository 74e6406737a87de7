use insta::assert_snapshot;

use super::said;

#[test]
fn headers_that_a_route_cannot_edit_are_refused() {
    assert_snapshot!(said("
routes:
  - id: a
    path: /a
    to: up
    request_headers:
      set: { Connection: close, host: x.example, X-Forwarded-For: 1.2.3.4, X-User-Id: root, \"a b\": c }
      remove: [content-length, x-request-id]
      allow: [\"no header\"]
    response_headers:
      set: { Access-Control-Allow-Origin: x, server: mine }
      default: { transfer-encoding: chunked }
  - { id: b, path: /b, respond: { status: 200, headers: { Content-Length: \"5\" } } }
"), @r#"
    error[invalid-value]: the header `connection` cannot be edited
      --> routes.yaml:10:14
       |
    10 |       set: { Connection: close, host: x.example, X-Forwarded-For: 1.2.3.4, X-User-Id: root, "a b": c }
       |              ^^^^^^^^^^
       |
       = help: it belongs to one connection and frames its messages; the edge writes it as needed

    error[invalid-value]: the header `host` cannot be edited
      --> routes.yaml:10:33
       |
    10 |       set: { Connection: close, host: x.example, X-Forwarded-For: 1.2.3.4, X-User-Id: root, "a b": c }
       |                                 ^^^^
       |
       = help: use the upstream's `host_header`

    error[invalid-value]: the header `x-forwarded-for` cannot be edited
      --> routes.yaml:10:50
       |
    10 |       set: { Connection: close, host: x.example, X-Forwarded-For: 1.2.3.4, X-User-Id: root, "a b": c }
       |                                                  ^^^^^^^^^^^^^^^
       |
       = help: the edge writes or removes it on every request

    error[invalid-value]: the header `x-user-id` tells an upstream who the caller is
      --> routes.yaml:10:76
       |
    10 |       set: { Connection: close, host: x.example, X-Forwarded-For: 1.2.3.4, X-User-Id: root, "a b": c }
       |                                                                            ^^^^^^^^^
       |
       = help: only a verified identity may be sent on: remove this line

    error[invalid-value]: this is not a header name
      --> routes.yaml:10:93
       |
    10 |       set: { Connection: close, host: x.example, X-Forwarded-For: 1.2.3.4, X-User-Id: root, "a b": c }
       |                                                                                             ^^^^^ a header name is letters, digits and dashes

    error[invalid-value]: the header `content-length` cannot be edited
      --> routes.yaml:11:16
       |
    11 |       remove: [content-length, x-request-id]
       |                ^^^^^^^^^^^^^^
       |
       = help: it belongs to one connection and frames its messages; the edge writes it as needed

    error[invalid-value]: the header `x-request-id` cannot be edited
      --> routes.yaml:11:32
       |
    11 |       remove: [content-length, x-request-id]
       |                                ^^^^^^^^^^^^
       |
       = help: the edge writes or removes it on every request

    error[invalid-value]: this is not a header name
      --> routes.yaml:12:15
       |
    12 |       allow: ["no header"]
       |               ^^^^^^^^^^^ a header name is letters, digits and dashes

    error[invalid-value]: the header `access-control-allow-origin` cannot be edited
      --> routes.yaml:14:14
       |
    14 |       set: { Access-Control-Allow-Origin: x, server: mine }
       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: name a policy under `cors`, and the route's `cors: <policy>`

    error[invalid-value]: the header `server` cannot be edited
      --> routes.yaml:14:46
       |
    14 |       set: { Access-Control-Allow-Origin: x, server: mine }
       |                                              ^^^^^^
       |
       = help: the edge writes it on every answer

    error[invalid-value]: the header `transfer-encoding` cannot be edited
      --> routes.yaml:15:18
       |
    15 |       default: { transfer-encoding: chunked }
       |                  ^^^^^^^^^^^^^^^^^
       |
       = help: it belongs to one connection and frames its messages; the edge writes it as needed

    error[invalid-value]: the header `content-length` cannot be edited
      --> routes.yaml:16:59
       |
    16 |   - { id: b, path: /b, respond: { status: 200, headers: { Content-Length: "5" } } }
       |                                                           ^^^^^^^^^^^^^^
       |
       = help: it belongs to one connection and frames its messages; the edge writes it as needed
    "#);
}

#[test]
fn a_header_that_differs_only_in_case_appears_twice() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, to: up, request_headers: { set: { X-A: b, x-a: c } } }
  - { id: b, path: /b, to: up, when: { headers: { X-A: b, x-a: c, \"a b\": c } } }
"), @r#"
    error[duplicate-key]: the header `x-a` appears twice
     --> routes.yaml:6:66
      |
    6 |   - { id: a, path: /a, to: up, request_headers: { set: { X-A: b, x-a: c } } }
      |                                                          ---     ^^^ second time
      |                                                          |
      |                                                          first time

    error[duplicate-key]: the header `x-a` appears twice
     --> routes.yaml:7:59
      |
    7 |   - { id: b, path: /b, to: up, when: { headers: { X-A: b, x-a: c, "a b": c } } }
      |                                                   ---     ^^^ second time
      |                                                   |
      |                                                   first time

    error[invalid-value]: `a b` is not a header name
     --> routes.yaml:7:67
      |
    7 |   - { id: b, path: /b, to: up, when: { headers: { X-A: b, x-a: c, "a b": c } } }
      |                                                                   ^^^^^
    "#);
}

#[test]
fn a_credential_in_the_file_is_refused_and_not_shown() {
    let said = said(
        "
routes:
  - id: a
    path: /a
    to: up
    query: { set: { api_key: swordfish } }
    request_headers:
      set: { Authorization: Bearer swordfish, x-api-key: \"${WORD}\", x-plain: fine, cookie: \"\" }
      default: { X-Service-Token: 5318008 }
    response_headers:
      set: { x-secret-sauce: [swordfish] }
",
    );
    assert!(!said.contains("swordfish") && !said.contains("5318008"), "{said}");
    assert_snapshot!(said, @r#"
    error[inline-secret]: the parameter `api_key` carries a credential, and its value stands here
     --> routes.yaml:9:30
      |
    9 |     query: { set: { api_key: ********* } }
      |                              ^^^^^^^^^
      |
      = help: send it in a request header, as `{ secret: NAME }`: queries end up in logs

    error[inline-secret]: the header `authorization` carries a credential, and its value stands here
      --> routes.yaml:11:29
       |
    11 |       set: { Authorization: ****************, x-api-key: *********, x-plain: fine, cookie: "" }
       |                             ^^^^^^^^^^^^^^^^ written in the file, or filled in as an ordinary variable
       |
       = help: name it, and supply it from outside: `authorization: { secret: NAME }`

    error[inline-secret]: the header `x-api-key` carries a credential, and its value stands here
      --> routes.yaml:11:58
       |
    11 |       set: { Authorization: ****************, x-api-key: *********, x-plain: fine, cookie: "" }
       |                                                          ^^^^^^^^^ written in the file, or filled in as an ordinary variable
       |
       = help: name it, and supply it from outside: `x-api-key: { secret: NAME }`

    error[inline-secret]: the header `x-service-token` carries a credential, and its value stands here
      --> routes.yaml:12:35
       |
    12 |       default: { X-Service-Token: ******* }
       |                                   ^^^^^^^ written in the file, or filled in as an ordinary variable
       |
       = help: name it, and supply it from outside: `x-service-token: { secret: NAME }`

    error[inline-secret]: the header `x-secret-sauce` carries a credential, and its value stands here
      --> routes.yaml:14:30
       |
    14 |       set: { x-secret-sauce: *********** }
       |                              ^^^^^^^^^^^ written in the file, or filled in as an ordinary variable
       |
       = help: name it, and supply it from outside: `x-secret-sauce: { secret: NAME }`
    "#);
}

#[test]
fn a_secret_that_cannot_be_had_is_marked_at_its_name() {
    assert_snapshot!(said("
routes:
  - id: a
    path: /a
    to: up
    request_headers:
      set:
        a: { secret: NONE }
        b: { secret: EMPTY }
        c: { secret: ../etc/passwd }
        d: { secret: BROKEN, prefix: \"Bearer \" }
        e: { prefix: x }
        f: { secret: KEY, prefx: x }
        g: [KEY]
"), @r#"
    error[unset-secret]: the secret `NONE` cannot be had
      --> routes.yaml:11:22
       |
    11 |         a: { secret: NONE }
       |                      ^^^^ there is no credential file, no `…_FILE` variable and no variable of this name
       |
       = help: supply the systemd credential `NONE`, a file named by the variable `NONE_FILE`, or the variable `NONE`

    error[unset-secret]: the secret `EMPTY` cannot be had
      --> routes.yaml:12:22
       |
    12 |         b: { secret: EMPTY }
       |                      ^^^^^ `EMPTY` is empty

    error[unset-secret]: the secret `../etc/passwd` cannot be had
      --> routes.yaml:13:22
       |
    13 |         c: { secret: ../etc/passwd }
       |                      ^^^^^^^^^^^^^ a secret's name is made of letters, digits, `_`, `-` and `.`

    error[unset-secret]: the secret `BROKEN` cannot be sent in a header
      --> routes.yaml:14:22
       |
    14 |         d: { secret: BROKEN, prefix: "Bearer " }
       |                      ^^^^^^ its value has a line break or a character that is not ASCII

    error[missing-key]: a secret needs the key `secret`
      --> routes.yaml:15:14
       |
    15 |         e: { prefix: x }
       |              ^^^^^^ missing `secret`

    error[unknown-key]: a secret has no key `prefx`
      --> routes.yaml:16:27
       |
    16 |         f: { secret: KEY, prefx: x }
       |                           ^^^^^ unknown key
       |
       = help: did you mean `prefix`?

    error[wrong-type]: expected text, found a list
      --> routes.yaml:17:12
       |
    17 |         g: [KEY]
       |            ^^^^^
    "#);
}

#[test]
fn a_value_that_no_header_can_have_is_refused() {
    assert_snapshot!(said("
security_headers: { referrer_policy: \"a\\nb\", x_xss_protection: 0 }
routes:
  - { id: a, path: /a, to: up, request_headers: { set: { x-a: é } } }
  - { id: b, path: /b, to: up, response_headers: { set: { x-a: { secret: KEY } } } }
  - { id: c, path: /c, to: up, when: { headers: { x-a: \" b\", x-b: é, x-c: \"*\" } } }
"), @r#"
    error[invalid-value]: `a\nb` is not a header value
     --> routes.yaml:5:38
      |
    5 | security_headers: { referrer_policy: "a\nb", x_xss_protection: 0 }
      |                                      ^^^^^^ a header value is visible ASCII characters, spaces and tabs

    error[wrong-type]: expected text, found a number
     --> routes.yaml:5:64
      |
    5 | security_headers: { referrer_policy: "a\nb", x_xss_protection: 0 }
      |                                                                ^
      |
      = help: put it in quotes: "0"

    error[wrong-type]: expected text, found a mapping
     --> routes.yaml:8:64
      |
    8 |   - { id: b, path: /b, to: up, response_headers: { set: { x-a: { secret: KEY } } } }
      |                                                                ^^^^^^^^^^^^^^^

    error[invalid-value]: no header can have this value
     --> routes.yaml:9:56
      |
    9 |   - { id: c, path: /c, to: up, when: { headers: { x-a: " b", x-b: é, x-c: "*" } } }
      |                                                        ^^^^ a header value is visible ASCII characters, without spaces around them
    "#);
}
