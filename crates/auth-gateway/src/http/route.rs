//! One line of the router's table, and the router made of such lines.

use super::answer::Shapes;
use super::error::{Refusal, Shape};
use super::middleware::{BaseSettings, wrap};
use super::rate_limit::{GuessLimit, RouteLimit, rate_limit};
use crate::telemetry::metrics::Metrics;
use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use governor::clock::MonotonicClock;
use http::{Method, header};
use std::collections::HashMap;
use std::sync::Arc;

/// A method and a path template (`/v1/things/{id}`), and who answers.
#[derive(Debug)]
pub struct Route<S> {
    method: Method,
    path: &'static str,
    shape: Shape,
    limit: Option<&'static str>,
    handler: MethodRouter<S>,
}

macro_rules! methods {
    ($($name:ident $method:ident),+) => { $(
        pub fn $name<H: Handler<T, S>, T: 'static, S: Clone + Send + Sync + 'static>(
            path: &'static str,
            handler: H,
        ) -> Route<S> {
            Route::new(Method::$method, path, on(MethodFilter::$method, handler))
        }
    )+ };
}

methods!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// Its GET changes something, so HEAD, by which scanners look at links, does not run it (RFC 9110 section 9.2.1).
    #[must_use]
    pub fn without_head(mut self) -> Self {
        let refused = async || ([(header::ALLOW, "GET")], Refusal::MethodNotAllowed);
        self.handler = self.handler.on(MethodFilter::HEAD, refused);
        self
    }
}

impl<S> Route<S> {
    fn new(method: Method, path: &'static str, handler: MethodRouter<S>) -> Self {
        Self {
            method,
            path,
            shape: Shape::Rest,
            limit: None,
            handler,
        }
    }

    /// Refusals on this path have this body.
    #[must_use]
    pub fn refusing_as(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// Counts requests by client address under the limit of this name. Routes to the same thing name the same limit.
    #[must_use]
    pub fn limited(mut self, name: &'static str) -> Self {
        self.limit = Some(name);
        self
    }

    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The template, as logs, metrics and the OpenAPI document have it.
    pub fn path(&self) -> &'static str {
        self.path
    }
}

/// Serves `table` with everything around it.
///
/// # Panics
/// When two lines claim the same method and path.
pub fn router<S>(table: Vec<Route<S>>, state: S, settings: &BaseSettings, metrics: &Arc<Metrics>) -> Router
where
    S: Clone + Send + Sync + 'static,
{
    let mut limits: HashMap<&str, Arc<GuessLimit>> = HashMap::new();
    let mut shapes = HashMap::new();
    let mut router = Router::new();
    for route in table {
        shapes.insert(route.path, route.shape);
        let handler = match route.limit {
            None => route.handler,
            Some(name) => {
                let make = || GuessLimit::new(name, settings.rate_limits.allowance(name), MonotonicClock);
                let limit = Arc::clone(limits.entry(name).or_insert_with(|| Arc::new(make())));
                let metrics = Arc::clone(metrics);
                route
                    .handler
                    .route_layer(from_fn_with_state(RouteLimit { limit, metrics }, rate_limit))
            }
        };
        router = router.route(route.path, handler);
    }
    let router = router
        .method_not_allowed_fallback(async || Refusal::MethodNotAllowed)
        .fallback(async || Refusal::NoSuchRoute)
        .with_state(state);
    wrap(router, Shapes::new(shapes), settings, metrics)
}
