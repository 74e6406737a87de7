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
use crate::http::credential::{Carrier, Presented};
use crate::http::error::Refusal;
use crate::http::request_id::RequestId;
use crate::http::signed_in::shown;

/// Which counts when there are several: the cookie first, as nginx's callers expect.
const ORDER: [Carrier; 4] = [Carrier::Cookie, Carrier::Bearer, Carrier::ApiKeyHeader, Carrier::Mcp];

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
    let credential = ORDER
        .iter()
        .find_map(|carrier| presented.at(*carrier))
        .ok_or(Refusal::AuthRequired)?;
    let who = app.resolve(&shown(credential)).await.map_err(|refusal| match refusal {
        Fact::InvalidCredential | Fact::ExpiredCredential | Fact::SessionEnded => Refusal::AuthRequired,
        other => other.into(),
    })?;
    let assertion = app.assertion(&who, app.settings.issuer.as_str())?;
    Ok((who, assertion))
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
