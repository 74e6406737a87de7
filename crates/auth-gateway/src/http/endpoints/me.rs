//! `GET /v1/auth/me`: the user behind the credential.

use axum::Json;
use serde_json::{Value, json};

use super::login::email;
use crate::http::signed_in::SignedIn;

pub(crate) async fn answer(asking: SignedIn) -> Json<Value> {
    let account = &asking.who.account;
    let (user, profile) = (&account.user, &account.profile);
    Json(json!({
        "id": user.id.to_string(),
        "email": email(account),
        "name": profile.name,
        "avatar_url": profile.avatar_url,
        "role": user.role.as_str(),
        "provider": "email",
        "organization_id": user.organization_id.to_string(),
        "project_scope": asking.who.identity.project_scope,
        "platform": asking.who.platform().as_str(),
        "created_at": user.registered_at.to_string(),
        "last_sign_in_at": user.last_sign_in_at.map(|at| at.to_string()),
        "metadata": { "locale": profile.locale, "timezone": profile.timezone },
    }))
}
