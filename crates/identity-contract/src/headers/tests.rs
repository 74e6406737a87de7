//! The headers of a whole identity, and what hostile values become.

use super::*;
use crate::{ActorType, AuthMethod, AuthSource, Instant, SecretText};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write;
use uuid::Uuid;

fn identity() -> Identity {
    Identity {
        actor_id: Uuid::from_u128(1).to_string(),
        actor_type: ActorType::User,
        user_id: Some(Uuid::from_u128(1)),
        organization_id: Some(Uuid::from_u128(2)),
        project_scope: Some("lanonasis-maas".to_owned()),
        api_key_id: Some(Uuid::from_u128(3)),
        auth_source: AuthSource::ApiKey,
        auth_method: AuthMethod::ApiKey,
        request_id: "r".to_owned(),
        credential_id: Uuid::from_u128(3).to_string(),
        email: Some("ada@example.org".to_owned()),
        scopes: "memories:* profile".parse().unwrap(),
        role: Some("admin".to_owned()),
        session_id: Some(Uuid::from_u128(4)),
        client_id: None,
        audience: Vec::new(),
        issued_at: Instant::from_unix_millis(0),
        expires_at: None,
    }
}

fn text(headers: &[(IdentityHeader, String)]) -> String {
    headers.iter().fold(String::new(), |mut text, (header, value)| {
        writeln!(text, "{}: {value}", header.name()).unwrap();
        text
    })
}

#[test]
fn an_identity_has_these_headers() {
    let assertion = Assertion {
        token: SecretText::new("a.b.c"),
        audience: "https://api.example.org".to_owned(),
        expires_at: Instant::from_unix_millis(0),
    };
    let headers = identity_headers(&identity(), Some(&assertion), Resolution::FromCache);
    insta::assert_snapshot!("headers-of-a-key", text(&headers));
}

#[test]
fn what_an_identity_has_not_got_has_no_header() {
    let service = Identity {
        actor_id: "onasis-edge".to_owned(),
        actor_type: ActorType::Service,
        user_id: None,
        organization_id: None,
        project_scope: None,
        api_key_id: None,
        email: None,
        role: None,
        session_id: None,
        ..identity()
    };
    insta::assert_snapshot!(
        "headers-of-a-service",
        text(&identity_headers(&service, None, Resolution::Fresh))
    );
}

#[test]
fn a_caller_without_identity_has_only_the_reason() {
    assert_eq!(
        text(&failure_headers("no credential\r\n")),
        "x-uai-error: no credential%0D%0A\n"
    );
}

#[test]
fn every_header_but_the_error_is_written_for_a_whole_identity() {
    let assertion = Assertion {
        token: SecretText::new("a.b.c"),
        audience: String::new(),
        expires_at: Instant::from_unix_millis(0),
    };
    let written = identity_headers(&identity(), Some(&assertion), Resolution::Fresh);
    assert_eq!(written.len() + 1, IdentityHeader::ALL.len());
    let names: BTreeSet<&str> = HEADER_NAMES.iter().copied().collect();
    assert_eq!(names.len(), HEADER_NAMES.len(), "no name twice");
    let spelling = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    assert!(HEADER_NAMES.iter().all(|name| spelling(name)));
}

#[test]
fn values_beyond_ascii_stay_apart() {
    let with_email = |email: &str| {
        let identity = Identity {
            email: Some(email.to_owned()),
            ..identity()
        };
        let headers = identity_headers(&identity, None, Resolution::Fresh);
        headers[1].1.clone()
    };
    assert_eq!(with_email("é@example.org"), "%C3%A9@example.org");
    assert_eq!(with_email("%C3%A9@example.org"), "%25C3%25A9@example.org");
    assert_eq!(with_email(" ada lovelace "), "%20ada lovelace%20");
}

proptest! {
    #[test]
    fn no_value_can_end_its_line(email in any::<String>(), role in any::<String>()) {
        let identity = Identity { email: Some(email), role: Some(role), ..identity() };
        for (_, value) in identity_headers(&identity, None, Resolution::Fresh) {
            prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}
