//! Every endpoint, on one screen. `openapi.json` is held against this table by a test.

use super::endpoints::{health, openapi, ready};
use super::probe::Probe;
use super::route::{Route, get};
use axum::extract::FromRef;
use std::sync::Arc;

pub fn table<S>() -> Vec<Route<S>>
where
    S: Clone + Send + Sync + 'static,
    Arc<Probe>: FromRef<S>,
{
    vec![
        get("/health", health::answer),
        get("/ready", ready::answer),
        get("/openapi.json", openapi::answer),
    ]
}
