//! Cross-origin requests.

use crate::support::{Gateway, Says, State, header};
use auth_gateway::http::route::{Route, get, post};
use auth_gateway::http::{BaseSettings, ConnectionLimits, CorsPolicy, OriginPattern, Refusal};
use reqwest::Method;

fn table() -> Vec<Route<State>> {
    vec![
        get("/x", async || ([("vary", "Accept")], "")),
        post("/x", async || ""),
        get("/refused", async || Refusal::TokenMissing),
    ]
}

async fn gateway() -> Gateway {
    let origins = ["https://app.example.org", "https://*.example.net"];
    let origins = origins.map(|text| OriginPattern::parse(text).expect("an origin"));
    let settings = BaseSettings {
        cors: CorsPolicy::new(origins.to_vec()),
        ..BaseSettings::default()
    };
    Gateway::start(table(), settings, ConnectionLimits::default(), Says::default()).await
}

#[tokio::test]
async fn an_allowed_origin_may_read_every_answer_errors_too() {
    let gateway = gateway().await;
    for (path, origin) in [
        ("/x", "https://app.example.org"),
        ("/refused", "https://a.example.net"),
        ("/nothing", "https://app.example.org"),
    ] {
        let request = gateway.client.get(gateway.url(path)).header("origin", origin);
        let response = request.send().await.expect("an answer");
        assert_eq!(header(&response, "access-control-allow-origin"), Some(origin), "{path}");
        assert_eq!(header(&response, "access-control-allow-credentials"), Some("true"));
        let vary: Vec<_> = response.headers().get_all("vary").iter().collect();
        assert!(vary.iter().any(|value| *value == "Origin"), "{path}: {vary:?}");
        assert!(path != "/x" || vary.iter().any(|value| *value == "Accept"), "{vary:?}");
    }
}

#[tokio::test]
async fn any_other_origin_may_not() {
    let gateway = gateway().await;
    for origin in [
        "https://evil.example",
        "null",
        "https://a.b.example.net",
        "http://app.example.org",
    ] {
        let request = gateway.client.get(gateway.url("/x")).header("origin", origin);
        let response = request.send().await.expect("an answer");
        assert_eq!(header(&response, "access-control-allow-origin"), None, "{origin}");
        assert_eq!(header(&response, "access-control-allow-credentials"), None, "{origin}");
    }
}

#[tokio::test]
async fn a_preflight_allows_the_headers_and_methods_that_clients_use() {
    let gateway = gateway().await;
    let request = gateway.client.request(Method::OPTIONS, gateway.url("/x"));
    let request = request
        .header("origin", "https://app.example.org")
        .header("access-control-request-method", "PATCH");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 204);
    let methods = header(&response, "access-control-allow-methods").expect("there");
    assert!(
        ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .iter()
            .all(|method| methods.contains(method)),
        "{methods}"
    );
    let headers = header(&response, "access-control-allow-headers").expect("there");
    for name in [
        "Authorization",
        "Content-Type",
        "X-API-Key",
        "X-Project-Scope",
        "X-Request-ID",
    ] {
        assert!(headers.contains(name), "{name}");
    }
}

#[tokio::test]
async fn a_foreign_site_cannot_use_the_session_cookie() {
    let gateway = gateway().await;
    let send = async |name: &'static str, value: &'static str, cookie: &'static str| {
        let request = gateway
            .client
            .post(gateway.url("/x"))
            .header(name, value)
            .header("cookie", cookie);
        request.send().await.expect("an answer").status().as_u16()
    };
    let session = "lanonasis_session=handle";
    assert_eq!(send("origin", "https://evil.example", session).await, 403);
    assert_eq!(send("sec-fetch-site", "cross-site", session).await, 403);
    assert_eq!(send("origin", "https://app.example.org", session).await, 200);
    assert_eq!(send("origin", "https://evil.example", "other=1").await, 200);
    assert_eq!(send("x-none", "1", session).await, 200, "no browser");
}
