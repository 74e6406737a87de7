//! `GET /v1/auth/verify-email`: the link in the letter; and asking for another.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::signup::email;
use crate::app::App;
use crate::app::caller::Caller;
use crate::http::body::{Fields, filled};
use crate::http::error::Refusal;
use crate::http::no_sooner::{WRITTEN, no_sooner_than};
use crate::http::query::Query;
use crate::http::secret::Secret;

#[derive(Deserialize)]
pub(crate) struct Link {
    token: Option<Secret>,
}

#[derive(Deserialize)]
pub(crate) struct Again {
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(link): Query<Link>,
) -> Result<Json<Value>, Refusal> {
    let token = link.token.ok_or(Refusal::InvalidCode)?;
    app.verify_email(token.expose(), &caller).await?;
    Ok(Json(json!({ "success": true, "message": "The address is verified" })))
}

/// The same answer whether there is such an account or not.
pub(crate) async fn resend(
    State(app): State<Arc<App>>,
    caller: Caller,
    Fields(body): Fields<Again>,
) -> Result<Json<Value>, Refusal> {
    let address = email(&body.email.ok_or(Refusal::MissingEmail)?)?;
    no_sooner_than(WRITTEN, app.verify_email_again(&address, &caller)).await?;
    Ok(Json(
        json!({ "success": true, "message": "If the address waits to be verified, a letter is on its way" }),
    ))
}
