use insta::assert_snapshot;

use super::said;

#[test]
fn a_fixed_response_has_one_body_and_a_status_that_may_have_it() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, respond: { status: 200, json: {}, text: x } }
  - { id: b, path: /b, respond: { status: 204, text: x } }
  - { id: c, path: /c, respond: { status: 100 } }
  - { id: d, path: /d, respond: { json: { a: 1 } } }
  - { id: e, path: /e, respond: { status: 200, json: { a: 0x1F } } }
"), @"
    error[conflicting-target]: an answer has one body, `json` or `text`
     --> routes.yaml:6:64
      |
    6 |   - { id: a, path: /a, respond: { status: 200, json: {}, text: x } }
      |                                                      --        ^ a second body
      |                                                      |
      |                                                      a first one

    error[invalid-value]: an answer with status 204 has no body
     --> routes.yaml:7:54
      |
    7 |   - { id: b, path: /b, respond: { status: 204, text: x } }
      |                                           ---        ^
      |                                           |
      |                                           says that there is none

    error[invalid-value]: this is not the status of an answer
     --> routes.yaml:8:43
      |
    8 |   - { id: c, path: /c, respond: { status: 100 } }
      |                                           ^^^ must be from 200 to 599

    error[missing-key]: a fixed response needs the key `status`
     --> routes.yaml:9:35
      |
    9 |   - { id: d, path: /d, respond: { json: { a: 1 } } }
      |                                   ^^^^ missing `status`

    error[invalid-value]: `0x1F` is not a JSON number
      --> routes.yaml:10:59
       |
    10 |   - { id: e, path: /e, respond: { status: 200, json: { a: 0x1F } } }
       |                                                           ^^^^ JSON has no way to write this number
    ");
}

#[test]
fn a_redirect_leads_to_a_place_that_no_client_chooses() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, redirect: { to: b } }
  - { id: b, path: /b, redirect: { to: \"//evil.example\" } }
  - { id: c, path: /c/:host, redirect: { to: \"https://:host/x\" } }
  - { id: d, path: /d, redirect: { to: \"https://user@example.org/\" } }
  - { id: e, path: /e, redirect: { to: \"/with space\" } }
  - { id: f, path: /f, redirect: { to: /g, status: 300 } }
  - { id: g, path: /g, redirect: { to: /h, query: maybe } }
  - { id: h, path: /h, redirect: { to: \"https://\" } }
"), @r#"
    error[invalid-value]: this is not a place to redirect to
     --> routes.yaml:6:40
      |
    6 |   - { id: a, path: /a, redirect: { to: b } }
      |                                        ^ a redirect goes to `https://…`, `http://…` or `/…`

    error[invalid-value]: this is not a place to redirect to
     --> routes.yaml:7:40
      |
    7 |   - { id: b, path: /b, redirect: { to: "//evil.example" } }
      |                                        ^^^^^^^^^^^^^^^^^ a redirect goes to `https://…`, `http://…` or `/…`

    error[invalid-value]: this is not a place to redirect to
     --> routes.yaml:8:46
      |
    8 |   - { id: c, path: /c/:host, redirect: { to: "https://:host/x" } }
      |                                              ^^^^^^^^^^^^^^^^^^ the host of a redirect has no parameters

    error[invalid-value]: this is not a place to redirect to
     --> routes.yaml:9:40
      |
    9 |   - { id: d, path: /d, redirect: { to: "https://user@example.org/" } }
      |                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a URL names a host, and no user

    error[invalid-value]: this is not a place to redirect to
      --> routes.yaml:10:40
       |
    10 |   - { id: e, path: /e, redirect: { to: "/with space" } }
       |                                        ^^^^^^^^^^^^^^ a URL has no spaces and only ASCII characters

    error[invalid-value]: this is not the status of a redirect
      --> routes.yaml:11:52
       |
    11 |   - { id: f, path: /f, redirect: { to: /g, status: 300 } }
       |                                                    ^^^ must be 301, 302, 303, 307 or 308

    error[invalid-value]: expected `keep` or `drop`, found `maybe`
      --> routes.yaml:12:51
       |
    12 |   - { id: g, path: /g, redirect: { to: /h, query: maybe } }
       |                                                   ^^^^^

    error[invalid-value]: this is not a place to redirect to
      --> routes.yaml:13:40
       |
    13 |   - { id: h, path: /h, redirect: { to: "https://" } }
       |                                        ^^^^^^^^^^^ a URL names a host, and no user
    "#);
}

#[test]
fn static_files_exist_and_stay_in_their_folder() {
    assert_snapshot!(said("
routes:
  - { id: a, path: /a, static: { file: site/indx.html } }
  - { id: b, path: /b, static: { file: site } }
  - { id: c, path: /c/*, static: { folder: site/index.html } }
  - { id: d, path: /d, static: { folder: site } }
  - { id: e, path: /e/*, static: { folder: site, index: a/b.html, fallback: ../routes.yaml } }
  - { id: f, path: /f/*, static: { folder: site, fallback: nothing.html } }
  - { id: g, path: /g/*, static: { folder: site, file: site/index.html } }
  - { id: h, path: /h, static: { file: site/index.html, index: x } }
  - { id: i, path: /i, static: { cache_control: no-store } }
  - { id: j, path: /j, static: { file: \"${WORD}\" } }
"), @r#"
    error[file-not-found]: `site/indx.html` does not exist
     --> routes.yaml:6:40
      |
    6 |   - { id: a, path: /a, static: { file: site/indx.html } }
      |                                        ^^^^^^^^^^^^^^ paths are relative to the file that names them

    error[file-not-found]: `site` is not a file
     --> routes.yaml:7:40
      |
    7 |   - { id: b, path: /b, static: { file: site } }
      |                                        ^^^^ paths are relative to the file that names them

    error[file-not-found]: `site/index.html` is not a folder
     --> routes.yaml:8:44
      |
    8 |   - { id: c, path: /c/*, static: { folder: site/index.html } }
      |                                            ^^^^^^^^^^^^^^^ paths are relative to the file that names them

    error[unknown-parameter]: `/d` does not say which file of the folder is meant
     --> routes.yaml:9:42
      |
    9 |   - { id: d, path: /d, static: { folder: site } }
      |                    --                    ^^^^ the file is what a `*` took
      |                    |
      |                    does not end in `/*`

    error[invalid-value]: `index` is the name of a file, without a folder
      --> routes.yaml:10:57
       |
    10 |   - { id: e, path: /e/*, static: { folder: site, index: a/b.html, fallback: ../routes.yaml } }
       |                                                         ^^^^^^^^

    error[invalid-value]: this leads out of the folder
      --> routes.yaml:10:77
       |
    10 |   - { id: e, path: /e/*, static: { folder: site, index: a/b.html, fallback: ../routes.yaml } }
       |                                                                             ^^^^^^^^^^^^^^ relative to the folder, without `..`

    error[file-not-found]: `nothing.html` does not exist
      --> routes.yaml:11:60
       |
    11 |   - { id: f, path: /f/*, static: { folder: site, fallback: nothing.html } }
       |                                                            ^^^^^^^^^^^^ relative to the folder beside it

    error[conflicting-target]: `file` and `folder` do not go together
      --> routes.yaml:12:44
       |
    12 |   - { id: g, path: /g/*, static: { folder: site, file: site/index.html } }
       |                                            ^^^^        --------------- the other
       |                                            |
       |                                            keep one of them

    error[conflicting-target]: `index` and `file` do not go together
      --> routes.yaml:13:64
       |
    13 |   - { id: h, path: /h, static: { file: site/index.html, index: x } }
       |                                        ---------------         ^ keep one of them
       |                                        |
       |                                        the other

    error[missing-key]: a `static` section needs the key `file` or `folder`
      --> routes.yaml:14:32
       |
    14 |   - { id: i, path: /i, static: { cache_control: no-store } }
       |                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[file-not-found]: the path that its variables make does not exist
      --> routes.yaml:15:40
       |
    15 |   - { id: j, path: /j, static: { file: "${WORD}" } }
       |                                        ^^^^^^^^^^ paths are relative to the file that names them
    "#);
}
