//! `POST /v1/auth/verify-api-key`: is the key in `X-API-Key` good? The body is ignored.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::app::{App, Refusal as Fact};
use crate::http::credential::{Carrier, Presented};
use crate::http::error::Refusal;
use crate::http::signed_in::shown;

pub(crate) async fn answer(State(app): State<Arc<App>>, presented: Presented) -> Result<Json<Value>, Refusal> {
    let key = presented.at(Carrier::ApiKeyHeader).ok_or(Refusal::ApiKeyMissing)?;
    let who = app.resolve(&shown(key)).await.map_err(|refusal| match refusal {
        Fact::ExpiredCredential => Refusal::ApiKeyInvalid { reason: "expired" },
        Fact::InvalidCredential | Fact::SessionEnded => Refusal::ApiKeyInvalid { reason: "unknown" },
        other => other.into(),
    })?;
    let key = who
        .api_key
        .as_ref()
        .ok_or(Refusal::ApiKeyInvalid { reason: "unknown" })?;
    Ok(Json(json!({
        "valid": true,
        "userId": who.account.user.id.to_string(),
        "projectScope": who.identity.project_scope,
        "keyContext": key.settings.key_context,
        "permissions": who.identity.scopes,
        "binding": key.settings.binding,
        "message": "API key is valid",
    })))
}
