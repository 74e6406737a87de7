//! `POST /:id/rotate`: a new text for the same key. The old one works until `previous_key_expires_at`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{KEEP_IT, key_id, line_with_key, success};
use crate::app::App;
use crate::http::body::OptionalFields;
use crate::http::error::Refusal;
use crate::http::signed_in::InSession;

#[derive(Deserialize)]
pub(crate) struct Rotation {
    /// 0 ends the old key at once; the default is the configuration's.
    overlap_seconds: Option<u64>,
}

pub(crate) async fn rotate(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    Path(id): Path<String>,
    OptionalFields(body): OptionalFields<Rotation>,
) -> Result<Json<Value>, Refusal> {
    let overlap = body.overlap_seconds.map(Duration::from_secs);
    let who = &asking.who;
    let rotated = app.rotate_key(key_id(&id)?, who.account.user.id, overlap, Some(who), &asking.caller);
    let (seen, text) = rotated.await?;
    let previous = seen.key.former.last().map(|former| former.valid_until.to_string());
    let mut data = line_with_key(&seen, &text);
    data["previous_key_expires_at"] = json!(previous);
    let mut body = success(&data);
    body["message"] = json!(KEEP_IT);
    Ok(Json(body))
}
