use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use insta::assert_snapshot;

use super::{GatewayFile, gateway_file};
use crate::config::settings::{AccessLogTarget, Audience, GatewaySettings};
use crate::filters::cors::OriginPattern;
use config_text::diagnostic::{Diagnostics, Sources};
use config_text::environment::Environment;
use config_text::yaml;

fn load(text: &str) -> (Option<GatewayFile>, String) {
    let mut sources = Sources::default();
    let mut cx = Diagnostics::default();
    let file = sources.add("conf/gateway.yaml", text);
    let env = Environment::from_pairs([("PORT", "8081"), ("WORD", "hunter2")]);
    let made = yaml::parse(file, text, &env, &mut cx).and_then(|node| gateway_file(&node, Path::new("conf"), &mut cx));
    let said = cx.render(&sources, false);
    assert!(!said.contains("hunter2"), "{said}");
    (made, said)
}

fn said(text: &str) -> String {
    load(text).1
}

fn settings(text: &str) -> GatewaySettings {
    let (made, said) = load(text);
    assert_eq!(said, "", "{text}");
    made.and_then(|made| made.settings).expect("no diagnostic, so settings")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn what_is_absent_has_its_default() {
    let settings = settings("version: 1\nroutes: ../routes.yaml\nlisten: 127.0.0.1:8080\n");
    assert_eq!(settings.listen, ["127.0.0.1:8080".parse().unwrap()]);
    assert_eq!(settings.admin.listen, Some("127.0.0.1:9090".parse().unwrap()));
    assert_eq!(
        settings.admin.socket.as_deref(),
        Some(Path::new("/run/onasis-gateway/admin.sock"))
    );
    assert_eq!(settings.workers, 0);
    assert_eq!(format!("{:?}", settings.trusted_proxies), "TrustedProxies([])");
    assert_eq!(settings.health_full, Audience::Private);
    assert_eq!(settings.access_log.to, AccessLogTarget::Stdout);
    assert_eq!(settings.access_log.queue, 8192);
    let redacted = "access_token refresh_token id_token token code code_verifier client_secret state api_key apikey \
                    key user_code otp password email";
    assert_eq!(settings.access_log.redact_query.join(" "), redacted);
    let limits = settings.limits;
    assert_eq!(
        (limits.header_timeout, limits.keepalive, limits.client_idle),
        (seconds(10), seconds(75), seconds(60))
    );
    assert_eq!((limits.connections, limits.connections_per_address), (20_000, 1_000));
    assert_eq!(
        (settings.drain.requests, settings.drain.streams),
        (seconds(60), seconds(45 * 60))
    );
    assert_eq!(settings.upstream_pool, 128);
}

#[test]
fn what_is_written_counts() {
    let settings = settings(
        "
version: 1
routes: /etc/routes.yaml
listen: [\"127.0.0.1:${PORT}\", \"[::1]:8080\", \"127.0.0.1:0\", \"127.0.0.1:0\"]
admin: { listen: off, socket: run/admin.sock }
workers: 3
trusted_proxies: [10.0.0.0/8, \"::1\"]
health_full: [192.0.2.1, 198.51.100.0/24]
access_log: { path: access.log, queue: 5, redact_query: [secret] }
limits: { header_timeout: 1s, connections: 2, connections_per_address: 3, keepalive: 4s, client_idle: 5s }
drain: { requests: 0s, streams: 6s }
upstream_pool: 7
",
    );
    let ports: Vec<u16> = settings.listen.iter().map(SocketAddr::port).collect();
    assert_eq!(ports, [8081, 8080, 0, 0]);
    assert_eq!(settings.admin.listen, None);
    assert_eq!(settings.admin.socket.as_deref(), Some(Path::new("conf/run/admin.sock")));
    assert_eq!(settings.workers, 3);
    assert_eq!(
        format!("{:?}", settings.trusted_proxies),
        "TrustedProxies([10.0.0.0/8, ::1/128])"
    );
    let networks = ["192.0.2.1/32", "198.51.100.0/24"].map(|network| network.parse().unwrap());
    assert_eq!(settings.health_full, Audience::Networks(networks.to_vec()));
    assert_eq!(settings.access_log.to, AccessLogTarget::File("conf/access.log".into()));
    assert_eq!(
        (settings.access_log.queue, settings.access_log.redact_query),
        (5, vec!["secret".to_owned()])
    );
    let limits = settings.limits;
    assert_eq!(
        (limits.header_timeout, limits.keepalive, limits.client_idle),
        (seconds(1), seconds(4), seconds(5))
    );
    assert_eq!((limits.connections, limits.connections_per_address), (2, 3));
    assert_eq!(
        (settings.drain.requests, settings.drain.streams),
        (seconds(0), seconds(6))
    );
    assert_eq!(settings.upstream_pool, 7);
}

#[test]
fn words_switch_things_off_or_open() {
    let settings = settings(
        "
version: 1
routes: r
listen: 127.0.0.1:1
admin: { socket: off }
health_full: anyone
access_log: { path: off }
",
    );
    assert_eq!(settings.admin.socket, None);
    assert_eq!(settings.health_full, Audience::Anyone);
    assert_eq!(settings.access_log.to, AccessLogTarget::Off);
}

#[test]
fn development_is_taken_where_every_listener_is_on_loopback() {
    let text = "
version: 1
routes: r
listen: [\"127.0.0.1:1\", \"[::1]:1\", \"[::ffff:127.0.0.1]:2\"]
development: { cors_origins: [\"http://localhost:3000\"], pass_request_headers: [X-Echo] }
";
    let (made, said) = load(text);
    assert_eq!(said, "");
    let development = made.expect("a gateway file").development;
    assert_eq!(
        development.cors_origins,
        [OriginPattern::parse("http://localhost:3000").unwrap()]
    );
    assert_eq!(development.pass_request_headers, ["x-echo"]);
}

#[test]
fn development_is_refused_where_others_can_connect() {
    assert_snapshot!(said("
version: 1
routes: r
listen: 127.0.0.1:8080
admin: { listen: \"0.0.0.0:9090\" }
development: {}
"), @r#"
    error[development-exposed]: `development` is for daemons that only this machine can reach
     --> conf/gateway.yaml:6:14
      |
    5 | admin: { listen: "0.0.0.0:9090" }
      |                  --------------- 0.0.0.0:9090 is not a loopback address
    6 | development: {}
      |              ^^ loosens rules that protect the platform
      |
      = help: remove the section, or listen on a loopback address
    "#);
}

#[test]
fn an_address_is_listened_on_once() {
    assert_snapshot!(said("
version: 1
routes: r
listen: [\"127.0.0.1:9090\", \"0.0.0.0:8080\", \"0.0.0.0:8080\"]
"), @r#"
    error[invalid-value]: 127.0.0.1:9090 is listened on twice
     --> conf/gateway.yaml:4:10
      |
    4 | listen: ["127.0.0.1:9090", "0.0.0.0:8080", "0.0.0.0:8080"]
      |          ^^^^^^^^^^^^^^^^ the admin listener is here, as `admin.listen` says nothing else

    error[invalid-value]: 0.0.0.0:8080 is listened on twice
     --> conf/gateway.yaml:4:44
      |
    4 | listen: ["127.0.0.1:9090", "0.0.0.0:8080", "0.0.0.0:8080"]
      |                            --------------  ^^^^^^^^^^^^^^ second time
      |                            |
      |                            first time
    "#);
}

#[test]
fn a_file_of_another_version_is_not_judged_by_this_one() {
    assert_snapshot!(said("version: 3\nsites: {}\n"), @"
    error[unsupported-version]: this version of the format is not known
     --> conf/gateway.yaml:1:10
      |
    1 | version: 3
      |          ^ this program reads version 1
    ");
}

#[test]
fn everything_wrong_is_reported_in_one_run() {
    assert_snapshot!(said("
listen: [8080, \"localhost:80\", \"${WORD}\"]
admin: { listen: none, socket: /a/very/long/path/a/very/long/path/a/very/long/path/a/very/long/path/a/very/long/path/a/very/long.sock }
workers: 1025
trusted_proxies: [10.0.0.0/33, here]
health_full: everyone
access_log: { queue: 0, path: 5 }
limits: { header_timeout: 0s, connections: 0, keepalive: 500d }
drain: { requests: 5 }
upstream_pool: 0
development: { cors_origins: [\"*\"], pass_request_headers: [\"a b\"] }
worker: 5
"), @r#"
    error[missing-key]: the gateway configuration needs the key `version`
     --> conf/gateway.yaml:2:1
      |
    2 | listen: [8080, "localhost:80", "${WORD}"]
      | ^^^^^^ missing `version`

    error[missing-key]: the gateway configuration needs the key `routes`
     --> conf/gateway.yaml:2:1
      |
    2 | listen: [8080, "localhost:80", "${WORD}"]
      | ^^^^^^ missing `routes`

    error[invalid-value]: `8080` is not an address with a port
     --> conf/gateway.yaml:2:10
      |
    2 | listen: [8080, "localhost:80", "${WORD}"]
      |          ^^^^ write an IP address and a port: `127.0.0.1:8080` or `[::]:8080`

    error[invalid-value]: `localhost:80` is not an address with a port
     --> conf/gateway.yaml:2:16
      |
    2 | listen: [8080, "localhost:80", "${WORD}"]
      |                ^^^^^^^^^^^^^^ write an IP address and a port: `127.0.0.1:8080` or `[::]:8080`

    error[invalid-value]: with its variables filled in, this is not an address with a port
     --> conf/gateway.yaml:2:32
      |
    2 | listen: [8080, "localhost:80", "${WORD}"]
      |                                ^^^^^^^^^ look at the variables' values

    error[invalid-value]: `none` is not an address with a port
     --> conf/gateway.yaml:3:18
      |
    3 | admin: { listen: none, socket: /a/very/long/path/a/very/long/path/a/very/long/path/a/very/long/path/a/very/long/path/a/very/long.sock }
      |                  ^^^^ write an IP address and a port: `127.0.0.1:8080` or `[::]:8080`

    error[invalid-value]: this number is out of range
     --> conf/gateway.yaml:4:10
      |
    4 | workers: 1025
      |          ^^^^ must be from 0 to 1024

    error[invalid-value]: `10.0.0.0/33` is not a network
     --> conf/gateway.yaml:5:19
      |
    5 | trusted_proxies: [10.0.0.0/33, here]
      |                   ^^^^^^^^^^^ a network is an address, or an address and a prefix length: `10.0.0.0/8`

    error[invalid-value]: `here` is not a network
     --> conf/gateway.yaml:5:32
      |
    5 | trusted_proxies: [10.0.0.0/33, here]
      |                                ^^^^ a network is an address, or an address and a prefix length: `10.0.0.0/8`

    error[invalid-value]: expected `private` or `anyone`, found `everyone`
     --> conf/gateway.yaml:6:14
      |
    6 | health_full: everyone
      |              ^^^^^^^^

    error[invalid-value]: this number is out of range
     --> conf/gateway.yaml:7:22
      |
    7 | access_log: { queue: 0, path: 5 }
      |                      ^ must be from 1 to 1000000

    error[wrong-type]: expected text, found a number
     --> conf/gateway.yaml:7:31
      |
    7 | access_log: { queue: 0, path: 5 }
      |                               ^
      |
      = help: put it in quotes: "5"

    error[invalid-value]: this duration is 0
     --> conf/gateway.yaml:8:27
      |
    8 | limits: { header_timeout: 0s, connections: 0, keepalive: 500d }
      |                           ^^ must be longer than nothing

    error[invalid-value]: this number is out of range
     --> conf/gateway.yaml:8:44
      |
    8 | limits: { header_timeout: 0s, connections: 0, keepalive: 500d }
      |                                            ^ must be 1 or more

    error[invalid-value]: this duration is too long
     --> conf/gateway.yaml:8:58
      |
    8 | limits: { header_timeout: 0s, connections: 0, keepalive: 500d }
      |                                                          ^^^^ must be at most `365d`

    error[invalid-value]: `5` is not a duration
     --> conf/gateway.yaml:9:20
      |
    9 | drain: { requests: 5 }
      |                    ^ a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`

    error[invalid-value]: this number is out of range
      --> conf/gateway.yaml:10:16
       |
    10 | upstream_pool: 0
       |                ^ must be from 1 to 1000000

    error[invalid-value]: `*` is not an origin
      --> conf/gateway.yaml:11:31
       |
    11 | development: { cors_origins: ["*"], pass_request_headers: ["a b"] }
       |                               ^^^ an origin is `scheme://host[:port]`

    error[invalid-value]: `a b` is not a header name
      --> conf/gateway.yaml:11:60
       |
    11 | development: { cors_origins: ["*"], pass_request_headers: ["a b"] }
       |                                                            ^^^^^ a header name is letters, digits and dashes

    error[unknown-key]: the gateway configuration has no key `worker`
      --> conf/gateway.yaml:12:1
       |
    12 | worker: 5
       | ^^^^^^ unknown key
       |
       = help: did you mean `workers`?
    "#);
}
