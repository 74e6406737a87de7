//! What is said about a file that is wrong.

use insta::assert_snapshot;

use super::{load, said};

/// The codes of what is said, in order.
fn codes(rest: &str) -> Vec<String> {
    let said = said(rest);
    let heads = said
        .lines()
        .filter(|line| line.starts_with("error[") || line.starts_with("warning["));
    heads
        .map(|line| line.split(['[', ']']).nth(1).unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_mistake_is_found_in_one_run() {
    let text = "\
version: 1
isuer: https://auth.example.org
listen: 4000
sessions: { idle: 60d }
tokens: { access_ttl: 2d, audience: [\"a b\"] }
passwords: { argon2: { iterations: 1 } }
mail: { smtp: { host: mail.example.org, security: plain, user: auth } }
";
    assert_snapshot!(load(text).1, @r#"
    error[unknown-key]: the configuration has no key `isuer`
     --> auth.yaml:2:1
      |
    2 | isuer: https://auth.example.org
      | ^^^^^ unknown key
      |
      = help: did you mean `issuer`?

    error[invalid-value]: `4000` is not an address with a port
     --> auth.yaml:3:9
      |
    3 | listen: 4000
      |         ^^^^ write an IP address and a port: `127.0.0.1:8080` or `[::]:8080`

    error[conflicting-values]: a session would end before it could be idle for this long
     --> auth.yaml:4:19
      |
    4 | sessions: { idle: 60d }
      |                   ^^^ at most `sessions.absolute`, 30d

    error[invalid-value]: this duration is out of range
     --> auth.yaml:5:23
      |
    5 | tokens: { access_ttl: 2d, audience: ["a b"] }
      |                       ^^ must be from `1s` to `1d`

    error[invalid-value]: an audience is a name or a URL without spaces
     --> auth.yaml:5:38
      |
    5 | tokens: { access_ttl: 2d, audience: ["a b"] }
      |                                      ^^^^^

    error[weak-hash]: a stolen database could be tried for passwords too fast
     --> auth.yaml:6:22
      |
    6 | passwords: { argon2: { iterations: 1 } }
      |                      ^^^^^^^^^^^^^^^^^ 19456 KiB and 1 passes are too weak: at least 19456 KiB with 2 passes, 12288 KiB with 3, or 47104 KiB with 1

    error[missing-key]: the `smtp` section has one half of a login
     --> auth.yaml:7:15
      |
    7 | mail: { smtp: { host: mail.example.org, security: plain, user: auth } }
      |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write both `user` and `password`, or neither

    error[insecure-transport]: mail with links that open accounts could be read on the way
     --> auth.yaml:7:23
      |
    7 | mail: { smtp: { host: mail.example.org, security: plain, user: auth } }
      |                       ^^^^^^^^^^^^^^^^ not this machine
      |
      = help: write `security: tls` or `security: starttls`
    "#);
}

#[test]
fn a_secret_that_stands_in_the_file_is_not_shown() {
    let cases = [
        "master_key: hunter2",
        "master_key: ${WORD}",
        "database: { url: \"postgres://auth:hunter2@db.example.org/auth\" }",
        "database: { url: \"postgres://db.example.org/auth?password=hunter2\" }",
        "deliveries: [{ name: a, url: \"https://u:hunter2@a.example.org\", secret: { secret: KEY } }]",
        "deliveries: [{ name: a, url: \"https://a.example.org\", secret: hunter2 }]",
    ];
    for rest in cases {
        assert_eq!(codes(rest), ["inline-secret"], "{rest}");
    }
}

#[test]
fn a_secret_must_be_there_and_fit_its_use() {
    assert_eq!(codes("master_key: { secret: NONE }"), ["unset-secret"]);
    let no_key = "master_key: { secret: SHORT }";
    assert_eq!(codes(no_key), ["invalid-value"]);
    assert!(
        said(no_key).contains("the secret `SHORT` is no master key"),
        "{}",
        said(no_key)
    );
    assert_eq!(codes("database: { url: { secret: WORD } }"), ["unset-secret"]);
    assert_eq!(
        codes("deliveries: [{ name: a, url: \"https://a.example.org\", secret: { secret: SHORT } }]"),
        ["short-secret"]
    );
}

#[test]
fn what_others_could_read_is_refused() {
    assert_eq!(codes("cors_origins: [http://app.example.org]"), ["insecure-transport"]);
    assert_eq!(
        codes("cors_origins: [\"http://*.app.example.org\"]"),
        ["insecure-transport"]
    );
    assert_eq!(
        codes("return_to: [http://localhost:3000, https://app.example.org/x]"),
        ["invalid-value"]
    );
    assert_eq!(
        codes("deliveries: [{ name: a, url: \"http://a.example.org\", secret: { secret: KEY } }]"),
        ["insecure-transport"]
    );
    let (settings, said) = load("version: 1\nissuer: http://auth.example.org\n");
    assert!(settings.is_none() && said.contains("error[insecure-issuer]"), "{said}");
}

#[test]
fn values_that_cannot_hold_together_are_refused() {
    let cases = [
        "sessions: { idle: 2d, absolute: 1d }\ntokens: { refresh_ttl: 1d }",
        "tokens: { refresh_ttl: 31d }",
        "tokens: { access_ttl: 2h }\nsigning_keys: { overlap: 1h }",
        "signing_keys: { rotate_every: 1d, publish_ahead: 1d }",
        "lockout: { per_pair: { first_wait: 2h } }",
        "api_keys: { rotation_overlap: 31d }",
    ];
    for rest in cases {
        assert_eq!(codes(rest), ["conflicting-values"], "{rest}");
    }
    let two_ways = "version: 1\nissuer: https://auth.example.org\nmail: { spool: mail, smtp: { host: a } }\n";
    assert!(
        load(two_ways)
            .1
            .contains("error[conflicting-values]: mail takes one way")
    );
}

#[test]
fn an_event_that_never_happens_is_refused_where_one_is_to_be_told_of_it() {
    let told_of = |events: &str| {
        codes(&format!(
            "deliveries: [{{ name: a, url: \"https://a.example.org\", secret: {{ secret: KEY }}, events: [{events}] }}]"
        ))
    };
    for kind in ["sesion.started", "sesion.*", "session", "session.started.*"] {
        assert_eq!(told_of(kind), ["invalid-value"], "{kind}");
    }
    assert_eq!(told_of("session.started, api_key.*, login.failed"), [""; 0]);
    let misspelt =
        "deliveries: [{ name: a, url: \"https://a.example.org\", secret: { secret: KEY }, events: [sesion.*] }]";
    assert!(
        said(misspelt).contains("did you mean `session.*`?"),
        "{}",
        said(misspelt)
    );
}

#[test]
fn a_body_is_never_too_short_for_a_login() {
    assert_eq!(codes("limits: { body: 100 }"), ["invalid-value"]);
    assert_eq!(codes("limits: { body: 1023B }"), ["invalid-value"]);
    assert_eq!(codes("limits: { body: 1KiB }"), [""; 0]);
}

#[test]
fn nobody_waits_for_longer_than_a_day() {
    for who in ["per_pair", "per_address", "per_account"] {
        let rest = |wait| format!("lockout: {{ {who}: {{ longest_wait: {wait} }} }}");
        assert_eq!(codes(&rest("25h")), ["invalid-value"], "{who}");
        assert_eq!(codes(&rest("1d")), [""; 0], "{who}");
    }
}

#[test]
fn cookies_that_browsers_would_drop_are_refused() {
    for domain in ["example.com", "th.example.org", "sub.auth.example.org"] {
        assert_eq!(
            codes(&format!("cookies: {{ domain: {domain} }}")),
            ["foreign-cookie-domain"],
            "{domain}"
        );
    }
    for domain in ["org", "\"127.0.0.1\"", "a..b", "\"\""] {
        assert_eq!(
            codes(&format!("cookies: {{ domain: {domain} }}")),
            ["invalid-value"],
            "{domain}"
        );
    }
}

#[test]
fn weak_hashes_are_refused() {
    let cases = [("12287KiB", 3), ("19455KiB", 2), ("47103KiB", 1), ("2GiB", 2)];
    for (memory, iterations) in cases {
        let rest = format!("passwords: {{ argon2: {{ memory: {memory}, iterations: {iterations} }} }}");
        assert_eq!(codes(&rest), ["weak-hash"], "{rest}");
    }
    assert_eq!(codes("passwords: { min_length: 7 }"), ["invalid-value"]);
}

#[test]
fn scopes_of_administrators_are_for_roles_that_say_so() {
    for scope in ["\"*\"", "\"admin:*\"", "admin.users", "legacy:full_access"] {
        assert_eq!(
            codes(&format!("scopes: {{ default: [{scope}] }}")),
            ["overbroad-scopes"],
            "{scope}"
        );
    }
    assert_eq!(
        codes("scopes: { default: [a*b], roles: { Admin: [\"*\"] } }"),
        ["invalid-value", "invalid-value"]
    );
}

#[test]
fn one_name_or_address_twice_is_refused() {
    let twice = "deliveries:\n\
        - { name: a, url: \"https://a.example.org\", secret: { secret: KEY } }\n\
        - { name: a, url: \"https://b.example.org\", secret: { secret: KEY }, events: [Session.*] }\n";
    assert_eq!(codes(twice), ["duplicate-name", "invalid-value"]);
    assert_snapshot!(said("listen: \"127.0.0.1:9091\""), @r#"
    error[duplicate-address]: 127.0.0.1:9091 is listened on twice
     --> auth.yaml:4:9
      |
    4 | listen: "127.0.0.1:9091"
      |         ^^^^^^^^^^^^^^^^ `admin` has it too
    "#);
    assert_eq!(codes("listen: \"127.0.0.1:0\"\nadmin: \"127.0.0.1:0\""), [""; 0]);
}

#[test]
fn a_server_that_others_reach_and_that_sends_no_mail_is_warned_of() {
    let (settings, said) = load("version: 1\nissuer: https://auth.example.org\n");
    assert!(settings.is_some());
    assert_snapshot!(said, @r"
    warning[mail-not-sent]: nobody gets mail: messages are written to the folder `spool` of the data folder
     --> auth.yaml:2:9
      |
    2 | issuer: https://auth.example.org
      |         ^^^^^^^^^^^^^^^^^^^^^^^^ others can reach this program
      |
      = help: add `mail` with `smtp` or `webhook`, or with `spool` if that is meant
    ");
}

#[test]
fn an_issuer_is_said_to_be_wrong_in_its_own_words() {
    let (_, said) = load("version: 1\nissuer: https://auth.example.org/\n");
    assert_snapshot!(said, @r"
    error[invalid-value]: `https://auth.example.org/` is not an issuer
     --> auth.yaml:2:9
      |
    2 | issuer: https://auth.example.org/
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^ an issuer has no slash at its end: clients compare it byte by byte
    ");
}

#[test]
fn of_another_version_only_the_version_is_said() {
    assert_snapshot!(load("version: 2\nissuer: ftp://x\n").1, @r"
    error[unsupported-version]: this version of the format is not known
     --> auth.yaml:1:10
      |
    1 | version: 2
      |          ^ this program reads version 1
    ");
}
