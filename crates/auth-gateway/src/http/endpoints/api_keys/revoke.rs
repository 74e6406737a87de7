//! `POST /:id/revoke` and `DELETE /:id`: the key opens nothing from now on. A deleted one is not listed either.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{key_id, line, success};
use crate::app::App;
use crate::domain::api_key::RevokeReason;
use crate::http::body::OptionalFields;
use crate::http::error::Refusal;
use crate::http::signed_in::InSession;

pub(crate) async fn revoke(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    Path(id): Path<String>,
    _: OptionalFields<serde::de::IgnoredAny>,
) -> Result<Json<Value>, Refusal> {
    let owner = asking.who.account.user.id;
    let seen = app
        .revoke_key(key_id(&id)?, owner, RevokeReason::ByOwner, &asking.caller)
        .await?;
    let mut body = success(&line(&seen));
    body["message"] = json!("The key is revoked");
    Ok(Json(body))
}

pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    app.delete_key(key_id(&id)?, asking.who.account.user.id, &asking.caller)
        .await?;
    Ok(Json(json!({ "success": true, "message": "The key is deleted" })))
}
