//! `POST /v1/auth/setup`: the first administrator, with the token that the first start printed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::signup::{email, name, password};
use crate::app::App;
use crate::app::caller::Caller;
use crate::http::body::Fields;
use crate::http::error::Refusal;
use crate::http::secret::Secret;

#[derive(Deserialize)]
pub(crate) struct Setup {
    token: Secret,
    email: String,
    password: Secret,
    name: Option<String>,
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Fields(body): Fields<Setup>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let (email, password) = (email(&body.email)?, password(&body.password)?);
    let id = app
        .set_up(body.token.expose(), email, password, name(body.name)?, &caller)
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({ "success": true, "user": { "id": id.to_string() } })),
    ))
}
