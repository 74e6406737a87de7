//! `GET /health`: 200 as long as the process answers; what it needs is only reported.

use crate::http::probe::{Check, Probe, SERVICE};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) async fn answer(State(probe): State<Arc<Probe>>) -> Json<Value> {
    let report = probe.report().await;
    Json(json!({
        "status": "ok",
        "service": SERVICE,
        "liveness": "pass",
        "database": short(report.database),
        // Resolved credentials are cached in memory, which is there when the process is.
        "cache": short(Check::Pass),
        "timestamp": report.time(),
    }))
}

fn short(check: Check) -> Value {
    json!({"healthy": check.is_healthy(), "error": check.error()})
}
