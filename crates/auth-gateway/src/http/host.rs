//! Requests of HTTP/1.1 name their host, and no request names two (RFC 9112 section 3.2).

use super::error::Refusal;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Version, header};

pub(crate) async fn host(request: Request, next: Next) -> Response {
    let named = request.headers().get_all(header::HOST).iter().count();
    let is_named = match request.version() {
        Version::HTTP_09 | Version::HTTP_10 => named <= 1,
        _ => named == 1,
    };
    if !is_named {
        return Refusal::InvalidRequest("Host: name one".to_owned()).into_response();
    }
    next.run(request).await
}
