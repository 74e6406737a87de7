//! `/v1/auth/sessions`: a user's sessions, listed and ended.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::app::sessions::SeenSession;
use crate::domain::ids::SessionId;
use crate::domain::session::EndReason;
use crate::domain::user::SessionsEnd;
use crate::http::credential::{Carrier, Presented};
use crate::http::error::Refusal;
use crate::http::gateway::Gateway;
use crate::http::query::Query;
use crate::http::signed_in::{InSession, SignedIn};

/// A misspelt wish to keep one must not end it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
    State(gateway): State<Gateway>,
    InSession(asking): InSession,
    presented: Presented,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id: SessionId = id.parse().map_err(|_| Refusal::NotFound)?;
    let owner = Some(asking.who.account.user.id);
    gateway
        .app
        .end_session(id, owner, EndReason::ByOwner, &asking.caller)
        .await?;
    let is_own = asking.session().is_some_and(|session| session.id == id);
    Ok(ended(&gateway, &presented, is_own))
}

pub(crate) async fn end_all(
    State(gateway): State<Gateway>,
    InSession(asking): InSession,
    presented: Presented,
    Query(which): Query<Which>,
) -> Result<Response, Refusal> {
    let kept = asking
        .session()
        .filter(|_| which.keep_current)
        .map(|session| session.id);
    gateway
        .app
        .end_sessions(asking.who.account.user.id, kept, SessionsEnd::ByOwner, &asking.caller)
        .await?;
    Ok(ended(&gateway, &presented, kept.is_none()))
}

/// A browser whose session has ended is rid of its cookies.
fn ended(gateway: &Gateway, presented: &Presented, is_own: bool) -> Response {
    let has_cookie = is_own && presented.at(Carrier::Cookie).is_some();
    let lines = has_cookie.then(|| gateway.cookies.clear().map(|value| (SET_COOKIE, value)));
    let lines: Vec<_> = lines.into_iter().flatten().collect();
    (AppendHeaders(lines), Json(json!({ "success": true }))).into_response()
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
