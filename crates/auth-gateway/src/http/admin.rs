//! The operator's listener: metrics and probes, without the base's limits and headers.

use super::endpoints::ready;
use super::probe::Probe;
use crate::telemetry::metrics::Metrics;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use http::header;
use std::sync::Arc;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `/metrics`, `/livez` and `/readyz`.
pub fn router(probe: Arc<Probe>, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/livez", routing::get(async || "ok\n"))
        .route("/readyz", routing::get(readyz).with_state(probe))
        .route("/metrics", routing::get(exposition).with_state(metrics))
}

async fn readyz(State(probe): State<Arc<Probe>>) -> Response {
    let report = probe.report().await;
    (report.status(), Json(ready::body(&report))).into_response()
}

async fn exposition(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, TEXT_FORMAT)], metrics.render())
}
