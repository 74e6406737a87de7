//! Limits on guessing.

use crate::support::{Gateway, Says, State, header};
use auth_gateway::http::route::{Route, post};
use auth_gateway::http::{Allowance, BaseSettings, ConnectionLimits, RateLimits, TrustedProxies};
use std::num::NonZeroU32;
use std::time::Duration;

fn table() -> Vec<Route<State>> {
    vec![
        post("/login", async || "").limited("login"),
        post("/cli-login", async || "").limited("login"),
        post("/verify", async || "").limited("verify"),
        post("/introspect", async || ""),
    ]
}

async fn gateway() -> Gateway {
    let settings = BaseSettings {
        trusted_proxies: TrustedProxies::new(vec!["127.0.0.0/8".parse().expect("a network")]),
        rate_limits: RateLimits {
            default: Allowance::new(NonZeroU32::new(2).expect("two"), Duration::from_secs(3600)),
            ..RateLimits::default()
        },
        ..BaseSettings::default()
    };
    Gateway::start(table(), settings, ConnectionLimits::default(), Says::default()).await
}

async fn ask(gateway: &Gateway, path: &str, client: &str) -> reqwest::Response {
    let request = gateway.client.post(gateway.url(path)).header("X-Forwarded-For", client);
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn guesses_of_one_address_run_out_and_the_answer_says_when_to_come_back() {
    let gateway = gateway().await;
    let first = ask(&gateway, "/login", "192.0.2.1").await;
    assert_eq!(first.status().as_u16(), 200);
    assert_eq!(header(&first, "ratelimit"), Some(r#""login";r=1"#));
    assert_eq!(header(&first, "ratelimit-policy"), Some(r#""login";q=2;w=3600"#));
    assert_eq!(ask(&gateway, "/login", "192.0.2.1").await.status().as_u16(), 200);
    let third = ask(&gateway, "/login", "192.0.2.1").await;
    assert_eq!(third.status().as_u16(), 429);
    let wait: u64 = header(&third, "retry-after")
        .and_then(|text| text.parse().ok())
        .expect("a number");
    assert!((1..=1800).contains(&wait), "{wait}");
    let left = header(&third, "ratelimit").expect("there");
    assert!(left.starts_with(r#""login";r=0;t="#), "{left}");
    let body: serde_json::Value = third.json().await.expect("JSON");
    assert_eq!(
        (&body["code"], &body["retry_after"]),
        (&"RATE_LIMITED".into(), &wait.into())
    );
    assert!(
        gateway
            .metrics
            .render()
            .contains(r#"auth_rate_limited_total{limit="login"} 1"#)
    );
}

#[tokio::test]
async fn no_counter_is_shared_between_clients_or_unrelated_endpoints() {
    let gateway = gateway().await;
    while ask(&gateway, "/login", "192.0.2.1").await.status().is_success() {}
    assert_eq!(
        ask(&gateway, "/login", "192.0.2.2").await.status().as_u16(),
        200,
        "another client"
    );
    assert_eq!(
        ask(&gateway, "/verify", "192.0.2.1").await.status().as_u16(),
        200,
        "another limit"
    );
    assert_eq!(
        ask(&gateway, "/cli-login", "192.0.2.1").await.status().as_u16(),
        429,
        "another way to the same"
    );
    assert_eq!(
        ask(&gateway, "/login", "6.6.6.6, 192.0.2.1").await.status().as_u16(),
        429,
        "a made-up hop"
    );
}

#[tokio::test]
async fn who_asks_for_many_people_is_not_limited_by_address() {
    let gateway = gateway().await;
    for _ in 0..300 {
        assert_eq!(ask(&gateway, "/introspect", "127.0.0.1").await.status().as_u16(), 200);
    }
}
