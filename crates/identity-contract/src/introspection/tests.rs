//! Golden JSON: the fields which clients in the field and the edge depend on.

use super::*;
use crate::{ActorType, AuthMethod, AuthSource, Identity, Instant};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

fn identity() -> Identity {
    Identity {
        actor_id: "0197f3f0-0000-7000-8000-000000000001".to_owned(),
        actor_type: ActorType::User,
        user_id: Some(Uuid::from_u128(0x0197_f3f0_0000_7000_8000_0000_0000_0001)),
        organization_id: Some(Uuid::from_u128(0x0197_f3f0_0000_7000_8000_0000_0000_0002)),
        project_scope: Some("lanonasis-maas".to_owned()),
        api_key_id: None,
        auth_source: AuthSource::Jwt,
        auth_method: AuthMethod::Password,
        request_id: "0197f3f0-0000-7000-8000-000000000003".to_owned(),
        credential_id: "0197f3f0-0000-7000-8000-000000000004".to_owned(),
        email: Some("ada@example.org".to_owned()),
        scopes: "memories:read memories:write".parse().unwrap(),
        role: Some("authenticated".to_owned()),
        session_id: Some(Uuid::from_u128(0x0197_f3f0_0000_7000_8000_0000_0000_0004)),
        client_id: Some("lanonasis-cli".to_owned()),
        audience: vec!["https://api.example.org".to_owned()],
        issued_at: Instant::from_unix_millis(1_770_000_000_000),
        expires_at: Some(Instant::from_unix_millis(1_770_000_900_000)),
    }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

fn valid() -> IntrospectionAnswer {
    IntrospectionAnswer::Valid(Box::new(ValidIdentity {
        identity: identity(),
        assertion: Some(Assertion {
            token: SecretText::new("header.claims.signature"),
            audience: "https://memories.example.org".to_owned(),
            expires_at: Instant::from_unix_millis(1_770_000_060_000),
        }),
        cache_until: Instant::from_unix_millis(1_770_000_030_000),
    }))
}

fn invalid() -> IntrospectionAnswer {
    IntrospectionAnswer::Invalid(IntrospectionError::new(
        ErrorCode::GatewayUnavailable,
        "The auth gateway cannot reach its database.",
    ))
}

#[test]
fn a_valid_credential_is_answered_with_its_identity() {
    insta::assert_snapshot!("introspection-session", pretty(&valid()));
}

#[test]
fn an_api_key_has_no_session_and_may_have_no_expiry() {
    let mut identity = identity();
    identity.api_key_id = Some(Uuid::from_u128(5));
    identity.auth_source = AuthSource::ApiKey;
    identity.auth_method = AuthMethod::ApiKey;
    identity.session_id = None;
    identity.client_id = None;
    identity.audience = Vec::new();
    identity.expires_at = None;
    insta::assert_snapshot!("identity-api-key", pretty(&identity));
}

#[test]
fn a_refusal_has_an_error_and_nothing_else() {
    insta::assert_snapshot!("introspection-refusal", pretty(&invalid()));
}

#[test]
fn answers_are_read_back_as_written() {
    for answer in [valid(), invalid()] {
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<IntrospectionAnswer>(&text).unwrap(), answer);
    }
}

#[test]
fn a_reader_ignores_fields_which_it_does_not_know_yet() {
    let mut answer = serde_json::to_value(valid()).unwrap();
    answer["later"] = json!(1);
    answer["identity"]["later"] = json!({});
    assert_eq!(serde_json::from_value::<IntrospectionAnswer>(answer).unwrap(), valid());
    let code: ErrorCode = serde_json::from_value(json!("something_new")).unwrap();
    assert_eq!(code, ErrorCode::Unknown);
}

#[test]
fn an_answer_which_contradicts_itself_is_unreadable() {
    let spoilt = |answer: IntrospectionAnswer, field: &str, value: Value| {
        let mut answer = serde_json::to_value(answer).unwrap();
        answer[field] = value;
        serde_json::from_value::<IntrospectionAnswer>(answer)
    };
    let identity = serde_json::to_value(identity()).unwrap();
    let error = json!({"code": "invalid_credential", "message": "No.", "retryable": false});
    let until = json!("2026-02-02T02:40:30.000Z");
    for (answer, field, value) in [
        (valid(), "valid", json!(false)),
        (valid(), "identity", Value::Null),
        (valid(), "error", error),
        (valid(), "cache_until", Value::Null),
        (invalid(), "valid", json!(true)),
        (invalid(), "identity", identity),
        (invalid(), "error", Value::Null),
        (invalid(), "cache_until", until.clone()),
        (
            invalid(),
            "assertion",
            json!({"token": "x", "audience": "y", "expires_at": until}),
        ),
    ] {
        assert!(spoilt(answer, field, value.clone()).is_err(), "{field}: {value}");
    }
}

#[test]
fn every_name_of_a_credential_type_is_known_and_no_other() {
    let cases = [
        ("auto", CredentialType::Auto),
        ("api_key", CredentialType::ApiKey),
        ("vendor_key", CredentialType::ApiKey),
        ("jwt", CredentialType::Jwt),
        ("bearer", CredentialType::Bearer),
        ("oauth_token", CredentialType::Jwt),
        ("session", CredentialType::Session),
    ];
    for (name, expected) in cases {
        let request: IntrospectionRequest = serde_json::from_value(json!({"type": name})).unwrap();
        assert_eq!(request.credential_type, expected, "{name}");
    }
    assert!(serde_json::from_value::<IntrospectionRequest>(json!({"type": "cli_token"})).is_err());
}

#[test]
fn a_request_names_exactly_one_credential() {
    let cases = [
        (json!({"credential": "a"}), Ok("a")),
        (json!({"token": "b"}), Ok("b")),
        (json!({"credential": "a", "token": ""}), Ok("a")),
        (json!({"credential": "", "token": "b"}), Ok("b")),
        (
            json!({"credential": "a", "token": "a"}),
            Err(CredentialProblem::Ambiguous),
        ),
        (json!({"credential": "", "token": ""}), Err(CredentialProblem::Missing)),
        (json!({"credential": ""}), Err(CredentialProblem::Missing)),
        (json!({}), Err(CredentialProblem::Missing)),
    ];
    for (body, expected) in cases {
        let request: IntrospectionRequest = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(request.credential().map(SecretText::expose), expected, "{body}");
    }
}

#[test]
fn a_request_is_written_without_what_it_does_not_say() {
    let request = IntrospectionRequest {
        token: Some(SecretText::new("t")),
        audience: Some("https://api.example.org".to_owned()),
        ..IntrospectionRequest::default()
    };
    insta::assert_snapshot!("introspection-request", pretty(&request));
}

#[test]
fn secrets_are_not_shown_by_debug() {
    let request = IntrospectionRequest {
        token: Some(SecretText::new("hunter2")),
        ..IntrospectionRequest::default()
    };
    assert!(!format!("{request:?}").contains("hunter2"));
    assert!(!format!("{:?}", valid()).contains("signature"));
}
