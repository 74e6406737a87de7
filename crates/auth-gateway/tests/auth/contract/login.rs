//! `POST /v1/auth/login`.

use super::{claims, cookies, handle, part, refusal, with_cookie};
use crate::support::gateway::{ISSUER, PASSWORD, answer, shared};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_browser_gets_tokens_and_both_cookies() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let body = json!({"email": person.email, "password": PASSWORD});
    let answer = gateway.client().post("/v1/auth/login", body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.fields(""),
        [
            "access_token",
            "expires_in",
            "refresh_token",
            "scope",
            "token_type",
            "user"
        ]
    );
    assert_eq!(answer.fields("/user"), ["email", "id", "project_scope", "role"]);
    assert_eq!(
        (&answer.body["token_type"], &answer.body["expires_in"]),
        (&json!("Bearer"), &json!(900))
    );
    assert_eq!(
        answer.body["user"],
        json!({"id": person.id, "email": person.email, "role": "authenticated", "project_scope": null})
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let attributes = "; Max-Age=2592000; Path=/; Domain=example.org; Secure; SameSite=None";
    let shown = format!(
        "%7B%22id%22%3A%22{}%22%2C%22email%22%3A%22{}%22%2C%22role%22%3A%22authenticated%22%7D",
        person.id,
        person.email.replace('@', "%40")
    );
    let handle = handle(&answer);
    assert_eq!(
        cookies(&answer),
        [
            format!("lanonasis_session={handle}{attributes}; HttpOnly"),
            format!("lanonasis_user={shown}{attributes}"),
        ]
    );
    assert!(handle.len() >= 22 && !handle.contains('.'), "128 bits, and no token");
}

#[tokio::test]
async fn other_platforms_get_no_cookie() {
    let gateway = shared().await;
    let person = gateway.user().await;
    for platform in ["cli", "mcp", "api"] {
        let body = json!({"email": person.email, "password": PASSWORD, "platform": platform});
        let answer = gateway.client().post("/v1/auth/login", body).await;
        assert_eq!((answer.status.as_u16(), cookies(&answer).len()), (200, 0), "{platform}");
    }
    let body = json!({"email": person.email, "password": PASSWORD, "platform": "toaster"});
    let answer = gateway.client().post("/v1/auth/login", body).await;
    assert_eq!(refusal(&answer), (400, "INVALID_REQUEST"));
}

#[tokio::test]
async fn an_access_token_is_an_rfc_9068_jwt_without_an_address() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let header = part(&person.access_token, 0);
    assert_eq!(crate::support::gateway::fields(&header), ["alg", "kid", "typ"]);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    let claims = claims(&person.access_token);
    assert_eq!(
        crate::support::gateway::fields(&claims),
        [
            "aud",
            "client_id",
            "exp",
            "iat",
            "iss",
            "jti",
            "nbf",
            "organization_id",
            "role",
            "scope",
            "sid",
            "sub"
        ]
    );
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!([ISSUER])));
    assert_eq!(
        (&claims["sub"], &claims["role"]),
        (&json!(person.id), &json!("authenticated"))
    );
    let scopes: Vec<&str> = claims["scope"].as_str().expect("a text").split(' ').collect();
    assert!(scopes.contains(&"memories:*"));
    assert!(
        !scopes
            .iter()
            .any(|scope| *scope == "*" || scope.starts_with("admin") || scope.starts_with("legacy"))
    );

    let keys = gateway.client().get("/oauth/jwks.json").await;
    let kids: Vec<_> = keys.body["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| &key["kid"])
        .collect();
    assert!(kids.contains(&&header["kid"]));
    for key in keys.body["keys"].as_array().expect("keys") {
        assert_eq!(
            crate::support::gateway::fields(key),
            ["alg", "crv", "kid", "kty", "use", "x"],
            "public members only"
        );
    }
}

#[tokio::test]
async fn the_way_back_is_a_path_of_ours_or_an_allowed_origin() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let login = async |return_to: &str| {
        let body = json!({"email": person.email, "password": PASSWORD, "return_to": return_to});
        gateway.client().post("/v1/auth/login", body).await
    };
    for fine in [
        "/dashboard?a=b",
        "https://app.example.org/x",
        "https://auth.example.org/y",
    ] {
        let answer = login(fine).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["redirect_to"]),
            (200, &json!(fine))
        );
    }
    let foreign = [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "https://app.example.org.evil.example/",
        "https://app.example.org@evil.example/",
        "https://app.example.org\\@evil.example/",
        "http://app.example.org/",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\t/evil.example",
        "/%0d%0a\r\nset-cookie: a=b",
        "",
        " /x",
        "evil.example",
    ];
    for target in foreign {
        let answer = login(target).await;
        assert_eq!(refusal(&answer), (400, "INVALID_REQUEST"), "{target:?}");
        assert!(cookies(&answer).is_empty(), "{target:?}");
    }
}

#[tokio::test]
async fn credentials_are_needed_and_forms_will_do() {
    let gateway = shared().await;
    let person = gateway.user().await;
    for body in [json!({}), json!({"email": person.email}), json!({"password": PASSWORD})] {
        let answer = gateway.client().post("/v1/auth/login", body).await;
        assert_eq!(refusal(&answer), (400, "MISSING_CREDENTIALS"));
    }
    let client = gateway.client();
    let form = format!("email={}&password=seven+green%20bottles+41&platform=cli", person.email);
    let request = client.request(Method::POST, "/v1/auth/login").body(form);
    let answer = answer(request.header("content-type", "application/x-www-form-urlencoded")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn passwords_are_compared_whole_and_exactly() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let wrong = [
        PASSWORD.to_uppercase(),
        format!("{PASSWORD} "),
        format!(" {PASSWORD}"),
        PASSWORD[..PASSWORD.len() - 1].to_owned(),
    ];
    for password in wrong {
        let body = json!({"email": person.email, "password": password});
        let answer = gateway.client().post("/v1/auth/login", body).await;
        assert_eq!(refusal(&answer), (401, "AUTH_INVALID_CREDENTIALS"), "{password:?}");
    }
}

#[tokio::test]
async fn a_cookie_from_before_the_login_is_never_the_cookie_after() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = gateway.client();
    let login = || client.request(Method::POST, "/v1/auth/login");
    let body = json!({"email": person.email, "password": PASSWORD});
    let planted = "A".repeat(43);
    let first = answer(
        login()
            .header("cookie", format!("lanonasis_session={planted}"))
            .json(&body),
    )
    .await;
    let first = handle(&first);
    assert_ne!(first, planted);
    let check = with_cookie(&client, Method::GET, "/v1/auth/session/check", &planted).await;
    assert_eq!(check.body["authenticated"], false);
    let second = answer(
        login()
            .header("cookie", format!("lanonasis_session={first}"))
            .json(&body),
    )
    .await;
    assert_ne!(handle(&second), first);
}

#[tokio::test]
async fn another_site_s_page_signs_nobody_in() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = gateway.client();
    let body = json!({"email": person.email, "password": PASSWORD});
    let from = async |origin: &str| {
        answer(
            client
                .request(Method::POST, "/v1/auth/login")
                .header("origin", origin)
                .json(&body),
        )
        .await
    };
    let foreign = from("https://evil.example").await;
    assert_eq!(refusal(&foreign), (403, "ORIGIN_NOT_ALLOWED"));
    assert!(cookies(&foreign).is_empty());
    let ours = from("https://app.example.org").await;
    assert_eq!((ours.status.as_u16(), cookies(&ours).len()), (200, 2));
    assert_eq!(
        ours.header("access-control-allow-origin"),
        Some("https://app.example.org")
    );
}
