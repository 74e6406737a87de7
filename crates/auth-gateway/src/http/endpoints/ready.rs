//! `GET /ready`: 200 when every request could be served, 503 otherwise.

use crate::http::probe::{Check, Probe, Report, SERVICE};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) async fn answer(State(probe): State<Arc<Probe>>) -> Response {
    let report = probe.report().await;
    (report.status(), Json(body(&report))).into_response()
}

pub(crate) fn body(report: &Report) -> Value {
    let failures = report.failures();
    json!({
        "status": if failures.is_empty() { "ready" } else { "not_ready" },
        "service": SERVICE,
        "canonical_issuer": report.issuer,
        "issuer_configured": report.issuer.is_some(),
        "checks": {
            "issuer": long(report.issuer_check()),
            "postgres": long(report.database),
            // Instances share state through the database, and sessions live there.
            "sharedState": long(report.database),
            "session": long(report.sessions),
            // The field is the contract's; there is no such server.
            "redis": long(Check::NotConfigured),
            "signingKeys": long(report.signing_keys),
            "mail": long(report.mail),
        },
        "failures": failures,
        "timestamp": report.time(),
        "total_latency_ms": u64::try_from(report.latency.as_millis()).unwrap_or(u64::MAX),
    })
}

fn long(check: Check) -> Value {
    json!({
        "healthy": check.is_healthy(),
        "configured": check != Check::NotConfigured,
        "error": check.error(),
    })
}
