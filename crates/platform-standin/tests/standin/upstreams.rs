use platform_standin::{Name, Platform};
use serde_json::json;

use crate::client::{get, send};

const KEY: &str = "Authorization: Bearer t";

#[test]
fn every_upstream_has_a_health_page_and_a_careful_404() {
    let platform = Platform::start().unwrap();
    for name in Name::ALL {
        let port = platform.get(name).port();
        assert_eq!(get(port, "/health", &[]).status, 200, "{name}");
        assert_eq!(send(port, "HEAD", "/health", &[], "").status, 200, "{name}");
        let lost = get(port, "/no/such/path", &[]);
        let expected = if name == Name::McpWs { 426 } else { 404 };
        assert_eq!(lost.status, expected, "{name}");
        let text = lost.body.to_lowercase();
        assert!(
            !text.contains("cannot get /") && !text.contains("route_not_found"),
            "{name}: {text}"
        );
    }
}

#[test]
fn answers_are_what_clients_of_the_platform_know() {
    let platform = Platform::start().unwrap();
    let rpc = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
    let cases = [
        (
            Name::AuthGateway,
            "GET",
            "/v1/auth/session/check",
            "",
            "",
            200,
            "/authenticated",
            json!(false),
        ),
        (
            Name::AuthGateway,
            "GET",
            "/health",
            "",
            "",
            200,
            "/service",
            json!("auth-gateway"),
        ),
        (
            Name::AuthGateway,
            "GET",
            "/oauth/jwks.json",
            "",
            "",
            200,
            "/keys",
            json!([]),
        ),
        (
            Name::AuthGateway,
            "GET",
            "/.well-known/openid-configuration",
            "",
            "",
            200,
            "/subject_types_supported/0",
            json!("public"),
        ),
        (
            Name::AuthGateway,
            "POST",
            "/v1/auth/introspect",
            "",
            "{}",
            401,
            "/error/code",
            json!("invalid_credential"),
        ),
        (
            Name::AuthGateway,
            "POST",
            "/v1/auth/introspect",
            KEY,
            "{}",
            200,
            "/identity/actor_type",
            json!("user"),
        ),
        (
            Name::AuthGateway,
            "POST",
            "/oauth/introspect",
            "",
            "token=t",
            200,
            "/active",
            json!(false),
        ),
        (
            Name::AuthGateway,
            "GET",
            "/v1/auth/me",
            "",
            "",
            401,
            "/code",
            json!("AUTH_TOKEN_MISSING"),
        ),
        (
            Name::AuthGateway,
            "GET",
            "/api/v1/auth/api-keys",
            KEY,
            "",
            200,
            "/success",
            json!(true),
        ),
        (
            Name::CentralGateway,
            "GET",
            "/health",
            "",
            "",
            200,
            "/status",
            json!("healthy"),
        ),
        (
            Name::CentralGateway,
            "GET",
            "/api/v1/topics",
            "",
            "",
            401,
            "/error/code",
            json!("AUTH_REQUIRED"),
        ),
        (
            Name::CentralGateway,
            "POST",
            "/api/v1/chat/completions",
            KEY,
            "{}",
            200,
            "/object",
            json!("chat.completion"),
        ),
        (
            Name::McpHttp,
            "POST",
            "/message",
            "",
            rpc,
            200,
            "/result/tools/0/name",
            json!("search_memories"),
        ),
        (
            Name::McpHttp,
            "POST",
            "/api/v1/mcp/message",
            "",
            rpc,
            200,
            "/id",
            json!(7),
        ),
        (
            Name::McpHttp,
            "GET",
            "/api/v1/tools",
            "",
            "",
            200,
            "/tools/1/name",
            json!("create_memory"),
        ),
        (
            Name::McpHttp,
            "POST",
            "/message",
            "",
            "nonsense",
            400,
            "/error/code",
            json!(-32700),
        ),
        (
            Name::EnterpriseMcp,
            "POST",
            "/api/mcp/enterprise/message",
            "",
            rpc,
            200,
            "/id",
            json!(7),
        ),
        (Name::Docs, "POST", "/api/mcp", "", rpc, 200, "/id", json!(7)),
        (
            Name::Docs,
            "POST",
            "/api/search",
            "",
            r#"{"query":"q"}"#,
            200,
            "/query",
            json!("q"),
        ),
        (
            Name::Legacy,
            "GET",
            "/maas-api/things",
            KEY,
            "",
            200,
            "/data/resource",
            json!("things"),
        ),
        (
            Name::Legacy,
            "GET",
            "/api/things",
            "",
            "",
            401,
            "/error/code",
            json!("AUTH_REQUIRED"),
        ),
    ];
    for (name, method, target, header, body, status, pointer, value) in cases {
        let headers = if header.is_empty() { vec![] } else { vec![header] };
        let reply = send(platform.get(name).port(), method, target, &headers, body);
        let found = reply.json().pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(
            (reply.status, found),
            (status, value),
            "{name} {method} {target}: {}",
            reply.body
        );
    }
}

#[test]
fn login_page_is_html_and_login_sets_two_cookies() {
    let platform = Platform::start().unwrap();
    let port = platform.get(Name::AuthGateway).port();
    let page = get(port, "/web/login", &[]);
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, vec!["text/html; charset=utf-8"])
    );
    assert!(page.body.contains("<form"));

    let login = send(
        port,
        "POST",
        "/v1/auth/login",
        &[],
        r#"{"email":"user@example.com","password":"p"}"#,
    );
    let cookies = login.header("set-cookie");
    assert_eq!((login.status, cookies.len()), (200, 2));
    assert!(cookies[0].starts_with("lanonasis_session=") && cookies[1].starts_with("lanonasis_user="));
    let session = cookies[0].split(';').next().unwrap();
    let check = get(port, "/v1/auth/session/check", &[&format!("Cookie: {session}")]);
    assert_eq!(check.json()["authenticated"], true);
}
