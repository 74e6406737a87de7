//! `/health`, `/ready`, and the operator's listener.

use crate::support::{Gateway, Says};
use auth_gateway::http::router::table;
use auth_gateway::http::{BaseSettings, Check, ConnectionLimits, Probe, admin};
use auth_gateway::telemetry::metrics::Metrics;
use serde_json::{Value, json};
use std::sync::Arc;

async fn gateway(says: Says) -> Gateway {
    Gateway::start(table(), BaseSettings::default(), ConnectionLimits::default(), says).await
}

/// The body without what differs each time.
async fn body(gateway: &Gateway, path: &str) -> (u16, Value) {
    let response = gateway.get(path).await;
    let status = response.status().as_u16();
    let mut body: Value = response.json().await.expect("JSON");
    for (name, is_right) in [
        (
            "timestamp",
            body["timestamp"]
                .as_str()
                .is_some_and(|text| text.len() == 24 && text.ends_with('Z')),
        ),
        (
            "total_latency_ms",
            path == "/health" || body["total_latency_ms"].is_u64(),
        ),
    ] {
        assert!(is_right, "{name} of {body}");
        body.as_object_mut().expect("an object").shift_remove(name);
    }
    (status, body)
}

fn broken() -> Says {
    Says {
        database: Check::Fail("not reachable"),
        mail: Check::Fail("not reachable"),
        ..Says::default()
    }
}

#[tokio::test]
async fn health_is_always_200_and_reports_the_database() {
    let expected = |database: Value| {
        json!({
            "status": "ok", "service": "auth-gateway", "liveness": "pass",
            "database": database, "cache": {"healthy": true, "error": null},
        })
    };
    let (status, well) = body(&gateway(Says::default()).await, "/health").await;
    assert_eq!((status, well), (200, expected(json!({"healthy": true, "error": null}))));
    let (status, ill) = body(&gateway(broken()).await, "/health").await;
    assert_eq!(
        (status, ill),
        (200, expected(json!({"healthy": false, "error": "not reachable"})))
    );
}

#[tokio::test]
async fn ready_names_what_fails_and_mail_alone_is_no_reason() {
    let mail_fails = Says {
        mail: Check::Fail("not reachable"),
        ..Says::default()
    };
    let (status, ready) = body(&gateway(mail_fails).await, "/ready").await;
    let pass = json!({"healthy": true, "configured": true, "error": null});
    let fail = json!({"healthy": false, "configured": true, "error": "not reachable"});
    assert_eq!(status, 200);
    assert_eq!(
        ready,
        json!({
            "status": "ready", "service": "auth-gateway",
            "canonical_issuer": "https://auth.example.org", "issuer_configured": true,
            "checks": {
                "issuer": pass, "postgres": pass, "sharedState": pass, "session": pass,
                "redis": {"healthy": true, "configured": false, "error": null},
                "signingKeys": pass, "mail": fail,
            },
            "failures": [],
        })
    );
    let no_issuer = Says {
        issuer: None,
        ..broken()
    };
    let (status, unready) = body(&gateway(no_issuer).await, "/ready").await;
    assert_eq!((status, &unready["status"]), (503, &"not_ready".into()));
    assert_eq!(
        unready["failures"],
        json!(["issuer", "postgres", "sharedState", "session"])
    );
    assert_eq!(
        (&unready["canonical_issuer"], &unready["issuer_configured"]),
        (&Value::Null, &false.into())
    );
}

#[tokio::test]
async fn the_openapi_document_is_served() {
    let response = gateway(Says::default()).await.get("/openapi.json").await;
    let document: Value = response.json().await.expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/health"]["get"].is_object());
}

#[tokio::test]
async fn the_operators_listener_has_metrics_and_probes() {
    let metrics = Arc::new(Metrics::new().expect("distinct names"));
    let probe = Arc::new(Probe::new(Arc::new(broken())));
    let router = admin::router(probe, Arc::clone(&metrics));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let never = std::future::pending();
    tokio::spawn(auth_gateway::http::serve(
        listener,
        router,
        ConnectionLimits::default(),
        metrics,
        never,
    ));
    let get = async |path: &str| {
        reqwest::get(format!("http://{address}{path}"))
            .await
            .expect("an answer")
    };
    assert_eq!(get("/livez").await.status().as_u16(), 200);
    assert_eq!(get("/readyz").await.status().as_u16(), 503);
    let text = get("/metrics").await.text().await.expect("text");
    assert!(
        text.contains("auth_connections 1") && text.contains("process_resident_memory_bytes"),
        "{text}"
    );
}
