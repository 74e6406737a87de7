//! `POST /v1/auth/login`: an e-mail address and a password for a session.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::accounts::Account;
use crate::app::caller::Caller;
use crate::app::log_in::{LoggedIn, Login};
use crate::crypto::password::Password;
use crate::domain::platform::Platform;
use crate::domain::project_scope::ProjectScope;
use crate::http::body::{Fields, filled};
use crate::http::cookies::DisplayedUser;
use crate::http::cors::OriginVerdict;
use crate::http::error::Refusal;
use crate::http::gateway::Gateway;
use crate::http::secret::Secret;

#[derive(Deserialize)]
pub(crate) struct Credentials {
    #[serde(default, deserialize_with = "filled")]
    email: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    password: Option<Secret>,
    platform: Option<String>,
    project_scope: Option<String>,
    return_to: Option<String>,
}

pub(crate) async fn answer(
    State(gateway): State<Gateway>,
    verdict: Option<Extension<OriginVerdict>>,
    caller: Caller,
    Fields(body): Fields<Credentials>,
) -> Result<Response, Refusal> {
    let (Some(email), Some(password)) = (body.email, body.password) else {
        return Err(Refusal::MissingCredentials);
    };
    let platform: Platform = match &body.platform {
        None => Platform::default(),
        Some(word) => word
            .parse()
            .map_err(|error: crate::domain::platform::UnknownPlatform| Refusal::InvalidRequest(error.to_string()))?,
    };
    let project_scope = body
        .project_scope
        .as_deref()
        .map(str::parse::<ProjectScope>)
        .transpose();
    let project_scope = project_scope.map_err(|error| Refusal::InvalidRequest(error.to_string()))?;
    // Another site's page must not sign its visitor in to somebody else's account.
    if platform == Platform::Web && verdict.is_some_and(|Extension(verdict)| verdict == OriginVerdict::Refused) {
        return Err(Refusal::OriginNotAllowed);
    }
    let redirect_to = match body.return_to {
        Some(target) if !gateway.app.may_return_to(&target) => {
            return Err(Refusal::InvalidRequest("return_to: not an allowed place".to_owned()));
        }
        target => target,
    };
    let login = Login {
        email,
        password: Password::new(password.expose().to_owned()).ok(),
        platform,
        client_id: None,
        project_scope,
        cookie: platform == Platform::Web,
    };
    let logged_in = gateway.app.log_in(login, &caller).await?;
    Ok(respond(&gateway, &logged_in, redirect_to))
}

fn respond(gateway: &Gateway, logged_in: &LoggedIn, redirect_to: Option<String>) -> Response {
    let LoggedIn {
        account,
        session,
        tokens,
        handle,
    } = logged_in;
    let mut body = json!({
        "access_token": tokens.access_token.expose(),
        "refresh_token": tokens.refresh_token.expose(),
        "token_type": "Bearer",
        "expires_in": tokens.expires_in.as_secs(),
        "scope": tokens.scope,
        "user": user(account, session.project_scope.as_deref()),
    });
    if let Some(redirect_to) = redirect_to {
        body["redirect_to"] = Value::String(redirect_to);
    }
    let cookies = handle.as_ref().map(|handle| {
        let (id, email) = (account.user.id.to_string(), email(account));
        let shown = DisplayedUser {
            id: &id,
            email: &email,
            role: account.user.role.as_str(),
        };
        gateway.cookies.set(
            &Secret::new(handle.expose()),
            &shown,
            session.expires_at.since(session.started_at),
        )
    });
    let lines = cookies
        .into_iter()
        .flatten()
        .map(|value| (SET_COOKIE, value))
        .collect::<Vec<_>>();
    (AppendHeaders(lines), Json(body)).into_response()
}

/// `user` of the contract.
pub(super) fn user(account: &Account, project_scope: Option<&str>) -> Value {
    json!({
        "id": account.user.id.to_string(),
        "email": email(account),
        "role": account.user.role.as_str(),
        "project_scope": project_scope,
    })
}

pub(super) fn email(account: &Account) -> String {
    account
        .email
        .as_ref()
        .map(|email| email.as_str().to_owned())
        .unwrap_or_default()
}
