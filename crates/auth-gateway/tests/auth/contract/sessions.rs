//! `session`, `session/check`, `sessions`, `me`.

use super::{browser, refusal, with_bearer, with_cookie};
use crate::support::gateway::{PASSWORD, Person, answer, fields, shared};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_session_says_whose_it_is_and_how_many_there_are() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let handle = browser(&person.client, &person.email).await;
    let answer = person.get("/v1/auth/session").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        json!({
            "user": {"id": person.id, "email": person.email, "role": "authenticated", "project_scope": null, "platform": "cli"},
            "sessions": 2
        })
    );
    let by_cookie = with_cookie(&person.client, Method::GET, "/v1/auth/session", &handle).await;
    assert_eq!(by_cookie.body["user"]["platform"], "web");
    let nobody = person.client.get("/v1/auth/session").await;
    assert_eq!(refusal(&nobody), (401, "AUTH_TOKEN_MISSING"));
    let rubbish = with_bearer(&person.client, Method::GET, "/v1/auth/session", "a.b.c").await;
    assert_eq!(refusal(&rubbish), (401, "SESSION_INVALID"));
}

#[tokio::test]
async fn a_page_s_check_is_answered_200_whatever_cookie_it_has() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let handle = browser(&person.client, &person.email).await;
    let check = async |handle: &str| with_cookie(&person.client, Method::GET, "/v1/auth/session/check", handle).await;
    let good = check(&handle).await;
    assert_eq!(
        good.body,
        json!({
            "authenticated": true,
            "user": {"id": person.id, "email": person.email, "role": "authenticated", "project_scope": null, "platform": "web"}
        })
    );
    let nobody = json!({"authenticated": false, "user": null});
    // The last is what the platform's former gateway left in browsers.
    for cookie in ["", "x", "a b", "e30.e30.AAAA"] {
        let answer = check(cookie).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &nobody), "{cookie:?}");
    }
    let none = person.client.get("/v1/auth/session/check").await;
    assert_eq!((none.status.as_u16(), &none.body), (200, &nobody));
    // It is about the cookie: a token does not make it true.
    let bearer = person.get("/v1/auth/session/check").await;
    assert_eq!(bearer.body, nobody);
}

#[tokio::test]
async fn a_user_lists_and_ends_sessions() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let other = Person::log_in(gateway.client(), &person.email, PASSWORD).await;
    let list = person.get("/v1/auth/sessions").await;
    assert_eq!(list.fields(""), ["sessions"]);
    let sessions = list.body["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        assert_eq!(
            fields(session),
            [
                "created_at",
                "expires_at",
                "id",
                "ip_address",
                "last_used_at",
                "platform",
                "user_agent"
            ]
        );
        assert_eq!(session["platform"], "cli");
        let address = session["ip_address"].as_str().expect("an address");
        assert!(address.starts_with("10."), "of the client, not of the proxy: {address}");
    }
    let newest = sessions[0]["id"].as_str().expect("an id");
    let ended = person.delete(&format!("/v1/auth/sessions/{newest}")).await;
    assert_eq!((ended.status.as_u16(), &ended.body), (200, &json!({"success": true})));
    assert_eq!(refusal(&other.get("/v1/auth/me").await), (401, "SESSION_INVALID"));
    assert_eq!(person.get("/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn nobody_ends_another_s_session() {
    let gateway = shared().await;
    let (owner, stranger) = (gateway.user().await, gateway.user().await);
    let list = owner.get("/v1/auth/sessions").await;
    let id = list.body["sessions"][0]["id"].as_str().expect("an id").to_owned();
    for path in [id.as_str(), "0190b2f0-7d5c-7c3a-9b1e-2f6a1c0d9e8f", "x"] {
        let answer = stranger.delete(&format!("/v1/auth/sessions/{path}")).await;
        assert_eq!(
            refusal(&answer),
            (404, "NOT_FOUND"),
            "the same whether it exists or not"
        );
    }
    assert_eq!(owner.get("/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn all_sessions_end_at_once_but_for_the_one_that_is_kept() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let other = Person::log_in(gateway.client(), &person.email, PASSWORD).await;
    let handle = browser(&gateway.client(), &person.email).await;
    assert_eq!(person.delete("/v1/auth/sessions?keep_current=true").await.status, 200);
    assert_eq!(person.get("/v1/auth/me").await.status, 200);
    assert_eq!(other.get("/v1/auth/me").await.status, 401);
    let check = with_cookie(&person.client, Method::GET, "/v1/auth/session/check", &handle).await;
    assert_eq!(check.body["authenticated"], false);
    assert_eq!(person.delete("/v1/auth/sessions").await.status, 200);
    assert_eq!(person.get("/v1/auth/me").await.status, 401);
    let refresh = json!({"refresh_token": person.refresh_token});
    assert_eq!(person.client.post("/v1/auth/refresh", refresh).await.status, 401);
    // And a new login is good again.
    let back = Person::log_in(gateway.client(), &person.email, PASSWORD).await;
    assert_eq!(back.get("/v1/auth/session").await.body["sessions"], 1);
}

#[tokio::test]
async fn me_has_the_fields_that_clients_show() {
    let person = shared().await.user().await;
    let answer = person.get("/v1/auth/me").await;
    assert_eq!(
        answer.fields(""),
        [
            "avatar_url",
            "created_at",
            "email",
            "id",
            "last_sign_in_at",
            "metadata",
            "name",
            "organization_id",
            "platform",
            "project_scope",
            "provider",
            "role"
        ]
    );
    assert_eq!(answer.fields("/metadata"), ["locale", "timezone"]);
    assert_eq!(
        (
            &answer.body["email"],
            &answer.body["provider"],
            &answer.body["platform"]
        ),
        (&json!(person.email), &json!("email"), &json!("cli"))
    );
    for time in ["created_at", "last_sign_in_at"] {
        let text = answer.body[time].as_str().expect("a time");
        assert!(text.ends_with('Z') && text.as_bytes()[10] == b'T', "{text}");
    }
    assert_eq!(
        refusal(&person.client.get("/v1/auth/me").await),
        (401, "AUTH_TOKEN_MISSING")
    );
}

#[tokio::test]
async fn identity_headers_of_a_client_have_no_effect() {
    let gateway = shared().await;
    let (person, victim) = (gateway.user().await, gateway.user().await);
    let paths = [
        (Method::GET, "/v1/auth/me"),
        (Method::GET, "/v1/auth/session"),
        (Method::GET, "/v1/auth/session/check"),
        (Method::GET, "/v1/auth/resolve"),
        (Method::POST, "/v1/auth/verify"),
        (Method::POST, "/v1/auth/introspect"),
    ];
    for (method, path) in paths {
        let plain = person.client.request(method.clone(), path);
        let expected = answer(plain).await;
        let mut dressed = person.client.request(method.clone(), path);
        for name in identity_contract::HEADER_NAMES {
            dressed = dressed.header(*name, &victim.id);
        }
        let got = answer(dressed).await;
        assert_eq!((got.status, got.code()), (expected.status, expected.code()), "{path}");
        assert!(!got.text.contains(&victim.id), "{path}: {}", got.text);
        let mut own = person.request(method.clone(), path);
        for name in identity_contract::HEADER_NAMES {
            own = own.header(*name, &victim.id);
        }
        let own = answer(own).await;
        assert!(!own.text.contains(&victim.id), "{path}: {}", own.text);
        let told = own
            .headers
            .values()
            .any(|value| value.as_bytes() == victim.id.as_bytes());
        assert!(!told, "{path}");
    }
}

#[tokio::test]
async fn a_misspelt_wish_to_keep_a_session_ends_none() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let refused = person.delete("/v1/auth/sessions?keepCurrent=true").await;
    assert_eq!(refusal(&refused), (400, "INVALID_REQUEST"));
    assert!(refused.text.contains("keep_current"), "{}", refused.text);
    assert_eq!(person.get("/v1/auth/me").await.status, 200);
}
