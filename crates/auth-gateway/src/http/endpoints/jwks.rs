//! `GET /oauth/jwks.json`: the keys that access tokens are verified with (RFC 7517 section 5).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header;

use crate::app::App;
use crate::http::error::Refusal;

/// Keys are published longer than this before they sign.
const CACHE: &str = "public, max-age=300";

pub(crate) async fn answer(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Refusal> {
    app.keys_are_current().await?;
    let keys = app.keys.valid(app.clock.now())?;
    Ok(([(header::CACHE_CONTROL, CACHE)], Json(keys.to_jwks())))
}
