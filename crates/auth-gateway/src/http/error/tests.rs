use super::*;

fn all() -> Vec<Refusal> {
    let wait = Duration::from_millis(1500);
    vec![
        Refusal::NoSuchRoute,
        Refusal::MethodNotAllowed,
        Refusal::BodyMissing,
        Refusal::BodyMalformed("not JSON".to_owned()),
        Refusal::BodyTooLarge { limit: 1 },
        Refusal::UnsupportedMediaType,
        Refusal::BodyTooSlow,
        Refusal::InvalidRequest("`name` is required".to_owned()),
        Refusal::MissingCredentials,
        Refusal::InvalidCredentials,
        Refusal::MissingEmail,
        Refusal::InvalidEmail,
        Refusal::EmailNotVerified,
        Refusal::WeakPassword("too short".to_owned()),
        Refusal::InvalidCode,
        Refusal::MissingToken,
        Refusal::TokenMissing,
        Refusal::SessionInvalid,
        Refusal::CredentialInvalid,
        Refusal::CredentialExpired,
        Refusal::OtherProject,
        Refusal::ClientInvalid,
        Refusal::SessionUnavailable,
        Refusal::MissingRefreshToken,
        Refusal::InvalidRefreshToken,
        Refusal::InvalidTokenType,
        Refusal::SessionNotFound,
        Refusal::UserNotFound,
        Refusal::ApiKeyMissing,
        Refusal::ApiKeyInvalid { reason: "expired" },
        Refusal::KeyNotFound,
        Refusal::KeyExists,
        Refusal::AuthRequired,
        Refusal::ConflictingCredentials,
        Refusal::MalformedCredential,
        Refusal::ScopeInsufficient {
            required: vec!["memories:read".to_owned()],
            provided: vec!["profile".to_owned()],
        },
        Refusal::Forbidden,
        Refusal::OriginNotAllowed,
        Refusal::NotFound,
        Refusal::Conflict,
        Refusal::IdempotencyKeyReused,
        Refusal::RateLimited { retry_after: wait },
        Refusal::TooManyAttempts { retry_after: wait },
        Refusal::Overloaded,
        Refusal::Unavailable,
        Refusal::TookTooLong,
        Refusal::Internal,
    ]
}

#[test]
fn no_text_makes_a_client_send_its_credentials_elsewhere() {
    let phrases = [
        "authentication required",
        "invalid jwt",
        "missing authorization header",
        "token is not active or has expired",
        "cannot get /",
        "route_not_found",
    ];
    for refusal in all() {
        for shape in [Shape::Rest, Shape::OAuth, Shape::Identity] {
            let mut body = refusal.body(shape, "id");
            if refusal == Refusal::NoSuchRoute {
                body["code"] = json!("as the contract says");
            }
            let text = body.to_string().to_lowercase();
            assert!(phrases.iter().all(|phrase| !text.contains(phrase)), "{text}");
        }
    }
}

#[test]
fn every_refusal_is_an_error_status_with_an_upper_snake_code_and_a_text() {
    for refusal in all() {
        assert!(refusal.status().as_u16() >= 400, "{refusal:?}");
        let upper_snake = |b: u8| b.is_ascii_uppercase() || b == b'_';
        assert!(refusal.code().bytes().all(upper_snake), "{refusal:?}");
        assert!(
            !refusal.to_string().is_empty() && !refusal.message().is_empty(),
            "{refusal:?}"
        );
    }
}

#[test]
fn every_401_has_a_challenge_and_every_429_and_503_says_when_to_come_back() {
    for refusal in all() {
        let status = refusal.status().as_u16();
        let response = refusal.clone().into_response();
        let has = |name| response.headers().contains_key(name);
        assert_eq!(has(header::RETRY_AFTER), matches!(status, 429 | 503), "{refusal:?}");
        if status == 401 {
            assert!(has(header::WWW_AUTHENTICATE), "{refusal:?}");
        }
    }
}

#[test]
fn a_service_is_asked_for_basic_and_everybody_else_for_a_bearer_credential() {
    for refusal in all() {
        let response = refusal.clone().into_response();
        let Some(challenge) = response.headers().get(header::WWW_AUTHENTICATE) else {
            continue;
        };
        let scheme = challenge.to_str().expect("ASCII").split(' ').next();
        let expected = if refusal == Refusal::ClientInvalid {
            "Basic"
        } else {
            "Bearer"
        };
        assert_eq!(scheme, Some(expected), "{refusal:?}");
    }
}

#[test]
fn one_refusal_has_three_bodies() {
    let refusal = Refusal::ScopeInsufficient {
        required: vec!["a:read".to_owned(), "a:write".to_owned()],
        provided: vec!["a:read".to_owned()],
    };
    let bodies = [Shape::Rest, Shape::OAuth, Shape::Identity].map(|shape| refusal.body(shape, "r").to_string());
    insta::assert_snapshot!(bodies.join("\n"), @r#"
    {"error":"Insufficient scope","code":"SCOPE_INSUFFICIENT","message":"The request needs the scopes: a:read a:write","request_id":"r","required":["a:read","a:write"],"provided":["a:read"],"missing":["a:write"]}
    {"error":"insufficient_scope","error_description":"The request needs the scopes: a:read a:write"}
    {"valid":false,"identity":null,"error":{"code":"invalid_client","message":"The request needs the scopes: a:read a:write","retryable":false}}
    "#);
}

#[test]
fn a_wait_is_rounded_up_to_whole_seconds() {
    let cases = [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)];
    for (milliseconds, seconds) in cases {
        assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), seconds);
    }
}

#[test]
fn every_refusal_is_documented() {
    let document = include_str!("../../../../../docs/auth/http.md");
    for refusal in all() {
        let (status, code, error) = (refusal.status().as_u16(), refusal.code(), refusal.oauth_error());
        let row = format!("| {status} | `{code}` | `{error}` | ");
        assert!(document.contains(&row), "{row}");
    }
}
