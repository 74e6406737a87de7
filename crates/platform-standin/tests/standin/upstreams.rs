use platform_standin::{Name, Platform};

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

/// Upstream, request, caller, status, where to look in the answer, what is there, and the body that was sent.
const ANSWERS: &str = r#"
auth-gateway    GET  /v1/auth/session/check             anonymous 200 /authenticated           false
auth-gateway    GET  /health                            anonymous 200 /service                 "auth-gateway"
auth-gateway    GET  /oauth/jwks.json                   anonymous 200 /keys                    []
auth-gateway    GET  /.well-known/openid-configuration  anonymous 200 /subject_types_supported ["public"]
auth-gateway    POST /v1/auth/introspect                anonymous 401 /error/code              "invalid_credential" {}
auth-gateway    POST /v1/auth/introspect                caller    200 /identity/actor_type     "user" {}
auth-gateway    POST /oauth/introspect                  anonymous 200 /active                  false token=t
auth-gateway    GET  /v1/auth/me                        anonymous 401 /code                    "AUTH_TOKEN_MISSING"
auth-gateway    GET  /api/v1/auth/api-keys              caller    200 /success                 true
central-gateway GET  /health                            anonymous 200 /status                  "healthy"
central-gateway GET  /api/v1/topics                     anonymous 401 /error/code              "AUTH_REQUIRED"
central-gateway POST /api/v1/chat/completions           caller    200 /object                  "chat.completion" {}
mcp-http        POST /message                           anonymous 200 /result/tools/0/name     "search_memories" {"id":7,"method":"tools/list"}
mcp-http        POST /api/v1/mcp/message                anonymous 200 /id                      7 {"id":7,"method":"ping"}
mcp-http        GET  /api/v1/tools                      anonymous 200 /tools/1/name            "create_memory"
mcp-http        POST /message                           anonymous 400 /error/code              -32700 nonsense
enterprise-mcp  POST /api/mcp/enterprise/message        anonymous 200 /id                      7 {"id":7,"method":"ping"}
docs            POST /api/mcp                           anonymous 200 /id                      7 {"id":7,"method":"ping"}
docs            POST /api/search                        anonymous 200 /query                   "q" {"query":"q"}
legacy          GET  /maas-api/things                   caller    200 /data/resource           "things"
legacy          GET  /api/things                        anonymous 401 /error/code              "AUTH_REQUIRED"
"#;

#[test]
fn answers_are_what_clients_of_the_platform_know() {
    let platform = Platform::start().unwrap();
    for line in ANSWERS.trim().lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [name, method, target, caller, status, pointer, value, ref body @ ..] = columns[..] else {
            panic!("too few columns: {line}");
        };
        let name = Name::ALL.into_iter().find(|known| known.as_str() == name).unwrap();
        let headers = if caller == "caller" { &[KEY][..] } else { &[] };
        let body = body.first().copied().unwrap_or_default();
        let reply = send(platform.get(name).port(), method, target, headers, body);
        let found = reply.json().pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(
            (reply.status.to_string(), found.to_string()),
            (status.into(), value.into()),
            "{line}"
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
