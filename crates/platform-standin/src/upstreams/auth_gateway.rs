//! The auth gateway's public endpoints, as their clients know them. It believes any credential and keeps nothing.

use http::StatusCode;
use http::header::SET_COOKIE;
use identity_contract::{
    ActorType, AuthMethod, AuthSource, ErrorCode, Identity, Instant, IntrospectionAnswer, IntrospectionError, Scope,
    ScopeSet, ValidIdentity,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::health;
use crate::answer::{self, Answer};
use crate::call::Call;

const USER: Uuid = Uuid::from_u128(1);
const ORGANIZATION: Uuid = Uuid::from_u128(2);
const KEY: Uuid = Uuid::from_u128(3);
const CACHE_FOR: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);
const ISSUER: &str = "https://auth.example.com";
const COOKIE: &str = "Path=/; HttpOnly; Max-Age=604800; SameSite=Lax";

pub(super) fn answer(call: &Call) -> Answer {
    let answer = dispatch(call);
    // It returns the caller's request id, like the real one.
    match call.header("x-request-id") {
        Some(id) => answer::with(answer, http::HeaderName::from_static("x-request-id"), id),
        None => answer,
    }
}

fn dispatch(call: &Call) -> Answer {
    let segments = call.segments();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET" | "HEAD", path) => get(call, path),
        ("POST", path) => post(call, path),
        ("PUT" | "DELETE", ["api", "v1", "auth", "api-keys", _] | ["api", "v1", "api-keys" | "projects", _]) => {
            protected(call, json!({ "success": true }))
        }
        _ => unknown(),
    }
}

fn get(call: &Call, path: &[&str]) -> Answer {
    match path {
        ["health"] => auth_health(),
        ["ready"] => answer::ok(json!({ "status": "ready", "service": "auth-gateway", "failures": [] })),
        [".well-known", "oauth-authorization-server"] => answer::ok(metadata()),
        [".well-known", "openid-configuration"] => answer::ok(openid_metadata()),
        ["oauth", "jwks.json"] => answer::ok(json!({ "keys": [] })),
        ["oauth", "authorize"] => authorize(call),
        ["oauth", "device"] => answer::html(
            "Connect a device",
            &form("/oauth/device/verify", &["user_code", "email"]),
        ),
        ["web", "login"] => answer::html("Sign in", &form("/web/login", &["email", "password"])),
        ["web", "signup"] => answer::html("Create an account", &form("/web/signup", &["email", "password"])),
        ["web", "logout"] => answer::with(
            answer::found("/web/login"),
            SET_COOKIE,
            "lanonasis_session=; Path=/; Max-Age=0",
        ),
        ["auth", "cli-login"] => answer::html("Sign in to the CLI", &form("/auth/cli-login", &["email", "password"])),
        ["auth", "login"] => answer::found("/web/login"),
        ["mcp", "health"] => answer::ok(health("mcp-auth")),
        ["services"] => answer::ok(json!({ "services": ["ai-chat", "memories"] })),
        ["v1", "auth", "session", "check"] => session_check(call),
        ["v1", "auth", "session"] => protected(call, json!({ "user": user(), "sessions": 1 })),
        ["v1", "auth", "sessions"] => protected(call, json!({ "sessions": [] })),
        ["v1", "auth", "me"] => protected(call, user()),
        ["v1", "auth", "resolve"] => resolve(call),
        ["v1", "auth", "oauth"] => answer::found("https://identity.example.com/authorize"),
        ["api", "v1", "auth", "api-keys"] | ["api", "v1", "api-keys"] => {
            protected(call, json!({ "success": true, "data": [] }))
        }
        ["api", "v1", "projects"] => protected(call, json!([])),
        ["admin", ..] => protected(call, json!({ "status": "ok" })),
        _ => unknown(),
    }
}

fn post(call: &Call, path: &[&str]) -> Answer {
    match path {
        ["v1", "auth", "login"] | ["auth", "cli-login"] | ["mcp", "auth"] => login(call),
        ["web", "login" | "signup"] => answer::with(answer::found("/"), SET_COOKIE, &session_cookie()),
        ["v1", "auth", "logout"] => protected(call, json!({ "success": true, "revoked": true })),
        ["v1", "auth", "introspect"] => introspect(call),
        ["v1", "auth", "verify"] => protected(call, json!({ "valid": true, "payload": user() })),
        ["v1", "auth", "verify-api-key"] => verify_api_key(call),
        ["v1", "auth", "verify-token"] => verify_token(call),
        ["v1", "auth", "refresh"] => answer::ok(tokens()),
        ["v1", "auth", "token", "exchange"] => protected(call, tokens()),
        ["v1", "auth", "otp", "send"] | ["otp", "send"] => {
            answer::ok(json!({ "success": true, "message": "Code sent", "type": "email", "expires_in": 600 }))
        }
        ["oauth", "token"] => oauth_token(call),
        ["oauth", "introspect"] => answer::ok(json!({ "active": false })),
        ["oauth", "revoke"] => answer::ok(json!({ "revoked": true })),
        ["oauth", "device"] => device(),
        ["register"] | ["oauth", "register"] => register(call),
        ["api", "v1", "auth", "api-keys", ..] | ["api", "v1", "api-keys", ..] => protected(
            call,
            json!({ "success": true, "data": { "id": "standin-key", "is_active": true } }),
        ),
        ["api", "v1", "projects"] => protected(call, json!({ "id": "standin-project" })),
        ["admin", ..] => protected(call, json!({ "status": "ok" })),
        _ => unknown(),
    }
}

fn unknown() -> Answer {
    answer::error(StatusCode::NOT_FOUND, "Not found", "NOT_FOUND")
}

fn protected(call: &Call, value: Value) -> Answer {
    if call.has_credential() || signed_in(call) {
        answer::ok(value)
    } else {
        answer::error(StatusCode::UNAUTHORIZED, "No token provided", "AUTH_TOKEN_MISSING")
    }
}

fn signed_in(call: &Call) -> bool {
    call.header("cookie")
        .is_some_and(|cookies| cookies.contains("lanonasis_session=standin"))
}

fn user() -> Value {
    json!({ "id": "standin-user", "email": "user@example.com", "role": "authenticated", "project_scope": "lanonasis-maas" })
}

fn tokens() -> Value {
    json!({
        "token_type": "Bearer",
        "access_token": "standin-access-token",
        "refresh_token": "standin-refresh-token",
        "expires_in": 900,
    })
}

fn session_cookie() -> String {
    format!("lanonasis_session=standin-session; {COOKIE}")
}

fn auth_health() -> Answer {
    let part = json!({ "healthy": true, "error": null });
    answer::ok(json!({
        "status": "ok",
        "service": "auth-gateway",
        "liveness": "pass",
        "database": part,
        "cache": part,
        "timestamp": answer::timestamp(),
    }))
}

fn metadata() -> Value {
    let at = |path: &str| format!("{ISSUER}{path}");
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "revocation_endpoint": at("/oauth/revoke"),
        "introspection_endpoint": at("/oauth/introspect"),
        "registration_endpoint": at("/register"),
        "device_authorization_endpoint": at("/oauth/device"),
        "scopes_supported": ["memories:read", "memories:write", "mcp:connect", "api:access"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    })
}

fn openid_metadata() -> Value {
    let mut document = metadata();
    document["jwks_uri"] = json!(format!("{ISSUER}/oauth/jwks.json"));
    document["subject_types_supported"] = json!(["public"]);
    document
}

fn form(action: &str, fields: &[&str]) -> String {
    let input = |name: &&str| format!("<label>{name} <input name=\"{name}\" required></label>");
    let inputs: Vec<String> = fields.iter().map(input).collect();
    format!(
        "<form method=\"post\" action=\"{action}\">{}<button>Continue</button></form>",
        inputs.join(" ")
    )
}

fn authorize(call: &Call) -> Answer {
    match call.parameter("client_id") {
        Some(client) if client.contains("cli") => answer::found("/auth/cli-login?return_to=/oauth/authorize"),
        Some(_) => answer::found("/web/login?return_to=/oauth/authorize"),
        None => oauth_error("invalid_request", "client_id is needed"),
    }
}

fn oauth_error(error: &str, description: &str) -> Answer {
    answer::status(
        StatusCode::BAD_REQUEST,
        json!({ "error": error, "error_description": description }),
    )
}

fn oauth_token(call: &Call) -> Answer {
    let form = String::from_utf8_lossy(&call.body).into_owned();
    let grant = call.field("grant_type").unwrap_or(form);
    if grant.contains("device_code") {
        oauth_error("authorization_pending", "The user has not decided yet")
    } else if grant.contains("authorization_code") || grant.contains("refresh_token") {
        answer::ok(tokens())
    } else {
        oauth_error(
            "unsupported_grant_type",
            "Only code, refresh and device grants are known",
        )
    }
}

fn device() -> Answer {
    answer::ok(json!({
        "device_code": "standin-device-code",
        "user_code": "ABCD-2345",
        "verification_uri": format!("{ISSUER}/oauth/device"),
        "verification_uri_complete": format!("{ISSUER}/oauth/device?code=ABCD-2345"),
        "expires_in": 900,
        "interval": 5,
    }))
}

fn register(call: &Call) -> Answer {
    let Some(client) = call.json().filter(|client| client["redirect_uris"].is_array()) else {
        return oauth_error("invalid_client_metadata", "redirect_uris must be a list");
    };
    answer::created(json!({ "client_id": "mcp_standin", "redirect_uris": client["redirect_uris"] }))
}

/// Two cookies for the web, which the edge must pass on as two lines.
fn login(call: &Call) -> Answer {
    if call.field("email").is_none() || call.field("password").is_none() {
        return answer::error(
            StatusCode::BAD_REQUEST,
            "E-mail and password are needed",
            "MISSING_CREDENTIALS",
        );
    }
    let mut body = tokens();
    body["user"] = user();
    let answer = answer::with(answer::ok(body), SET_COOKIE, &session_cookie());
    answer::with(
        answer,
        SET_COOKIE,
        "lanonasis_user=%7B%22id%22%3A%22standin-user%22%7D; Path=/; Max-Age=604800; SameSite=Lax",
    )
}

fn session_check(call: &Call) -> Answer {
    let user = signed_in(call).then(user);
    answer::ok(json!({ "authenticated": user.is_some(), "user": user }))
}

fn introspect(call: &Call) -> Answer {
    let given = call
        .json()
        .is_some_and(|body| body["credential"].is_string() || body["token"].is_string());
    if !given && !call.has_credential() && !signed_in(call) {
        let error = IntrospectionError::new(ErrorCode::InvalidCredential, "No credential was given");
        return answer::status(StatusCode::UNAUTHORIZED, json!(IntrospectionAnswer::Invalid(error)));
    }
    let valid = ValidIdentity {
        identity: anybody(call),
        assertion: None,
        cache_until: moment(CACHE_FOR),
    };
    answer::ok(json!(IntrospectionAnswer::Valid(Box::new(valid))))
}

/// Whoever asks is this user, with an API key that allows everything.
fn anybody(call: &Call) -> Identity {
    Identity {
        actor_id: USER.to_string(),
        actor_type: ActorType::User,
        user_id: Some(USER),
        organization_id: Some(ORGANIZATION),
        project_scope: Some("lanonasis-maas".to_owned()),
        api_key_id: Some(KEY),
        auth_source: AuthSource::ApiKey,
        auth_method: AuthMethod::ApiKey,
        request_id: call.header("x-request-id").unwrap_or_default().to_owned(),
        credential_id: KEY.to_string(),
        email: Some("user@example.com".to_owned()),
        scopes: ScopeSet::from_iter([Scope::everything()]),
        role: Some("authenticated".to_owned()),
        session_id: None,
        client_id: None,
        audience: Vec::new(),
        issued_at: moment(jiff::SignedDuration::ZERO),
        expires_at: None,
    }
}

fn moment(from_now: jiff::SignedDuration) -> Instant {
    let at = jiff::Timestamp::now() + from_now;
    Instant::from_unix_millis(at.as_millisecond())
}

fn verify_api_key(call: &Call) -> Answer {
    match call.header("x-api-key") {
        Some(_) => answer::ok(json!({ "valid": true, "userId": "standin-user", "permissions": ["memories:read"] })),
        None => answer::error(StatusCode::BAD_REQUEST, "An API key is needed", "API_KEY_MISSING"),
    }
}

fn verify_token(call: &Call) -> Answer {
    match call.field("token") {
        Some(_) => answer::ok(json!({ "valid": true, "type": "jwt", "user": user() })),
        None => answer::error(StatusCode::BAD_REQUEST, "A token is needed", "TOKEN_MISSING"),
    }
}

fn resolve(call: &Call) -> Answer {
    if call.has_credential() || signed_in(call) {
        answer::ok(
            json!({ "success": true, "authId": "standin-user", "actorType": "user", "email": "user@example.com" }),
        )
    } else {
        let body = json!({ "success": false, "error": "No credential was given", "code": "AUTH_REQUIRED" });
        answer::status(StatusCode::UNAUTHORIZED, body)
    }
}
