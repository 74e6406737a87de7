//! `POST /v1/auth/password/…`: forgotten, chosen anew, changed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::signup;
use crate::app::App;
use crate::app::caller::Caller;
use crate::crypto::password::Password;
use crate::http::body::{Fields, filled};
use crate::http::error::Refusal;
use crate::http::no_sooner::{WRITTEN, no_sooner_than};
use crate::http::secret::Secret;
use crate::http::signed_in::InSession;

#[derive(Deserialize)]
pub(crate) struct Forgotten {
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Chosen {
    token: Secret,
    password: Secret,
}

#[derive(Deserialize)]
pub(crate) struct Changed {
    current_password: Secret,
    new_password: Secret,
}

/// The same answer whether there is such an account or not.
pub(crate) async fn forgot(
    State(app): State<Arc<App>>,
    caller: Caller,
    Fields(body): Fields<Forgotten>,
) -> Result<Json<Value>, Refusal> {
    let address = signup::email(&body.email.ok_or(Refusal::MissingEmail)?)?;
    no_sooner_than(WRITTEN, app.forgot_password(&address, &caller)).await?;
    Ok(Json(
        json!({ "success": true, "message": "If there is such an account, a letter is on its way" }),
    ))
}

pub(crate) async fn reset(
    State(app): State<Arc<App>>,
    caller: Caller,
    Fields(body): Fields<Chosen>,
) -> Result<Json<Value>, Refusal> {
    app.reset_password(body.token.expose(), signup::password(&body.password)?, &caller)
        .await?;
    Ok(Json(
        json!({ "success": true, "message": "The new password is set, and all sessions have ended" }),
    ))
}

pub(crate) async fn change(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    Fields(body): Fields<Changed>,
) -> Result<Json<Value>, Refusal> {
    let current = Password::new(body.current_password.expose().to_owned()).map_err(|_| Refusal::InvalidCredentials)?;
    let new = signup::password(&body.new_password)?;
    let session = asking.session().map(|session| session.id);
    app.change_password(asking.who.account.user.id, current, new, session, &asking.caller)
        .await?;
    Ok(Json(
        json!({ "success": true, "message": "The new password is set, and all other sessions have ended" }),
    ))
}
