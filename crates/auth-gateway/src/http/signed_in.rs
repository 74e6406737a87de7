//! A request whose credential stands for a user.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use super::credential::{Credential, Presented};
use super::error::Refusal;
use super::gateway::Gateway;
use crate::app::caller::{Actor, Caller};
use crate::app::resolve::{Resolved, Shown};
use crate::crypto::secret_text::SecretText;
use crate::domain::session::Session;

/// Evidence, and the caller it makes.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) who: Resolved,
    pub(crate) caller: Caller,
}

/// Somebody who may manage keys and sessions: a user in a session, as no API key can be.
#[derive(Debug)]
pub(crate) struct InSession(pub(crate) SignedIn);

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Gateway { app, .. } = Gateway::from_ref(state);
        let presented = Presented::from_request_parts(parts, state).await?;
        let credential = presented.single()?.ok_or(Refusal::TokenMissing)?;
        let who = app.resolve(&shown(credential)).await?;
        let Ok(caller) = Caller::from_request_parts(parts, state).await;
        let caller = caller.acting_as(Actor::User(who.account.user.id.to_string()));
        Ok(Self { who, caller })
    }
}

impl<S> FromRequestParts<S> for InSession
where
    S: Send + Sync,
    Gateway: FromRef<S>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        if signed_in.who.session.is_none() {
            return Err(Refusal::Forbidden);
        }
        Ok(Self(signed_in))
    }
}

impl SignedIn {
    pub(crate) fn session(&self) -> Option<&Session> {
        self.who.session.as_ref()
    }
}

/// A credential as the use cases take it.
pub(crate) fn shown(credential: &Credential) -> Shown {
    let text = || SecretText::new(credential.text().expose().to_owned());
    match credential {
        Credential::Token(_) => Shown::Token(text()),
        Credential::ApiKey(_) => Shown::ApiKey(text()),
        Credential::Session(_) => Shown::Handle(text()),
    }
}
