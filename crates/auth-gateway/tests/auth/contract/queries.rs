//! Queries that can not be read.

use super::refusal;
use crate::support::gateway::{Answer, answer, shared};
use reqwest::Method;

fn assert_unreadable(answer: &Answer, what: &str) {
    assert_eq!(refusal(answer), (400, "INVALID_REQUEST"), "{what}: {}", answer.text);
    assert_eq!(answer.fields(""), ["code", "error", "message", "request_id"], "{what}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(!answer.text.contains("s3cr3t"), "{}", answer.text);
}

#[tokio::test]
async fn an_unreadable_query_is_refused_like_an_unreadable_body() {
    let gateway = shared().await;
    let person = gateway.user().await;
    for (method, path) in [
        (Method::DELETE, "/v1/auth/sessions?keep_current=s3cr3t"),
        (Method::DELETE, "/v1/auth/sessions?keep_current=true&keep_current=false"),
        (Method::GET, "/api/v1/auth/api-keys?active_only=1"),
        (Method::GET, "/api/v1/api-keys?active_only=%ff"),
        (Method::GET, "/v1/auth/verify-email?token=s3cr3t&token=b"),
    ] {
        assert_unreadable(&answer(person.request(method, path)).await, path);
    }
    assert_eq!(person.get("/v1/auth/me").await.status, 200, "nothing was ended");
    let reader = gateway.service("feed");
    for from in ["x", "-1", "99999999999999999999999"] {
        assert_unreadable(&reader.get(&format!("/v1/auth/revocations?from={from}")).await, from);
    }
    let auditor = gateway.service("audit");
    for query in ["limit=x", "limit=1&limit=2", "after=-1"] {
        assert_unreadable(&auditor.get(&format!("/v1/auth/audit?{query}")).await, query);
    }
}
