//! A request whose credential stands for a user.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use super::credential::{Carrier, Credential, Presented};
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

/// Whom the request's credential stands for, if it has one.
///
/// # Errors
/// As [`decisive`], and if it stands for nobody.
pub(crate) async fn resolved(app: &App, presented: &Presented) -> Result<Option<Resolved>, Refusal> {
    match decisive(app, presented).await? {
        Some(credential) => Ok(Some(app.resolve(&shown(credential)).await?)),
        None => Ok(None),
    }
}

/// The credential that counts, if the request has one. A page sends its token and the browser adds its cookies: where both
/// are of one session they are one credential, and the token counts. A cookie of a session that is over is none beside
/// others, since the page can neither see nor remove it.
///
/// # Errors
/// [`Refusal::ConflictingCredentials`]: which of two would count is not for this program to guess.
pub(crate) async fn decisive<'p>(app: &App, presented: &'p Presented) -> Result<Option<&'p Credential>, Refusal> {
    let conflict = match presented.single() {
        Ok(credential) => return Ok(credential),
        Err(conflict) => conflict,
    };
    let mut counts: Option<(&Credential, Option<SessionId>)> = None;
    for (carrier, credential) in presented.each() {
        let who = match app.resolve(&shown(credential)).await {
            Ok(who) => who,
            Err(Fact::InvalidCredential | Fact::ExpiredCredential | Fact::SessionEnded) => match counts {
                _ if carrier == Carrier::Cookie => continue,
                // By itself: whoever shows an expired token besides a cookie is to refresh it.
                None => return Ok(Some(credential)),
                Some(_) => return Err(conflict),
            },
            Err(refusal) => return Err(refusal.into()),
        };
        match counts {
            None => counts = Some((credential, session_of(&who))),
            Some((_, session)) if session.is_some() && session == session_of(&who) => {}
            Some(_) => return Err(conflict),
        }
    }
    let first = || presented.each().next().map(|(_, credential)| credential);
    Ok(counts.map(|(credential, _)| credential).or_else(first))
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
