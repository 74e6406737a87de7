//! `POST /v1/auth/verify-token`: is this token good? Who holds a token may ask about it; nothing is believed by its shape.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::login;
use crate::app::resolve::Shown;
use crate::app::{App, Refusal as Fact};
use crate::crypto::api_key_text::ApiKeyText;
use crate::crypto::secret_text::SecretText;
use crate::http::body::{Fields, filled};
use crate::http::error::Refusal;
use crate::http::secret::Secret;

#[derive(Deserialize)]
pub(crate) struct Question {
    #[serde(default, deserialize_with = "filled")]
    token: Option<Secret>,
}

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    Fields(body): Fields<Question>,
) -> Result<Json<Value>, Refusal> {
    let token = body.token.ok_or(Refusal::MissingToken)?;
    // Keys have an endpoint of their own; here they are no tokens.
    if ApiKeyText::looks_like_one(token.expose()) {
        return Ok(Json(
            json!({ "valid": false, "error": "This is an API key, not a token" }),
        ));
    }
    let shown = Shown::Token(SecretText::new(token.expose().to_owned()));
    match app.resolve(&shown).await {
        Ok(who) => Ok(Json(json!({
            "valid": true,
            "type": "jwt",
            "user": login::user(&who.account, who.identity.project_scope.as_deref()),
            "scope": who.identity.scopes.to_string(),
            "client_id": who.identity.client_id,
            "expires_at": who.identity.expires_at,
        }))),
        Err(refusal @ (Fact::InvalidCredential | Fact::ExpiredCredential | Fact::SessionEnded)) => {
            let mut body = json!({ "valid": false, "error": refusal.to_string() });
            if let Some(kind) = kind(token.expose()) {
                body["type"] = json!(kind);
            }
            Ok(Json(body))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// What a text that opens nothing looks like, where it looks like a token.
fn kind(text: &str) -> Option<&'static str> {
    match text.split('.').count() {
        3 => Some("jwt"),
        _ if text.starts_with("cli_") => Some("cli_token"),
        _ => None,
    }
}
