//! `GET /v1/auth/resolve`: the identity in headers, for proxies that ask before they forward.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use identity_contract::{Assertion, Resolution, failure_headers, identity_headers};
use serde_json::json;

use crate::app::resolve::Resolved;
use crate::app::{App, Refusal as Fact};
use crate::http::credential::{Carrier, Credential, Presented};
use crate::http::error::Refusal;
use crate::http::request_id::RequestId;
use crate::http::signed_in::shown;

pub(crate) async fn answer(State(app): State<Arc<App>>, request_id: RequestId, presented: Presented) -> Response {
    match resolve(&app, &presented).await {
        Ok((who, assertion)) => success(&who, &assertion, request_id.as_str()),
        Err(refusal) => {
            let reason = refusal.code();
            let mut response = refusal.into_response();
            insert(&mut response, failure_headers(reason));
            response
        }
    }
}

/// The caller, and an assertion about them for the platform.
async fn resolve(app: &App, presented: &Presented) -> Result<(Resolved, Assertion), Refusal> {
    let credential = first(presented).ok_or(Refusal::AuthRequired)?;
    let who = app.resolve(&shown(credential)).await.map_err(|refusal| match refusal {
        Fact::InvalidCredential | Fact::ExpiredCredential | Fact::SessionEnded => Refusal::AuthRequired,
        other => other.into(),
    })?;
    let assertion = app.assertion(&who, app.settings.issuer.as_str())?;
    Ok((who, assertion))
}

/// Which counts when there are several, as the callers behind nginx expect: the cookie, a JWT, a key, and then anything else.
fn first(presented: &Presented) -> Option<&Credential> {
    let bearer = presented.at(Carrier::Bearer);
    let is_jwt = |bearer: &&Credential| matches!(bearer, Credential::Token(text) if text.expose().contains('.'));
    presented
        .at(Carrier::Cookie)
        .or(bearer.filter(is_jwt))
        .or(presented.at(Carrier::ApiKeyHeader))
        .or(bearer)
        .or(presented.at(Carrier::Mcp))
}

fn success(who: &Resolved, assertion: &Assertion, request_id: &str) -> Response {
    let identity = who.identity_for(request_id);
    let mut body = json!({
        "success": true,
        "authId": identity.actor_id,
        "organizationId": identity.organization_id,
        "authMethod": identity.auth_method,
        "credentialId": identity.credential_id,
        "email": identity.email,
        "fromCache": who.resolution == Resolution::FromCache,
        "requestId": identity.request_id,
        "authSource": identity.auth_source,
        "actorId": identity.actor_id,
        "actorType": identity.actor_type,
        "assertion": assertion,
    });
    if let Some(key) = identity.api_key_id {
        body["apiKeyId"] = json!(key);
    }
    let mut response = Json(body).into_response();
    insert(
        &mut response,
        identity_headers(&identity, Some(assertion), who.resolution),
    );
    response
}

fn insert(response: &mut Response, headers: impl IntoIterator<Item = (identity_contract::IdentityHeader, String)>) {
    for (header, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(header.name()), value);
        }
    }
}
