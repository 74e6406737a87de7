//! `POST /v1/auth/verify`: is the credential of this request good, and whose is it?

use axum::Json;
use serde_json::{Value, json};

use super::login;
use crate::http::body::OptionalFields;
use crate::http::signed_in::SignedIn;

/// The body means nothing; clients in the field send `{}` or none.
pub(crate) async fn answer(asking: SignedIn, _: OptionalFields<serde::de::IgnoredAny>) -> Json<Value> {
    let identity = &asking.who.identity;
    let mut payload = login::user(&asking.who.account, identity.project_scope.as_deref());
    payload["sub"] = json!(identity.actor_id);
    payload["organization_id"] = json!(identity.organization_id);
    payload["scopes"] = json!(identity.scopes);
    payload["auth_source"] = json!(identity.auth_source);
    payload["platform"] = json!(asking.session().map(|session| session.platform.as_str()));
    Json(json!({ "valid": true, "payload": payload }))
}
