//! Every endpoint, on one screen. `openapi.json` is held against this table by a test.

use super::endpoints::{
    health, introspect, jwks, login, logout, me, openapi, password, ready, refresh, resolve, session, sessions, setup,
    signup, verify, verify_api_key, verify_email, verify_token,
};
use super::error::Shape;
use super::gateway::Gateway;
use super::probe::Probe;
use super::route::{Route, delete, get, post};
use axum::extract::FromRef;
use http::Method;
use std::sync::Arc;

/// The endpoints that need nothing but the probe.
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

/// All of them.
pub(crate) fn endpoints() -> Vec<Route<Gateway>> {
    let mut endpoints = table::<Gateway>();
    endpoints.extend([
        get("/oauth/jwks.json", jwks::answer),
        post("/v1/auth/setup", setup::answer).limited("setup"),
        post("/v1/auth/signup", signup::answer).limited("signup"),
        get("/v1/auth/verify-email", verify_email::answer).limited("verify-email"),
        post("/v1/auth/verify-email/resend", verify_email::resend).limited("mail"),
        post("/v1/auth/login", login::answer).limited("login"),
        post("/v1/auth/logout", logout::answer),
        post("/v1/auth/refresh", refresh::answer).limited("refresh"),
        post("/v1/auth/password/forgot", password::forgot).limited("mail"),
        post("/v1/auth/password/reset", password::reset).limited("password-reset"),
        post("/v1/auth/password/change", password::change).limited("password-change"),
        get("/v1/auth/session", session::answer),
        get("/v1/auth/session/check", session::check),
        get("/v1/auth/sessions", sessions::list),
        delete("/v1/auth/sessions", sessions::end_all),
        delete("/v1/auth/sessions/{id}", sessions::end),
        get("/v1/auth/me", me::answer),
        post("/v1/auth/verify", verify::answer),
        post("/v1/auth/verify-token", verify_token::answer).limited("verify"),
        post("/v1/auth/verify-api-key", verify_api_key::answer).limited("verify"),
        post("/v1/auth/introspect", introspect::answer).refusing_as(Shape::Identity),
        get("/v1/auth/resolve", resolve::answer),
    ]);
    endpoints
}

/// Every method and path template, for the test of the OpenAPI document.
pub fn served() -> Vec<(Method, &'static str)> {
    endpoints()
        .iter()
        .map(|route| (route.method().clone(), route.path()))
        .collect()
}
