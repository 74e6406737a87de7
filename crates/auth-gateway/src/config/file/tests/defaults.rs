//! What holds when nothing is said, and what each key changes.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;

use super::{MASTER, SECRET, load, made};
use crate::config::settings::{
    Allowance, DatabaseKind, EventFilter, LogLevel, MailTransport, MasterKeySource, Patience, SignUp, SmtpSecurity,
};
use crate::crypto::password_parameters::PasswordParameters;
use crate::domain::role::Role;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

fn role(name: &str) -> Role {
    name.parse().unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn two_keys_are_a_whole_file() {
    let (settings, said) = load("version: 1\nissuer: http://127.0.0.1:4000\n");
    assert_eq!(said, "");
    let settings = settings.unwrap();
    assert_eq!(settings.issuer.as_str(), "http://127.0.0.1:4000");
    assert_eq!(settings.listen, "127.0.0.1:4000".parse::<SocketAddr>().unwrap());
    assert_eq!(settings.admin, Some("127.0.0.1:9091".parse().unwrap()));
    assert_eq!(settings.data, Path::new("/var/lib/auth-gateway"));
    assert!(
        matches!(&settings.database.kind, DatabaseKind::Sqlite(path) if path == Path::new("/var/lib/auth-gateway/auth.db"))
    );
    assert!((settings.database.readers, settings.database.migrate_at_start) == (4, true));
    assert!(
        matches!(&settings.master_key, MasterKeySource::File(path) if path == Path::new("/var/lib/auth-gateway/master.key"))
    );
    assert_eq!((settings.cookies.domain, settings.cookies.secure), (None, false));
    assert_eq!(
        (settings.sessions.idle, settings.sessions.absolute),
        (seconds(14 * DAY), seconds(30 * DAY))
    );
    assert_eq!(settings.tokens.audience, ["http://127.0.0.1:4000"]);
    assert!(
        matches!(&settings.mail.transport, MailTransport::Spool(path) if path == Path::new("/var/lib/auth-gateway/spool"))
    );
    assert_eq!(settings.mail.from.to_string(), "no-reply@localhost");
    assert_eq!(
        settings.checkpoints.folder,
        Path::new("/var/lib/auth-gateway/checkpoints")
    );
    assert_eq!((settings.sign_up, settings.log), (SignUp::Open, LogLevel::Info));
    assert_eq!(
        (
            settings.deliveries.len(),
            settings.trusted_proxies.len(),
            settings.cors_origins.len()
        ),
        (0, 0, 0)
    );
    assert_eq!(settings.drain, seconds(30));
}

#[test]
fn times_and_costs_have_defaults_that_are_safe_to_run_with() {
    let settings = made("");
    let tokens = &settings.tokens;
    assert_eq!(
        (tokens.access_ttl, tokens.refresh_ttl),
        (seconds(15 * MINUTE), seconds(14 * DAY))
    );
    assert_eq!(
        (tokens.refresh_grace, tokens.assertion_ttl),
        (seconds(10), seconds(5 * MINUTE))
    );
    let keys = settings.signing_keys;
    assert_eq!(
        (keys.rotate_every, keys.overlap, keys.publish_ahead),
        (seconds(30 * DAY), seconds(DAY), seconds(DAY))
    );
    let passwords = settings.passwords;
    assert_eq!(
        (passwords.min_length, Ok(passwords.parameters)),
        (8, PasswordParameters::new(19 * 1024, 2, 1))
    );
    assert_eq!((passwords.at_once, passwords.waiting), (None, None));
    let patience = |free_attempts, minutes| Patience {
        free_attempts,
        first_wait: seconds(1),
        longest_wait: seconds(minutes * MINUTE),
    };
    let lockout = settings.lockout;
    assert_eq!(
        [lockout.per_pair, lockout.per_address, lockout.per_account],
        [patience(5, 15), patience(20, 15), patience(20, 60)]
    );
    let keys = settings.api_keys;
    assert_eq!(
        (keys.rotation_overlap, keys.longest_overlap, keys.per_user),
        (seconds(DAY), seconds(30 * DAY), 100)
    );
    let limits = settings.limits;
    assert_eq!(
        (limits.body, limits.request_time, limits.connections),
        (100 * 1024, seconds(30), 4096)
    );
    assert_eq!(
        (limits.header_timeout, limits.body_time, limits.connections_per_address),
        (seconds(10), seconds(10), 128)
    );
    assert_eq!(
        settings.rates.of("login"),
        Allowance {
            requests: NonZeroU32::new(10).unwrap(),
            window: seconds(MINUTE)
        }
    );
    assert!(settings.cookies.secure, "the issuer is https");
}

#[test]
fn only_administrators_may_do_what_administrators_do() {
    let settings = made("");
    let admin = "admin:users".parse().unwrap();
    let memory = "memories:read".parse().unwrap();
    assert!(settings.scopes.of(&role("admin")).allows(&admin));
    assert!(!settings.scopes.of(&role("user")).allows(&admin) && settings.scopes.of(&role("user")).allows(&memory));
    let settings = made("scopes: { default: [api:access], roles: { auditor: [\"admin:audit\"] } }");
    assert!(!settings.scopes.of(&role("user")).allows(&memory) && !settings.scopes.of(&role("admin")).allows(&admin));
    assert!(
        settings
            .scopes
            .of(&role("auditor"))
            .allows(&"admin:audit".parse().unwrap())
    );
}

#[test]
fn a_path_begins_at_the_folder_of_the_file_and_a_database_at_the_data_folder() {
    let settings =
        made("data: ../state\ndatabase: { url: \"sqlite:events.db\" }\ncheckpoints: { folder: proofs, every: 1h }");
    assert_eq!(settings.data, Path::new("conf/../state"));
    assert_eq!(
        settings.database.kind.url().expose_secret(),
        "sqlite:conf/../state/events.db"
    );
    assert_eq!(
        (settings.checkpoints.folder, settings.checkpoints.every),
        (PathBuf::from("conf/proofs"), seconds(60 * MINUTE))
    );
    assert!(matches!(&settings.mail.transport, MailTransport::Spool(path) if path == Path::new("conf/mail")));
}

#[test]
fn a_postgres_database_is_a_secret_and_migrates_only_when_told() {
    let settings = made("database: { url: { secret: DATABASE }, readers: 16 }");
    assert_eq!(
        settings.database.kind.url().expose_secret(),
        "postgres://auth:hunter2@db.example.org/auth"
    );
    assert_eq!(
        (settings.database.readers, settings.database.migrate_at_start),
        (16, false)
    );
    let settings = made("database: { url: \"postgres://auth@localhost/auth\", migrate_at_start: true }");
    assert!(matches!(settings.database.kind, DatabaseKind::Postgres(_)) && settings.database.migrate_at_start);
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_named_master_key_is_read_from_outside() {
    let settings = made("master_key: { secret: MASTER }");
    assert!(matches!(&settings.master_key, MasterKeySource::Secret(secret) if secret.expose_secret() == MASTER));
}

#[test]
fn cookies_reach_the_hosts_of_a_domain_that_the_issuer_is_in() {
    for domain in ["example.org", ".example.org", "auth.example.org", "Example.ORG"] {
        let settings = made(&format!("cookies: {{ domain: {domain}, secure: always }}"));
        assert_eq!(
            settings.cookies.domain.unwrap(),
            domain.trim_start_matches('.').to_lowercase()
        );
        assert!(settings.cookies.secure);
    }
}

#[test]
fn mail_goes_one_of_three_ways() {
    let head = "version: 1\nissuer: https://auth.example.org\n";
    let made = |mail: &str| {
        let (settings, said) = load(&format!("{head}mail: {mail}"));
        assert_eq!(said, "");
        settings.unwrap().mail
    };
    let mail = made(
        "{ from: \"Example <hello@example.org>\", smtp: { host: mail.example.org, security: starttls, user: u, password: { secret: KEY } } }",
    );
    assert_eq!(mail.from.to_string(), "Example <hello@example.org>");
    let MailTransport::Smtp(smtp) = mail.transport else {
        panic!("a mail server");
    };
    assert_eq!(
        (smtp.host.as_str(), smtp.port, smtp.security),
        ("mail.example.org", 587, SmtpSecurity::StartTls)
    );
    let login = smtp.login.unwrap();
    assert_eq!((login.user.as_str(), login.password.expose_secret()), ("u", SECRET));
    let mail = made("{ smtp: { host: \"::1\", security: plain, port: 2525 } }");
    assert!(matches!(mail.transport, MailTransport::Smtp(smtp) if smtp.port == 2525 && smtp.login.is_none()));
    let mail = made("{ webhook: { url: \"https://mail.example.org/send\", secret: { secret: KEY } } }");
    assert_eq!(mail.from.to_string(), "no-reply@auth.example.org");
    assert!(
        matches!(mail.transport, MailTransport::Webhook(hook) if hook.url.as_str() == "https://mail.example.org/send")
    );
}

#[test]
fn a_delivery_tells_of_the_events_it_names() {
    let one = |events: &str| {
        let list =
            format!("deliveries: [{{ name: crm, url: \"http://127.0.0.1:1/x\", secret: {{ secret: KEY }}{events} }}]");
        made(&list).deliveries.remove(0)
    };
    assert_eq!(one("").events, EventFilter::All);
    let delivery = one(", events: [session.*, user.disabled]");
    assert_eq!(
        (delivery.name.as_str(), delivery.webhook.secret.expose_secret()),
        ("crm", SECRET)
    );
    let told = ["session.started", "user.disabled", "user.disabled_again", "sessions.x"]
        .map(|kind| delivery.events.admits(kind));
    assert_eq!(told, [true, true, false, false]);
}

#[test]
fn every_other_key_changes_its_setting() {
    let settings = made(
        "\
listen: \"[::1]:0\"
admin: off
sign_up: closed
sessions: { idle: 1h, absolute: 2h }
tokens: { access_ttl: 1m, refresh_ttl: 90m, refresh_grace: 0s, assertion_ttl: 1m, audience: [api, https://mcp.example.org] }
signing_keys: { rotate_every: 1h, overlap: 2m, publish_ahead: 1m }
passwords: { min_length: 12, argon2: { memory: 64MiB, iterations: 1, parallelism: 4 }, concurrency: 2, queue: 7 }
lockout: { per_pair: { free_attempts: 3 }, per_address: { first_wait: 2s }, per_account: { longest_wait: 3h } }
api_keys: { rotation_overlap: 0s, longest_overlap: 1d, per_user: 5 }
trusted_proxies: [127.0.0.1, 10.0.0.0/8]
cors_origins: [\"https://*.example.org\"]
return_to: [https://app.example.org]
limits: { body: 1KiB, request_time: 1s, connections: 2, header_timeout: 3s, connections_per_address: 4, body_time: 5s }
rate_limits: { default: { requests: 1, window: 1s }, login: { requests: 2, window: 1m } }
log: { level: debug }
drain: 0s
",
    );
    assert_eq!(
        (settings.listen.to_string().as_str(), settings.admin, settings.sign_up),
        ("[::1]:0", None, SignUp::Closed)
    );
    assert_eq!(settings.tokens.audience, ["api", "https://mcp.example.org"]);
    assert_eq!(
        (settings.tokens.refresh_ttl, settings.tokens.refresh_grace),
        (seconds(90 * MINUTE), Duration::ZERO)
    );
    assert_eq!(settings.signing_keys.overlap, seconds(2 * MINUTE));
    let passwords = settings.passwords;
    assert_eq!(
        (passwords.min_length, Ok(passwords.parameters)),
        (12, PasswordParameters::new(65_536, 1, 4))
    );
    assert_eq!((passwords.at_once, passwords.waiting), (Some(2), Some(7)));
    let lockout = settings.lockout;
    assert_eq!(
        (lockout.per_pair.free_attempts, lockout.per_address.first_wait),
        (3, seconds(2))
    );
    assert_eq!(
        (lockout.per_account.free_attempts, lockout.per_account.longest_wait),
        (20, seconds(180 * MINUTE))
    );
    assert_eq!(
        (settings.api_keys.rotation_overlap, settings.api_keys.per_user),
        (Duration::ZERO, 5)
    );
    assert_eq!(
        settings.trusted_proxies,
        ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]
    );
    assert!(
        settings.cors_origins[0].matches("https://a.example.org")
            && settings.return_to[0].matches("https://app.example.org")
    );
    assert_eq!(
        (
            settings.limits.body,
            settings.limits.connections,
            settings.limits.connections_per_address
        ),
        (1024, 2, 4)
    );
    assert_eq!(
        (
            settings.rates.of("login").requests.get(),
            settings.rates.of("signup").requests.get()
        ),
        (2, 1)
    );
    assert_eq!((settings.log, settings.drain), (LogLevel::Debug, Duration::ZERO));
}
