//! Requests through the edge: what the upstream gets and what comes back.

use crate::support::{Echo, Edge, Request};
use platform_standin::{Name, Standin};

#[tokio::test]
async fn a_request_reaches_its_upstream_and_the_answer_comes_back() {
    let upstream = Standin::start(Name::Docs).expect("a stand-in");
    let edge = Edge::in_front_of(&upstream.url(), "").start().await;
    let response = edge
        .send(&Request::post("/a/b?x=1", "hello").header("x-standin-echo", "1"))
        .await;
    let echo = Echo::of(&response);
    assert_eq!(
        (echo.method.as_str(), echo.target.as_str(), echo.body.as_str()),
        ("POST", "/a/b?x=1", "hello")
    );
    assert_eq!(echo.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(echo.header("x-request-id"), response.header("x-request-id"));
}
