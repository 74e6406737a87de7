//! `POST /` and `POST /with-services`: a new key, shown this once. With `Idempotency-Key` it can be asked for again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, HeaderName, StatusCode};
use identity_contract::ScopeSet;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::services::{RawRateLimits, scopes_of};
use super::{Days, KEEP_IT, line_with_key, success};
use crate::app::App;
use crate::app::api_keys::NewKey;
use crate::app::idempotent::Once;
use crate::crypto::digest::sha256;
use crate::domain::api_key::{AccessLevel, Binding, KeyContext, ServiceAccess};
use crate::http::body::Fields;
use crate::http::error::Refusal;
use crate::http::signed_in::{InSession, SignedIn};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_IDEMPOTENCY_KEY: usize = 255;

#[derive(Deserialize, Serialize)]
pub(crate) struct Wish {
    name: Option<String>,
    description: Option<String>,
    access_level: Option<AccessLevel>,
    key_context: Option<KeyContext>,
    expires_in_days: Option<u32>,
    scopes: Option<ScopeSet>,
    binding: Option<RawBinding>,
    service_type: Option<ServiceAccess>,
    service_keys: Option<Vec<String>>,
    rate_limits: Option<RawRateLimits>,
}

/// A misspelt restriction must not be a key without it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawBinding {
    #[serde(default)]
    audiences: Vec<String>,
    client_id: Option<String>,
    installation_id: Option<String>,
    public_key_pem: Option<String>,
    public_key_jwk: Option<Value>,
    #[serde(default)]
    require_request_signature: bool,
}

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    headers: HeaderMap,
    Fields(body): Fields<Wish>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    if body.service_type.is_some() || body.service_keys.is_some() || body.rate_limits.is_some() {
        let elsewhere = "service_type, service_keys, rate_limits: ask `/with-services` for such a key";
        return Err(Refusal::InvalidRequest(elsewhere.to_owned()));
    }
    let once = once(&headers, &asking, &body)?;
    make(&app, &asking, body.new_key(&asking)?, once).await
}

pub(crate) async fn create_with_services(
    State(app): State<Arc<App>>,
    InSession(asking): InSession,
    headers: HeaderMap,
    Fields(mut body): Fields<Wish>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let once = once(&headers, &asking, &body)?;
    let (service_keys, rate_limits) = (body.service_keys.take(), body.rate_limits.take());
    let named = service_keys.is_some() || rate_limits.is_some();
    let scopes = scopes_of(service_keys.unwrap_or_default(), rate_limits.unwrap_or_default())?;
    let access = body.service_type.unwrap_or(match named {
        true => ServiceAccess::Specific,
        false => ServiceAccess::All,
    });
    if access == ServiceAccess::Specific && scopes.service_keys.is_empty() {
        return Err(Refusal::InvalidRequest(
            "service_keys: name at least one service".to_owned(),
        ));
    }
    let key = NewKey {
        service: access,
        service_scopes: named.then_some(scopes),
        ..body.new_key(&asking)?
    };
    make(&app, &asking, key, once).await
}

async fn make(
    app: &App,
    asking: &SignedIn,
    wish: NewKey,
    once: Option<Once>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let owner = &asking.who.account.user;
    let (seen, text) = app.create_key_once(owner, wish, once.as_ref(), &asking.caller).await?;
    let mut body = success(&line_with_key(&seen, &text));
    body["message"] = json!(KEEP_IT);
    Ok((StatusCode::CREATED, Json(body)))
}

/// One word of the client's for one request of one user. What the session may do is part of the request: it bounds the key,
/// whose text no session with less may be told again.
fn once(headers: &HeaderMap, asking: &SignedIn, body: &impl Serialize) -> Result<Option<Once>, Refusal> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    let word = line.to_str().ok().map(str::trim).filter(|word| {
        let is_visible = word.bytes().all(|byte| byte.is_ascii_graphic());
        is_visible && (1..=LONGEST_IDEMPOTENCY_KEY).contains(&word.len())
    });
    let (Some(word), None) = (word, lines.next()) else {
        return Err(Refusal::InvalidRequest(format!(
            "Idempotency-Key: 1 to {LONGEST_IDEMPOTENCY_KEY} visible characters"
        )));
    };
    let identity = &asking.who.identity;
    let asked = (body, &identity.scopes, &identity.project_scope);
    let request = serde_json::to_vec(&asked).expect("bodies are plain data");
    let owner = asking.who.account.user.id.to_string();
    Ok(Some(Once::new("api_key.create", &owner, word, sha256(&request))))
}

impl Wish {
    fn new_key(self, asking: &SignedIn) -> Result<NewKey, Refusal> {
        let missing = || Refusal::InvalidRequest("`name` is required".to_owned());
        Ok(NewKey {
            name: self.name.ok_or_else(missing)?,
            description: self.description,
            access_level: self.access_level.unwrap_or_default(),
            key_context: self.key_context,
            scopes: self.scopes,
            expires_in: self.expires_in_days.map(|days| Days(days).lifetime()).transpose()?,
            binding: self.binding.map(Binding::from),
            project_scope: asking.who.identity.project_scope.clone(),
            ceiling: Some(asking.who.identity.scopes.clone()),
            ..NewKey::default()
        })
    }
}

impl From<RawBinding> for Binding {
    fn from(raw: RawBinding) -> Self {
        Self {
            audiences: raw.audiences,
            client_id: raw.client_id,
            installation_id: raw.installation_id,
            public_key_pem: raw.public_key_pem,
            public_key_jwk: raw.public_key_jwk,
            require_request_signature: raw.require_request_signature,
        }
    }
}
