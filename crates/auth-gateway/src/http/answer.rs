//! Gives refusals their bodies, in the shape of the route that refused.

use super::error::{Refusal, Shape};
use super::request_id::RequestId;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};
use std::collections::HashMap;
use std::sync::Arc;

/// The shape of each path template that has not the usual one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shapes(Arc<HashMap<&'static str, Shape>>);

impl Shapes {
    pub(crate) fn new(unusual: HashMap<&'static str, Shape>) -> Self {
        Self(Arc::new(unusual))
    }

    fn of(&self, request: &Request) -> Shape {
        let template = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let shape = template.and_then(|template| self.0.get(template));
        shape.copied().unwrap_or_default()
    }
}

pub(crate) async fn answer(State(shapes): State<Shapes>, id: RequestId, request: Request, next: Next) -> Response {
    let shape = shapes.of(&request);
    let mut response = next.run(request).await;
    let Some(refusal) = response.extensions().get::<Refusal>() else {
        return response;
    };
    let body = refusal.body(shape, id.as_str()).to_string();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(body);
    response
}
