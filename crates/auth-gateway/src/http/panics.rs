//! A handler that panics answers 500 and nothing about why; the process goes on.

use super::error::Refusal;
use super::request_id::RequestId;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

pub(crate) async fn panics(id: RequestId, request: Request, next: Next) -> Response {
    // What the handler shared is behind locks that recover or rows of a database; nothing half-written is read again.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(request_id = id.as_str(), "a request's handler panicked");
            Refusal::Internal.into_response()
        }
    }
}
