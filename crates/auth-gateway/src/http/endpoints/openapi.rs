//! `GET /openapi.json`: the description of this interface (OpenAPI 3.1).

use axum::response::IntoResponse;
use http::header;

const DOCUMENT: &str = include_str!("../../../openapi.json");

pub(crate) async fn answer() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
