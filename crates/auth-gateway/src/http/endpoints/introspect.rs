//! `POST /v1/auth/introspect`: who a credential stands for, told to services that may ask, and to holders about their own.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use identity_contract::{CredentialType, IntrospectionAnswer, IntrospectionRequest, ValidIdentity};

use crate::app::App;
use crate::app::resolve::{Resolved, Shown};
use crate::app::services::Service;
use crate::clock::instant;
use crate::crypto::api_key_text::ApiKeyText;
use crate::crypto::secret_text::SecretText;
use crate::domain::client::Capability;
use crate::http::body::OptionalFields;
use crate::http::credential::Presented;
use crate::http::error::Refusal;
use crate::http::request_id::RequestId;
use crate::http::service::service;
use crate::http::signed_in::{decisive, shown};

/// So long a reader may rely on an answer without asking again.
const CACHE_FOR: Duration = Duration::from_secs(30);

pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    request_id: RequestId,
    headers: HeaderMap,
    OptionalFields(body): OptionalFields<IntrospectionRequest>,
) -> Result<Response, Refusal> {
    let (shown, service) = question(&app, &headers, &body).await?;
    let who = app.resolve(&shown).await.map_err(Refusal::of_introspection)?;
    if let (Some(wanted), Some(bound)) = (&body.project_scope, &who.identity.project_scope)
        && wanted != bound
    {
        return Err(Refusal::OtherProject);
    }
    if let Some(audience) = &body.audience
        && !is_meant_for(&who, audience)
    {
        return Err(Refusal::CredentialInvalid);
    }
    if let Some(service) = &service
        && !service.may_learn_about(audiences(&app, &who), body.audience.as_deref())
    {
        return Err(Refusal::CredentialInvalid);
    }
    if !is_bound_to(&who, &body) {
        return Err(Refusal::CredentialInvalid);
    }
    Ok(Json(valid(&app, &who, service.as_ref(), &body, request_id.as_str())?).into_response())
}

/// What is asked about. A credential in the body takes a service that may ask; one's own stands in the headers.
async fn question(
    app: &App,
    headers: &HeaderMap,
    body: &IntrospectionRequest,
) -> Result<(Shown, Option<Service>), Refusal> {
    let service = service(app, headers, Capability::Introspect).await?;
    match (service, body.credential()) {
        (Some(service), Ok(text)) => Ok((of_kind(body.credential_type, text.expose())?, Some(service))),
        (Some(_), Err(problem)) => Err(Refusal::InvalidRequest(problem.to_string())),
        (None, Ok(_)) => Err(Refusal::ClientInvalid),
        (None, Err(_)) => {
            let presented = Presented::read(headers)?;
            let own = decisive(app, &presented).await?.ok_or(Refusal::ClientInvalid)?;
            Ok((shown(own), None))
        }
    }
}

fn of_kind(kind: CredentialType, text: &str) -> Result<Shown, Refusal> {
    let secret = || SecretText::new(text.to_owned());
    let is_key = ApiKeyText::looks_like_one(text);
    match kind {
        CredentialType::ApiKey => Ok(Shown::ApiKey(secret())),
        CredentialType::Session => Ok(Shown::Handle(secret())),
        CredentialType::Auto | CredentialType::Bearer if is_key => Ok(Shown::ApiKey(secret())),
        CredentialType::Jwt | CredentialType::Bearer => Ok(Shown::Token(secret())),
        CredentialType::Auto if text.contains('.') => Ok(Shown::Token(secret())),
        CredentialType::Auto => Ok(Shown::Handle(secret())),
    }
}

/// A credential for certain resources is none elsewhere (RFC 9068 section 4). API keys are bound one by one; a session's token
/// is for the platform as a whole, of which verifying it has made sure.
fn is_meant_for(who: &Resolved, audience: &str) -> bool {
    let meant = &who.identity.audience;
    meant.is_empty() || meant.iter().any(|one| one == audience) || who.session.is_some()
}

/// Whom a credential is meant for; one that names nobody, for the platform.
fn audiences<'a>(app: &'a App, who: &'a Resolved) -> &'a [String] {
    match who.identity.audience.as_slice() {
        [] => &app.settings.tokens.audience,
        named => named,
    }
}

/// Whether an API key may be shown by this client and installation, as far as the service says which they are.
fn is_bound_to(who: &Resolved, body: &IntrospectionRequest) -> bool {
    let binding = who.api_key.as_ref().and_then(|key| key.settings.binding.as_ref());
    let agrees = |bound: &Option<String>, stated: &Option<String>| match (bound, stated) {
        (Some(bound), Some(stated)) => bound == stated,
        _ => true,
    };
    binding.is_none_or(|binding| {
        agrees(&binding.client_id, &body.client_id) && agrees(&binding.installation_id, &body.installation_id)
    })
}

fn valid(
    app: &App,
    who: &Resolved,
    service: Option<&Service>,
    body: &IntrospectionRequest,
    request_id: &str,
) -> Result<IntrospectionAnswer, Refusal> {
    let now = app.clock.now();
    // Only services pass assertions on, and only to an audience that they name.
    let assertion = match (service, &body.audience) {
        (Some(_), audience) => {
            Some(app.assertion(who, audience.as_deref().unwrap_or_else(|| app.settings.issuer.as_str()))?)
        }
        (None, _) => None,
    };
    let identity = who.identity_for(request_id);
    let until = instant(now.plus(CACHE_FOR));
    let cache_until = identity.expires_at.map_or(until, |end| end.min(until));
    Ok(IntrospectionAnswer::Valid(Box::new(ValidIdentity {
        identity,
        assertion,
        cache_until,
    })))
}
