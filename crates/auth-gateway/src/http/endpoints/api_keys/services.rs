//! `PUT /:id/service-scopes` and `GET /services/configured`: which third-party services keys may use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{key_id, line, success};
use crate::app::App;
use crate::domain::api_key::{Command, RateLimit, ServiceAccess, ServiceScopes};
use crate::http::body::Fields;
use crate::http::error::Refusal;
use crate::http::signed_in::{InSession, SignedIn};

const MOST_SERVICES: usize = 100;
const LONGEST_NAME: usize = 100;

pub(super) type RawRateLimits = BTreeMap<String, RawRateLimit>;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRateLimit {
    per_minute: Option<u32>,
    per_day: Option<u32>,
}

#[derive(Deserialize)]
pub(crate) struct Changed {
    service_keys: Option<Vec<String>>,
    #[serde(default)]
    rate_limits: RawRateLimits,
}

/// From now on the key may use these services only; none, when the list is empty.
pub(crate) async fn change_services(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    Path(id): Path<String>,
    Fields(body): Fields<Changed>,
) -> Result<Json<Value>, Refusal> {
    let missing = || Refusal::InvalidRequest("`service_keys` is required".to_owned());
    let scopes = scopes_of(body.service_keys.ok_or_else(missing)?, body.rate_limits)?;
    let command = Command::ChangeServiceScopes {
        service: ServiceAccess::Specific,
        service_scopes: Some(scopes),
    };
    let owner = asking.who.account.user.id;
    let seen = app.change_key(key_id(&id)?, owner, command, &asking.caller).await?;
    Ok(Json(success(&line(&seen))))
}

/// The services that the user's active keys name. Credentials for them are kept elsewhere.
pub(crate) async fn configured_services(State(app): State<Arc<App>>, asking: SignedIn) -> Result<Json<Value>, Refusal> {
    let own = asking.who.api_key.as_ref().map(|key| key.id);
    let keys = app.keys_of(asking.who.account.user.id).await?;
    let named: BTreeSet<String> = keys
        .into_iter()
        .filter(|seen| seen.is_active && own.is_none_or(|own| own == seen.key.id))
        .filter_map(|seen| seen.key.service_scopes)
        .flat_map(|scopes| scopes.service_keys)
        .collect();
    let services: Vec<Value> = named.iter().map(|name| json!({ "service_key": name })).collect();
    Ok(Json(success(&json!(services))))
}

pub(super) fn scopes_of(mut names: Vec<String>, limits: RawRateLimits) -> Result<ServiceScopes, Refusal> {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = |name: &String| (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_name_byte);
    if names.len() > MOST_SERVICES || !names.iter().all(is_name) {
        return Err(Refusal::InvalidRequest(format!(
            "service_keys: at most {MOST_SERVICES} names of letters, digits, `-`, `_` and `.`"
        )));
    }
    names.sort();
    names.dedup();
    if limits.keys().any(|limited| !names.contains(limited)) {
        return Err(Refusal::InvalidRequest(
            "rate_limits: only services in `service_keys`".to_owned(),
        ));
    }
    let limit = |raw: RawRateLimit| RateLimit {
        per_minute: raw.per_minute,
        per_day: raw.per_day,
    };
    Ok(ServiceScopes {
        service_keys: names,
        rate_limits: limits.into_iter().map(|(name, raw)| (name, limit(raw))).collect(),
    })
}
