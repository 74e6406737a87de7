//! `POST /v1/auth/refresh`: the next pair of tokens for a refresh token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::caller::Caller;
use crate::app::{App, Refusal as Fact};
use crate::http::body::{Fields, filled};
use crate::http::error::Refusal;
use crate::http::secret::Secret;

#[derive(Deserialize)]
pub(crate) struct Refresh {
    #[serde(default, alias = "refreshToken", deserialize_with = "filled")]
    refresh_token: Option<Secret>,
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Fields(body): Fields<Refresh>,
) -> Result<Json<Value>, Refusal> {
    let token = body.refresh_token.ok_or(Refusal::MissingRefreshToken)?;
    let tokens = app
        .refresh(token.expose(), &caller)
        .await
        .map_err(|refusal| match refusal {
            Fact::SessionEnded | Fact::NotFound(_) => Refusal::SessionNotFound,
            other => other.into(),
        })?;
    Ok(Json(json!({
        "access_token": tokens.access_token.expose(),
        "refresh_token": tokens.refresh_token.expose(),
        "expires_in": tokens.expires_in.as_secs(),
        "token_type": "Bearer",
    })))
}
