//! `/v1/auth/sessions`: a user's sessions, listed and ended.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::app::sessions::SeenSession;
use crate::domain::ids::SessionId;
use crate::domain::session::EndReason;
use crate::domain::user::SessionsEnd;
use crate::http::error::Refusal;
use crate::http::query::Query;
use crate::http::signed_in::{InSession, SignedIn};

#[derive(Deserialize)]
pub(crate) struct Which {
    /// The session that asks stays.
    #[serde(default)]
    keep_current: bool,
}

pub(crate) async fn list(State(app): State<Arc<App>>, asking: SignedIn) -> Result<Json<Value>, Refusal> {
    let sessions = app.sessions_of(&asking.who.account.user).await?;
    Ok(Json(
        json!({ "sessions": sessions.iter().map(line).collect::<Vec<_>>() }),
    ))
}

pub(crate) async fn end(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let id: SessionId = id.parse().map_err(|_| Refusal::NotFound)?;
    app.end_session(id, Some(asking.who.account.user.id), EndReason::ByOwner, &asking.caller)
        .await?;
    Ok(Json(json!({ "success": true })))
}

pub(crate) async fn end_all(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Refusal> {
    let kept = asking
        .session()
        .filter(|_| which.keep_current)
        .map(|session| session.id);
    app.end_sessions(asking.who.account.user.id, kept, SessionsEnd::ByOwner, &asking.caller)
        .await?;
    Ok(Json(json!({ "success": true })))
}

fn line(seen: &SeenSession) -> Value {
    json!({
        "id": seen.session.id.to_string(),
        "platform": seen.session.platform.as_str(),
        "ip_address": seen.address.map(|address| address.to_string()),
        "user_agent": seen.user_agent,
        "created_at": seen.session.started_at.to_string(),
        "last_used_at": seen.last_used_at.to_string(),
        "expires_at": seen.session.expires_at.to_string(),
    })
}
