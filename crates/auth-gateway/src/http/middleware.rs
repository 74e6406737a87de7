//! What every request passes through, outermost first.

use super::answer::{Shapes, answer};
use super::body_limits::BodyLimits;
use super::client_address::TrustedProxies;
use super::cors::{CorsPolicy, cors};
use super::deadline::deadline;
use super::host::host;
use super::observe::{Observer, observe};
use super::panics::panics;
use super::rate_limit::RateLimits;
use super::security_headers::security_headers;
use crate::telemetry::metrics::Metrics;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceBuilder;

/// What the base needs to know, from the configuration.
#[derive(Debug, Clone)]
pub struct BaseSettings {
    pub trusted_proxies: TrustedProxies,
    pub cors: CorsPolicy,
    pub body: BodyLimits,
    pub rate_limits: RateLimits,
    /// From a request's head to its answer's head.
    pub answer_time: Duration,
}

impl Default for BaseSettings {
    fn default() -> Self {
        Self {
            trusted_proxies: TrustedProxies::default(),
            cors: CorsPolicy::default(),
            body: BodyLimits::default(),
            rate_limits: RateLimits::default(),
            answer_time: Duration::from_secs(30),
        }
    }
}

pub(crate) fn wrap(routes: Router, shapes: Shapes, settings: &BaseSettings, metrics: &Arc<Metrics>) -> Router {
    let observer = Observer {
        trusted: settings.trusted_proxies.clone(),
        metrics: Arc::clone(metrics),
    };
    routes.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(observer, observe))
            .layer(from_fn(security_headers))
            .layer(from_fn_with_state(shapes, answer))
            .layer(from_fn(host))
            .layer(from_fn_with_state(Arc::new(settings.cors.clone()), cors))
            .layer(from_fn(panics))
            .layer(from_fn_with_state(settings.answer_time, deadline))
            .layer(Extension(settings.body)),
    )
}
