//! `project_scope`: the project that a session is for.

use super::{claims, refusal};
use crate::support::gateway::{Answer, Client, PASSWORD, answer, shared};
use reqwest::Method;
use serde_json::{Value, json};

async fn log_in(client: &Client, email: &str, project: Value) -> Answer {
    let body = json!({"email": email, "password": PASSWORD, "platform": "cli", "project_scope": project});
    client.post("/v1/auth/login", body).await
}

#[tokio::test]
async fn a_session_is_for_the_project_that_its_login_names() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = gateway.client();
    let signed_in = log_in(&client, &person.email, json!("lanonasis-maas")).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text);
    assert_eq!(signed_in.body["user"]["project_scope"], "lanonasis-maas");
    let token = signed_in.body["access_token"].as_str().expect("a token");
    assert_eq!(claims(token)["project_scope"], "lanonasis-maas");
    let resolved = answer(client.request(Method::GET, "/v1/auth/resolve").bearer_auth(token)).await;
    assert_eq!(resolved.header("x-project-scope"), Some("lanonasis-maas"));
    let session = answer(client.request(Method::GET, "/v1/auth/session").bearer_auth(token)).await;
    assert_eq!(session.body["user"]["project_scope"], "lanonasis-maas");

    let edge = gateway.service("introspect");
    for (stated, status) in [("lanonasis-maas", 200), ("another", 403)] {
        let question = json!({"token": token, "project_scope": stated});
        let answer = edge.introspect_with(question).await;
        assert_eq!(answer.status, status, "{stated}: {}", answer.text);
        if status == 403 {
            assert_eq!(answer.body["error"]["code"], "unauthorized_project_scope");
        }
    }
    let refresh = json!({"refresh_token": signed_in.body["refresh_token"]});
    let refreshed = client.post("/v1/auth/refresh", refresh).await;
    let token = refreshed.body["access_token"].as_str().expect("a token");
    assert_eq!(
        claims(token)["project_scope"],
        "lanonasis-maas",
        "for as long as it lives"
    );

    let key = client.request(Method::POST, "/api/v1/api-keys").bearer_auth(token);
    let key = answer(key.json(&json!({"name": "of the project"}))).await;
    let question = json!({"credential": key.body["data"]["key"], "project_scope": "another"});
    assert_eq!(
        edge.introspect_with(question).await.status,
        403,
        "nor do its keys leave it"
    );
}

#[tokio::test]
async fn a_project_s_name_is_short_and_plain() {
    let gateway = shared().await;
    let person = gateway.user().await;
    for project in ["", " ", "a\r\nX-User-Role: admin", "two words", "näh", &"x".repeat(129)] {
        let refused = log_in(&gateway.client(), &person.email, json!(project)).await;
        assert_eq!(refusal(&refused), (400, "INVALID_REQUEST"), "{project:?}");
        assert!(refused.text.contains("project_scope"), "{}", refused.text);
    }
    let longest = "x".repeat(128);
    let signed_in = log_in(&gateway.client(), &person.email, json!(longest)).await;
    assert_eq!(signed_in.body["user"]["project_scope"], longest);
}
