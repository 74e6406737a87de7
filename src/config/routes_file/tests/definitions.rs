use insta::assert_snapshot;

use super::{said, said_of};

#[test]
fn host_names_are_plain() {
    assert_snapshot!(said_of("
version: 1
hosts:
  a:
    names:
      - https://a.example
      - a.example:443
      - A.example
      - \"a.*.example\"
      - a..example
      - \"*\"
      - ::1
      - \"${WORD}/\"
    successor: https://b.example/path
  b: { names: b.example, successor: b.example }
routes: []
"), @r#"
    error[invalid-value]: `https://a.example` is not a host name
     --> routes.yaml:6:9
      |
    6 |       - https://a.example
      |         ^^^^^^^^^^^^^^^^^ a host name has no scheme and no path

    error[invalid-value]: `a.example:443` is not a host name
     --> routes.yaml:7:9
      |
    7 |       - a.example:443
      |         ^^^^^^^^^^^^^ a host name has no port: every port of the host is meant

    error[invalid-value]: `A.example` is not a host name
     --> routes.yaml:8:9
      |
    8 |       - A.example
      |         ^^^^^^^^^ host names are written in lower case

    error[invalid-value]: `a.*.example` is not a host name
     --> routes.yaml:9:9
      |
    9 |       - "a.*.example"
      |         ^^^^^^^^^^^^^ `*.` may stand only at the beginning, for exactly one label

    error[invalid-value]: `a..example` is not a host name
      --> routes.yaml:10:9
       |
    10 |       - a..example
       |         ^^^^^^^^^^ a host name is labels of letters, digits, `-` and `_` with dots between them

    error[invalid-value]: `*` is not a host name
      --> routes.yaml:11:9
       |
    11 |       - "*"
       |         ^^^ `*.` may stand only at the beginning, for exactly one label

    error[invalid-value]: with its variables filled in, this is not a host name
      --> routes.yaml:13:9
       |
    13 |       - "${WORD}/"
       |         ^^^^^^^^^^ look at the variables' values

    error[invalid-value]: `https://b.example/path` is not a scheme and host
      --> routes.yaml:14:16
       |
    14 |     successor: https://b.example/path
       |                ^^^^^^^^^^^^^^^^^^^^^^ write `https://` and a host name, without a path

    error[wrong-type]: expected a list of host names, found text
      --> routes.yaml:15:15
       |
    15 |   b: { names: b.example, successor: b.example }
       |               ^^^^^^^^^

    error[invalid-value]: `b.example` is not a scheme and host
      --> routes.yaml:15:37
       |
    15 |   b: { names: b.example, successor: b.example }
       |                                     ^^^^^^^^^ write `https://` and a host name, without a path
    "#);
}

#[test]
fn cors_policies_are_checked() {
    assert_snapshot!(said("
cors:
  a:
    origins: [\"*\", \"https://A.example\", \"https://a.example/\", \"https://a.example\"]
    methods: [GET, get, FETCH]
    request_headers: [X-*, \"*\", \"a b\"]
    expose: [X-*, \"a b\"]
    credentials: \"yes\"
    max_age: 2
  b: {}
routes: []
"), @r#"
    error[invalid-value]: `*` is not an origin
     --> routes.yaml:7:15
      |
    7 |     origins: ["*", "https://A.example", "https://a.example/", "https://a.example"]
      |               ^^^ an origin is `scheme://host[:port]`

    error[invalid-value]: `https://A.example` is not an origin
     --> routes.yaml:7:20
      |
    7 |     origins: ["*", "https://A.example", "https://a.example/", "https://a.example"]
      |                    ^^^^^^^^^^^^^^^^^^^ an origin is a lower-case host with an optional port, without a path; `*.` may stand for one label

    error[invalid-value]: `https://a.example/` is not an origin
     --> routes.yaml:7:41
      |
    7 |     origins: ["*", "https://A.example", "https://a.example/", "https://a.example"]
      |                                         ^^^^^^^^^^^^^^^^^^^^ an origin is a lower-case host with an optional port, without a path; `*.` may stand for one label

    error[invalid-value]: expected `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS`, found `get`
     --> routes.yaml:8:20
      |
    8 |     methods: [GET, get, FETCH]
      |                    ^^^
      |
      = help: did you mean `GET`?

    error[invalid-value]: expected `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS`, found `FETCH`
     --> routes.yaml:8:25
      |
    8 |     methods: [GET, get, FETCH]
      |                         ^^^^^

    error[invalid-value]: `*` is not a header name
     --> routes.yaml:9:28
      |
    9 |     request_headers: [X-*, "*", "a b"]
      |                            ^^^ a prefix comes before the `*`: with credentials a bare one means nothing

    error[invalid-value]: `a b` is not a header name
     --> routes.yaml:9:33
      |
    9 |     request_headers: [X-*, "*", "a b"]
      |                                 ^^^^^ a header name is letters, digits and dashes

    error[invalid-value]: `X-*` is not a header name
      --> routes.yaml:10:14
       |
    10 |     expose: [X-*, "a b"]
       |              ^^^ a header name is letters, digits and dashes

    error[invalid-value]: `a b` is not a header name
      --> routes.yaml:10:19
       |
    10 |     expose: [X-*, "a b"]
       |                   ^^^^^ a header name is letters, digits and dashes

    error[wrong-type]: expected true or false, found text
      --> routes.yaml:11:18
       |
    11 |     credentials: "yes"
       |                  ^^^^^
       |
       = help: did you mean `true`?

    error[invalid-value]: `2` is not a duration
      --> routes.yaml:12:14
       |
    12 |     max_age: 2
       |              ^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`

    error[missing-key]: a CORS policy needs the key `origins`
      --> routes.yaml:13:6
       |
    13 |   b: {}
       |      ^^ missing `origins`
    "#);
}

#[test]
fn upstreams_are_checked() {
    assert_snapshot!(said_of("
version: 1
hosts: { public: { names: [a.example] } }
upstreams:
  a:
    endpoints: [http://127.0.0.1:1/x, ftp://a, \"https://user:hunter@a.example\", \"${WORD}\"]
    base_path: x
    host_header: \"a b\"
    tls: { server_name: \"a:b\", ca_file: routes.yaml }
    health: { interval: 0s, unhealthy_after: 0, healthy_after: 1001 }
    pool_idle: 0s
    service: \"\"
    critical: \"yes\"
  b: { endpoints: [], base_path: /a/../b }
  c: { endpoints: [http://127.0.0.1:1], tls: { ca_file: nothing.pem }, base_path: \"/a%2Fb\", health: { path: x } }
routes: []
"), @r#"
    error[invalid-value]: `http://127.0.0.1:1/x` is not a base URL
     --> routes.yaml:6:17
      |
    6 |     endpoints: [http://127.0.0.1:1/x, ftp://a, *******************************, "${WORD}"]
      |                 ^^^^^^^^^^^^^^^^^^^^ an endpoint has no path; put it into the upstream's base_path

    error[invalid-value]: `ftp://a` is not a base URL
     --> routes.yaml:6:39
      |
    6 |     endpoints: [http://127.0.0.1:1/x, ftp://a, *******************************, "${WORD}"]
      |                                       ^^^^^^^ an endpoint starts with http:// or https://

    error[inline-secret]: a base URL has no user name and password
     --> routes.yaml:6:48
      |
    6 |     endpoints: [http://127.0.0.1:1/x, ftp://a, *******************************, "${WORD}"]
      |                                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: name the credential in `request_headers`: `authorization: { secret: NAME, prefix: "Basic " }`

    error[invalid-value]: with its variables filled in, this is not a base URL
     --> routes.yaml:6:81
      |
    6 |     endpoints: [http://127.0.0.1:1/x, ftp://a, *******************************, "${WORD}"]
      |                                                                                 ^^^^^^^^^ look at the variables' values

    error[invalid-value]: `x` is not a base path
     --> routes.yaml:7:16
      |
    7 |     base_path: x
      |                ^ the path does not start with a slash

    error[invalid-value]: `a b` is not `upstream`, `client` or a host name
     --> routes.yaml:8:18
      |
    8 |     host_header: "a b"
      |                  ^^^^^ a host is a name, with a port if need be

    error[invalid-value]: `a:b` is not a server name
     --> routes.yaml:9:25
      |
    9 |     tls: { server_name: "a:b", ca_file: routes.yaml }
      |                         ^^^^^ a server name is a host name or an address, without a port

    error[invalid-value]: `routes.yaml` is no list of certificates
     --> routes.yaml:9:41
      |
    9 |     tls: { server_name: "a:b", ca_file: routes.yaml }
      |                                         ^^^^^^^^^^^ there is no certificate in it

    error[missing-key]: a health check needs the key `path`
      --> routes.yaml:10:15
       |
    10 |     health: { interval: 0s, unhealthy_after: 0, healthy_after: 1001 }
       |               ^^^^^^^^ missing `path`

    error[invalid-value]: this duration is 0
      --> routes.yaml:10:25
       |
    10 |     health: { interval: 0s, unhealthy_after: 0, healthy_after: 1001 }
       |                         ^^ must be longer than nothing

    error[invalid-value]: this number is out of range
      --> routes.yaml:10:46
       |
    10 |     health: { interval: 0s, unhealthy_after: 0, healthy_after: 1001 }
       |                                              ^ must be from 1 to 1000

    error[invalid-value]: this number is out of range
      --> routes.yaml:10:64
       |
    10 |     health: { interval: 0s, unhealthy_after: 0, healthy_after: 1001 }
       |                                                                ^^^^ must be from 1 to 1000

    error[invalid-value]: this duration is 0
      --> routes.yaml:11:16
       |
    11 |     pool_idle: 0s
       |                ^^ must be longer than nothing

    error[invalid-value]: a service has a name
      --> routes.yaml:12:14
       |
    12 |     service: ""
       |              ^^

    error[wrong-type]: expected true or false, found text
      --> routes.yaml:13:15
       |
    13 |     critical: "yes"
       |               ^^^^^
       |
       = help: did you mean `true`?

    error[invalid-value]: expected a base URL or a list of base URLs, found an empty list
      --> routes.yaml:14:19
       |
    14 |   b: { endpoints: [], base_path: /a/../b }
       |                   ^^

    error[invalid-value]: `/a/../b` is not a base path
      --> routes.yaml:14:34
       |
    14 |   b: { endpoints: [], base_path: /a/../b }
       |                                  ^^^^^^^ not in canonical form, which is `/b`

    error[invalid-value]: `c` has TLS settings and no https endpoint
      --> routes.yaml:15:46
       |
    15 |   c: { endpoints: [http://127.0.0.1:1], tls: { ca_file: nothing.pem }, base_path: "/a%2Fb", health: { path: x } }
       |                                              ^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write the endpoints with `https://`, or remove the section

    error[file-not-found]: `nothing.pem` does not exist
      --> routes.yaml:15:57
       |
    15 |   c: { endpoints: [http://127.0.0.1:1], tls: { ca_file: nothing.pem }, base_path: "/a%2Fb", health: { path: x } }
       |                                                         ^^^^^^^^^^^ paths are relative to the file that names them

    error[invalid-value]: `/a%2Fb` is not a base path
      --> routes.yaml:15:83
       |
    15 |   c: { endpoints: [http://127.0.0.1:1], tls: { ca_file: nothing.pem }, base_path: "/a%2Fb", health: { path: x } }
       |                                                                                   ^^^^^^^^ the path has an encoded slash, which servers read differently

    error[invalid-value]: `x` is not a path
      --> routes.yaml:15:109
       |
    15 |   c: { endpoints: [http://127.0.0.1:1], tls: { ca_file: nothing.pem }, base_path: "/a%2Fb", health: { path: x } }
       |                                                                                                             ^ a path begins with a slash and has no spaces
    "#);
}
