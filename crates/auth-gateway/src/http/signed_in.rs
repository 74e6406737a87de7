//! A request whose credential stands for a user.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use super::credential::{Credential, Presented};
use super::error::Refusal;
use super::gateway::Gateway;
use crate::app::caller::{Actor, Caller};
use crate::app::resolve::{Resolved, Shown};
use crate::app::{App, Refusal as Fact};
use crate::crypto::secret_text::SecretText;
use crate::domain::ids::SessionId;
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
        let who = resolved(&app, &presented).await?.ok_or(Refusal::TokenMissing)?;
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

/// Whom the request's credential stands for, if it has one. A page sends its token and the browser adds the cookie: where
/// both are of one session they are one credential, and the token counts.
///
/// # Errors
/// [`Refusal::ConflictingCredentials`]: which of two would count is not for this program to guess.
pub(crate) async fn resolved(app: &App, presented: &Presented) -> Result<Option<Resolved>, Refusal> {
    let conflict = match presented.single() {
        Ok(None) => return Ok(None),
        Ok(Some(credential)) => return Ok(Some(app.resolve(&shown(credential)).await?)),
        Err(conflict) => conflict,
    };
    let mut all = presented.each().map(|(_, credential)| shown(credential));
    let Some(first) = all.next() else { return Ok(None) };
    // By itself: whoever shows an expired token besides a cookie is to refresh it.
    let who = app.resolve(&first).await?;
    for other in all {
        let is_same = match app.resolve(&other).await {
            Ok(other) => session_of(&who).is_some() && session_of(&who) == session_of(&other),
            Err(Fact::InvalidCredential | Fact::ExpiredCredential | Fact::SessionEnded) => false,
            Err(refusal) => return Err(refusal.into()),
        };
        if !is_same {
            return Err(conflict);
        }
    }
    Ok(Some(who))
}

fn session_of(who: &Resolved) -> Option<SessionId> {
    who.session.as_ref().map(|session| session.id)
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
