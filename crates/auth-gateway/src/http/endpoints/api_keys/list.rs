//! `GET /` and `GET /:id`: all keys, or one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{key_id, line, success};
use crate::app::App;
use crate::http::error::Refusal;
use crate::http::query::Query;
use crate::http::signed_in::SignedIn;

#[derive(Deserialize)]
pub(crate) struct Which {
    /// Without revoked and expired ones, unless it is `false`.
    active_only: Option<bool>,
}

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    asking: SignedIn,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Refusal> {
    let active_only = which.active_only.unwrap_or(true);
    let own = asking.who.api_key.as_ref().map(|key| key.id);
    let keys = app.keys_of(asking.who.account.user.id).await?;
    let lines: Vec<Value> = keys
        .iter()
        .filter(|seen| !active_only || seen.is_active)
        .filter(|seen| own.is_none_or(|own| own == seen.key.id))
        .map(line)
        .collect();
    Ok(Json(success(&json!(lines))))
}

pub(crate) async fn one(
    State(app): State<Arc<App>>,
    asking: SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let id = key_id(&id)?;
    if asking.who.api_key.as_ref().is_some_and(|own| own.id != id) {
        return Err(Refusal::KeyNotFound);
    }
    let seen = app.key(id, asking.who.account.user.id).await?;
    Ok(Json(success(&line(&seen))))
}
