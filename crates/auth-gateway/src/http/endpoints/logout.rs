//! `POST /v1/auth/logout`: ends every session that the request shows. It takes a token, also of who has a cookie besides.

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::SET_COOKIE;
use serde_json::json;

use crate::app::Refusal as Fact;
use crate::app::caller::{Actor, Caller};
use crate::app::resolve::Shown;
use crate::domain::session::EndReason;
use crate::http::credential::{Credential, Presented};
use crate::http::error::Refusal;
use crate::http::gateway::Gateway;
use crate::http::signed_in::shown;

pub(crate) async fn answer(
    State(gateway): State<Gateway>,
    caller: Caller,
    presented: Presented,
) -> Result<Response, Refusal> {
    let is_token = |credential: &Credential| matches!(credential, Credential::Token(_));
    if !presented.each().any(|(_, credential)| is_token(credential)) {
        return Err(Refusal::MissingToken);
    }
    let mut revoked = false;
    for (_, credential) in presented.each() {
        let shown = shown(credential);
        match gateway.app.resolve(&shown).await {
            Ok(who) => {
                if let Some(session) = &who.session {
                    let caller = caller.acting_as(Actor::User(who.account.user.id.to_string()));
                    gateway
                        .app
                        .end_session(session.id, None, EndReason::Logout, &caller)
                        .await?;
                    revoked = true;
                }
            }
            Err(Fact::ExpiredCredential) => {
                if let Shown::Token(token) = &shown {
                    revoked |= gateway.app.end_lapsed_session(token, &caller).await?;
                }
            }
            // It is over already, which is what was asked for.
            Err(Fact::InvalidCredential | Fact::SessionEnded) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    let lines = gateway.cookies.clear().map(|value| (SET_COOKIE, value));
    Ok((
        AppendHeaders(lines),
        Json(json!({ "success": true, "revoked": revoked })),
    )
        .into_response())
}
