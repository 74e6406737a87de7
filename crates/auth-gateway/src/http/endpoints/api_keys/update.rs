//! `PUT /:id`: what is sent changes, the rest stays.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity_contract::ScopeSet;
use serde::Deserialize;
use serde_json::Value;

use super::{Days, key_id, line, success};
use crate::app::App;
use crate::app::api_keys::{Expiry, KeyChange};
use crate::domain::api_key::AccessLevel;
use crate::http::body::Fields;
use crate::http::error::Refusal;
use crate::http::signed_in::InSession;

#[derive(Deserialize)]
pub(crate) struct Changed {
    name: Option<String>,
    description: Option<String>,
    access_level: Option<AccessLevel>,
    expires_in_days: Option<Days>,
    #[serde(default)]
    clear_expiry: bool,
    scopes: Option<ScopeSet>,
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    Path(id): Path<String>,
    Fields(body): Fields<Changed>,
) -> Result<Json<Value>, Refusal> {
    let expiry = match (body.expires_in_days, body.clear_expiry) {
        (None, false) => Expiry::Stays,
        (None, true) => Expiry::Never,
        (Some(days), false) => Expiry::In(days.lifetime()?),
        (Some(_), true) => {
            return Err(Refusal::InvalidRequest(
                "say `expires_in_days` or `clear_expiry`, not both".to_owned(),
            ));
        }
    };
    let change = KeyChange {
        name: body.name,
        description: body.description,
        access_level: body.access_level,
        scopes: body.scopes,
        expiry,
        ceiling: Some(asking.who.identity.scopes.clone()),
    };
    let owner = &asking.who.account.user;
    let seen = app.update_key(key_id(&id)?, owner, change, &asking.caller).await?;
    Ok(Json(success(&line(&seen))))
}
