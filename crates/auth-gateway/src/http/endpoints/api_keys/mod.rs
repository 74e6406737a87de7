//! `/api/v1/auth/api-keys` and `/api/v1/api-keys`: a user's API keys.
//!
//! They are managed in a session. A key may look itself up and sees no other: who finds one learns nothing about the rest.

mod create;
mod list;
mod revoke;
mod rotate;
mod services;
mod update;

pub(crate) use create::{create, create_with_services};
pub(crate) use list::{list, one};
pub(crate) use revoke::{remove, revoke};
pub(crate) use rotate::rotate;
pub(crate) use services::{change_services, configured_services};
pub(crate) use update::update;

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::api_keys::SeenKey;
use crate::crypto::api_key_text::ApiKeyText;
use crate::domain::ids::ApiKeyId;
use crate::http::error::Refusal;

const DAY: Duration = Duration::from_secs(24 * 3600);
const LONGEST_DAYS: u32 = 3650;
const KEEP_IT: &str = "Keep the key: it is not shown again";

/// `expires_in_days` of the contract.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
struct Days(u32);

impl Days {
    fn lifetime(self) -> Result<Duration, Refusal> {
        match self.0 {
            1..=LONGEST_DAYS => Ok(DAY * self.0),
            _ => Err(Refusal::InvalidRequest(format!("expires_in_days: 1 to {LONGEST_DAYS}"))),
        }
    }
}

/// What can't be an id is no key's.
fn key_id(text: &str) -> Result<ApiKeyId, Refusal> {
    text.parse().map_err(|_| Refusal::KeyNotFound)
}

/// `ApiKey` of the contract.
fn line(seen: &SeenKey) -> Value {
    let (key, settings) = (&seen.key, &seen.key.settings);
    let mut line = json!({
        "id": key.id.to_string(),
        "name": settings.name,
        "description": settings.description,
        "user_id": key.user_id.to_string(),
        "access_level": settings.access_level,
        "key_context": settings.key_context,
        "permissions": settings.permissions,
        "service": key.service,
        "binding": settings.binding,
        "expires_at": settings.expires_at.map(|at| at.to_string()),
        "last_used_at": seen.last_used_at.map(|at| at.to_string()),
        "created_at": key.created_at.to_string(),
        "is_active": seen.is_active,
    });
    if let Some(scopes) = &key.service_scopes {
        line["service_scopes"] = json!(scopes);
    }
    line
}

/// The one answer with the key's text.
fn line_with_key(seen: &SeenKey, text: &ApiKeyText) -> Value {
    let mut line = line(seen);
    line["key"] = json!(text.expose());
    line
}

fn success(data: &Value) -> Value {
    json!({ "success": true, "data": data })
}
