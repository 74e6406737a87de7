//! Every endpoint, on one screen. `openapi.json` is held against this table by a test.

use super::endpoints::{
    api_keys, audit, health, introspect, jwks, login, logout, me, openapi, password, ready, refresh, resolve,
    revocations, session, sessions, setup, signup, verify, verify_api_key, verify_email, verify_token,
};
use super::error::Shape;
use super::gateway::Gateway;
use super::probe::Probe;
use super::route::{self, Route, delete, get, post, put};
use super::settings::base_settings;
use crate::telemetry::metrics::Metrics;
use axum::Router;
use axum::extract::FromRef;
use http::Method;
use identity_contract::REVOCATION_FEED_PATH;
use std::sync::Arc;

/// The same endpoints under two paths.
macro_rules! api_keys {
    ($path:literal) => {
        [
            get($path, api_keys::list),
            post($path, api_keys::create),
            post(concat!($path, "/with-services"), api_keys::create_with_services),
            get(concat!($path, "/services/configured"), api_keys::configured_services),
            get(concat!($path, "/{id}"), api_keys::one),
            put(concat!($path, "/{id}"), api_keys::update),
            delete(concat!($path, "/{id}"), api_keys::remove),
            post(concat!($path, "/{id}/rotate"), api_keys::rotate),
            post(concat!($path, "/{id}/revoke"), api_keys::revoke),
            put(concat!($path, "/{id}/service-scopes"), api_keys::change_services),
        ]
    };
}

/// All of it, with everything around it.
pub(crate) fn router(gateway: &Gateway, metrics: &Arc<Metrics>) -> Router {
    let settings = base_settings(&gateway.app.settings);
    route::router(endpoints(), gateway.clone(), &settings, metrics)
}

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
fn endpoints() -> Vec<Route<Gateway>> {
    let mut endpoints = table::<Gateway>();
    endpoints.extend([
        get("/oauth/jwks.json", jwks::answer),
        post("/v1/auth/setup", setup::answer).limited("setup"),
        post("/v1/auth/signup", signup::answer).limited("signup"),
        get("/v1/auth/verify-email", verify_email::answer)
            .without_head()
            .limited("verify-email"),
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
        get("/v1/auth/resolve", resolve::answer).refusing_as(Shape::Resolution),
        get(REVOCATION_FEED_PATH, revocations::answer),
        get("/v1/auth/audit", audit::list),
        get("/v1/auth/audit/state/{kind}/{id}", audit::state_at),
    ]);
    endpoints.extend(api_keys!("/api/v1/auth/api-keys"));
    endpoints.extend(api_keys!("/api/v1/api-keys"));
    endpoints
}

/// Every method and path template, for the test of the OpenAPI document.
pub fn served() -> Vec<(Method, &'static str)> {
    endpoints()
        .iter()
        .map(|route| (route.method().clone(), route.path()))
        .collect()
}
