//! `POST /v1/auth/signup`: the same answer whether the address has an account or not.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::app::caller::Caller;
use crate::crypto::password::{NotAPassword, Password};
use crate::domain::email_address::EmailAddress;
use crate::domain::person_name::{InvalidPersonName, PersonName};
use crate::http::body::{Fields, filled};
use crate::http::error::Refusal;
use crate::http::no_sooner::{HASHED, no_sooner_than};
use crate::http::secret::Secret;

#[derive(Deserialize)]
pub(crate) struct SignUp {
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    password: Option<Secret>,
    name: Option<String>,
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Fields(body): Fields<SignUp>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let (Some(address), Some(secret)) = (body.email, body.password) else {
        return Err(Refusal::MissingCredentials);
    };
    let signed_up = app.sign_up(email(&address)?, password(&secret)?, name(body.name)?, &caller);
    no_sooner_than(HASHED, signed_up).await?;
    let message = "Look into your mail to finish signing up";
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({ "success": true, "message": message })),
    ))
}

pub(super) fn email(text: &str) -> Result<EmailAddress, Refusal> {
    text.parse().map_err(|_| Refusal::InvalidEmail)
}

/// A name that is left blank is none.
pub(super) fn name(text: Option<String>) -> Result<Option<PersonName>, Refusal> {
    let written = text.filter(|text| !text.trim().is_empty());
    let parsed = written.map(|text| text.parse()).transpose();
    parsed.map_err(|refused: InvalidPersonName| Refusal::InvalidRequest(format!("name: {refused}")))
}

/// A new password; what can be none is refused with the reason.
pub(super) fn password(secret: &Secret) -> Result<Password, Refusal> {
    Password::new(secret.expose().to_owned())
        .map_err(|refused: NotAPassword| Refusal::WeakPassword(refused.to_string()))
}
