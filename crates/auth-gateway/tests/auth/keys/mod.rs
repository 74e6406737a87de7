//! Every key of `auth.yaml` has a test in which a value other than the default changes what a client or an operator sees of
//! a running gateway.

mod limits;
mod mail;
mod passwords;
mod server;
mod sessions;

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A key, and the test of it: the file below `tests`, and its name.
const TESTS: &[(&str, &str)] = &[
    ("version", "auth/keys/server::a_version_that_is_not_known_is_refused"),
    ("issuer", "auth/keys/server::the_issuer_is_who_tokens_come_from"),
    (
        "listen",
        "auth/keys/server::it_listens_where_the_file_says_and_keeps_its_data_there",
    ),
    ("admin", "auth/keys/server::operators_have_a_listener_of_their_own"),
    (
        "data",
        "auth/keys/server::it_listens_where_the_file_says_and_keeps_its_data_there",
    ),
    ("database.url", "auth/keys/server::the_database_is_the_file_of_the_url"),
    (
        "database.url.secret",
        "auth/keys/server::the_database_s_url_may_be_a_secret_and_its_tables_are_made_only_if_that_is_said",
    ),
    (
        "database.readers",
        "auth/keys/server::so_many_connections_read_as_the_file_says",
    ),
    (
        "database.migrate_at_start",
        "auth/keys/server::the_database_s_url_may_be_a_secret_and_its_tables_are_made_only_if_that_is_said",
    ),
    ("master_key.secret", "auth/keys/server::the_master_key_may_be_a_secret"),
    (
        "cookies.domain",
        "auth/keys/server::cookies_are_for_the_domain_and_secure_where_that_is_said",
    ),
    (
        "cookies.secure",
        "auth/keys/server::cookies_are_for_the_domain_and_secure_where_that_is_said",
    ),
    (
        "sessions.idle",
        "auth/keys/sessions::a_session_that_is_not_used_ends_after_the_idle_time",
    ),
    (
        "sessions.absolute",
        "auth/keys/sessions::a_session_has_an_end_however_much_it_is_used",
    ),
    (
        "tokens.access_ttl",
        "auth/keys/sessions::tokens_last_as_long_and_are_for_whom_the_file_says",
    ),
    (
        "tokens.refresh_ttl",
        "auth/keys/sessions::a_refresh_token_that_is_not_used_is_void_after_its_time",
    ),
    (
        "tokens.refresh_grace",
        "auth/contract/refresh::a_replay_after_the_grace_ends_the_family_and_no_other",
    ),
    (
        "tokens.assertion_ttl",
        "auth/keys/sessions::tokens_last_as_long_and_are_for_whom_the_file_says",
    ),
    (
        "tokens.audience",
        "auth/keys/sessions::tokens_last_as_long_and_are_for_whom_the_file_says",
    ),
    (
        "signing_keys.rotate_every",
        "auth/keys/sessions::signing_keys_are_shown_ahead_sign_their_time_and_are_forgotten_after_the_overlap",
    ),
    (
        "signing_keys.overlap",
        "auth/keys/sessions::signing_keys_are_shown_ahead_sign_their_time_and_are_forgotten_after_the_overlap",
    ),
    (
        "signing_keys.publish_ahead",
        "auth/keys/sessions::signing_keys_are_shown_ahead_sign_their_time_and_are_forgotten_after_the_overlap",
    ),
    (
        "passwords.min_length",
        "auth/keys/passwords::a_password_has_at_least_as_many_characters_as_the_file_says",
    ),
    (
        "passwords.argon2.memory",
        "auth/keys/passwords::a_hash_costs_what_the_file_says",
    ),
    (
        "passwords.argon2.iterations",
        "auth/keys/passwords::a_hash_costs_what_the_file_says",
    ),
    (
        "passwords.argon2.parallelism",
        "auth/keys/passwords::a_hash_costs_what_the_file_says",
    ),
    (
        "passwords.concurrency",
        "auth/keys/passwords::so_many_passwords_are_hashed_at_once_and_wait_as_the_file_says",
    ),
    (
        "passwords.queue",
        "auth/keys/passwords::so_many_passwords_are_hashed_at_once_and_wait_as_the_file_says",
    ),
    (
        "lockout.per_pair.free_attempts",
        "auth/contract/lockout::who_guesses_at_one_account_waits_as_long_as_the_file_says",
    ),
    (
        "lockout.per_pair.first_wait",
        "auth/contract/lockout::who_guesses_at_one_account_waits_as_long_as_the_file_says",
    ),
    (
        "lockout.per_pair.longest_wait",
        "auth/keys/passwords::waits_grow_to_the_longest_and_no_further",
    ),
    (
        "lockout.per_address.free_attempts",
        "auth/contract/lockout::one_address_does_not_try_one_password_on_many_accounts",
    ),
    (
        "lockout.per_address.first_wait",
        "auth/contract/lockout::one_address_does_not_try_one_password_on_many_accounts",
    ),
    (
        "lockout.per_address.longest_wait",
        "auth/keys/passwords::waits_grow_to_the_longest_and_no_further",
    ),
    (
        "lockout.per_account.free_attempts",
        "auth/contract/lockout::the_owner_gets_in_from_a_known_address_while_others_guess",
    ),
    (
        "lockout.per_account.first_wait",
        "auth/contract/lockout::the_owner_gets_in_from_a_known_address_while_others_guess",
    ),
    (
        "lockout.per_account.longest_wait",
        "auth/keys/passwords::waits_grow_to_the_longest_and_no_further",
    ),
    (
        "scopes.default",
        "auth/keys/passwords::a_login_may_what_the_file_gives_its_role",
    ),
    (
        "scopes.roles",
        "auth/keys/passwords::a_login_may_what_the_file_gives_its_role",
    ),
    (
        "api_keys.rotation_overlap",
        "auth/keys/passwords::a_rotated_key_works_as_long_as_the_file_says_and_nobody_may_ask_for_more",
    ),
    (
        "api_keys.longest_overlap",
        "auth/keys/passwords::a_rotated_key_works_as_long_as_the_file_says_and_nobody_may_ask_for_more",
    ),
    (
        "api_keys.per_user",
        "auth/api_keys/at_once::keys_made_at_once_are_no_more_than_a_user_may_have",
    ),
    ("sign_up", "auth/keys/passwords::nobody_signs_up_where_that_is_closed"),
    (
        "mail.from",
        "auth/keys/mail::letters_are_files_in_the_folder_and_come_from_whom_the_file_says",
    ),
    (
        "mail.spool",
        "auth/keys/mail::letters_are_files_in_the_folder_and_come_from_whom_the_file_says",
    ),
    (
        "mail.smtp.host",
        "auth/keys/mail::letters_go_to_the_mail_server_that_the_file_names_as_the_user_it_names",
    ),
    (
        "mail.smtp.port",
        "auth/keys/mail::letters_go_to_the_mail_server_that_the_file_names_as_the_user_it_names",
    ),
    (
        "mail.smtp.security",
        "auth/keys/mail::letters_go_to_the_mail_server_that_the_file_names_as_the_user_it_names",
    ),
    (
        "mail.smtp.user",
        "auth/keys/mail::letters_go_to_the_mail_server_that_the_file_names_as_the_user_it_names",
    ),
    (
        "mail.smtp.password.secret",
        "auth/keys/mail::letters_go_to_the_mail_server_that_the_file_names_as_the_user_it_names",
    ),
    (
        "mail.webhook.url",
        "auth/keys/mail::letters_are_posted_signed_to_the_program_that_the_file_names",
    ),
    (
        "mail.webhook.secret.secret",
        "auth/keys/mail::letters_are_posted_signed_to_the_program_that_the_file_names",
    ),
    (
        "deliveries[].name",
        "cli/deliveries::what_happened_while_nobody_served_is_told_later_and_shown_by_doctor",
    ),
    (
        "deliveries[].url",
        "cli/deliveries::what_a_receiver_refuses_is_told_again_in_order",
    ),
    (
        "deliveries[].secret.secret",
        "cli/deliveries::what_a_receiver_refuses_is_told_again_in_order",
    ),
    (
        "deliveries[].events",
        "cli/deliveries::what_a_receiver_refuses_is_told_again_in_order",
    ),
    (
        "trusted_proxies",
        "auth/keys/server::an_address_is_the_first_before_the_proxies_that_the_file_trusts",
    ),
    (
        "cors_origins",
        "auth/keys/server::a_page_of_an_allowed_origin_may_read_answers",
    ),
    (
        "return_to",
        "auth/keys/server::who_signs_in_returns_to_the_origins_of_the_file",
    ),
    ("limits.body", "auth/keys/limits::a_body_is_as_long_as_the_file_allows"),
    (
        "limits.body_time",
        "auth/keys/limits::a_body_arrives_in_the_time_of_the_file",
    ),
    (
        "limits.request_time",
        "auth/keys/limits::an_answer_comes_in_the_time_of_the_file",
    ),
    (
        "limits.connections",
        "auth/keys/limits::no_more_connections_are_open_than_the_file_allows",
    ),
    (
        "limits.connections_per_address",
        "auth/keys/limits::no_more_connections_are_open_than_the_file_allows",
    ),
    (
        "limits.header_timeout",
        "auth/keys/limits::a_head_arrives_in_the_time_of_the_file",
    ),
    (
        "rate_limits.default.requests",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.default.window",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.login.requests",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.login.window",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.signup.requests",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.signup.window",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.refresh.requests",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.refresh.window",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.mail.requests",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.mail.window",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.verify.requests",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "rate_limits.verify.window",
        "auth/keys/limits::every_limit_on_guessing_is_the_one_of_the_file",
    ),
    (
        "checkpoints.every",
        "auth/keys/server::checkpoints_are_written_as_often_and_where_the_file_says",
    ),
    (
        "checkpoints.folder",
        "auth/keys/server::checkpoints_are_written_as_often_and_where_the_file_says",
    ),
    (
        "log.level",
        "auth/keys/server::the_log_says_no_less_important_things_than_configured",
    ),
    (
        "drain",
        "auth/keys/server::a_stop_waits_for_requests_under_way_as_long_as_configured",
    ),
];

/// The keys of a schema, but for those that only hold others.
fn keys(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let key = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let holds_others = [inner, &inner["items"]]
            .iter()
            .any(|part| part["properties"].is_object());
        if !holds_others {
            found.insert(key.clone());
        }
        keys(inner, &key, found);
    }
    if schema["items"].is_object() {
        keys(&schema["items"], &format!("{path}[]"), found);
    }
    for choice in schema["anyOf"].as_array().into_iter().flatten() {
        keys(choice, path, found);
    }
}

#[test]
fn every_key_has_a_test() {
    let schema = serde_json::from_str(include_str!("../../../../../conf/auth.schema.json")).expect("a schema");
    let mut all = BTreeSet::new();
    keys(&schema, "", &mut all);
    let named: BTreeSet<String> = TESTS.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(named.len(), TESTS.len(), "a key stands twice");
    let untested: Vec<_> = all.difference(&named).collect();
    assert!(untested.is_empty(), "keys without a test: {untested:?}");
    let unknown: Vec<_> = named.difference(&all).collect();
    assert!(unknown.is_empty(), "tests of keys that are none: {unknown:?}");
}

#[test]
fn every_named_test_exists() {
    for (key, test) in TESTS {
        let (file, function) = test.split_once("::").expect("file::function");
        let path = format!("{}/tests/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let is_test = text.split("#[tokio::test").skip(1).any(|rest| {
            let head = rest.lines().nth(1).unwrap_or_default();
            head.trim().starts_with(&format!("async fn {function}("))
        });
        assert!(is_test, "{key}: there is no test {test}");
    }
}

/// Nobody listens there now.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

/// What operators see.
pub(crate) async fn metrics(port: u16) -> String {
    let asked = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await;
    asked.expect("an answer").text().await.expect("a body")
}

/// A connection byte by byte, which waits 5 s for what must come.
struct Raw(BufReader<TcpStream>);

impl Raw {
    fn open(base: &str) -> Self {
        let address = base.strip_prefix("http://").expect("a base");
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a time");
        Self(BufReader::new(stream))
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).expect("sent");
    }

    fn read_head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") && self.0.read_line(&mut head).is_ok_and(|read| read > 0) {}
        head
    }

    /// Whether the other side ends the connection, with or without a word.
    fn is_cut(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
