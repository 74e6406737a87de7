//! `GET /v1/auth/session`: whose session this is; and `…/check`, which never refuses.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::login;
use crate::app::resolve::Resolved;
use crate::app::{App, Refusal as Fact};
use crate::http::credential::{Carrier, Presented};
use crate::http::error::Refusal;
use crate::http::signed_in::{SignedIn, shown};

pub(crate) async fn answer(State(app): State<Arc<App>>, asking: SignedIn) -> Result<Json<Value>, Refusal> {
    let who = &asking.who;
    let count = app
        .sessions_of(&who.account.user)
        .await
        .map_err(|refusal| match refusal {
            Fact::Unavailable(_) => Refusal::SessionUnavailable,
            other => other.into(),
        })?;
    Ok(Json(json!({ "user": user(who), "sessions": count.len() })))
}

fn user(who: &Resolved) -> Value {
    let mut user = login::user(&who.account, who.identity.project_scope.as_deref());
    user["platform"] = json!(who.platform().as_str());
    user
}

/// For pages: 200 whoever asks, unless nobody can tell.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    presented: Result<Presented, Refusal>,
) -> Result<Json<Value>, Refusal> {
    // What can not be read is nobody's session: pages of former times have left cookies of all kinds.
    let presented = presented.unwrap_or_default();
    let Some(cookie) = presented.at(Carrier::Cookie) else {
        return Ok(Json(json!({ "authenticated": false, "user": null })));
    };
    match app.resolve(&shown(cookie)).await {
        Ok(who) => Ok(Json(json!({ "authenticated": true, "user": user(&who) }))),
        Err(Fact::Unavailable(_)) => Err(Refusal::SessionUnavailable),
        Err(_) => Ok(Json(json!({ "authenticated": false, "user": null }))),
    }
}
