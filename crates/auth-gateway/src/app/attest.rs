//! Identity assertions: short-lived JWTs for upstreams, signed here and passed on by the edge.

use event_store::Timestamp;
use identity_contract::{Assertion, SecretText};

use super::known::Known;
use super::{App, Refusal};
use crate::clock::instant;
use crate::crypto::claims::AssertionClaims;
use crate::crypto::jwt;

impl App {
    /// An assertion about the credential's holder for `audience`, good for at least half its lifetime or until the credential
    /// ends.
    pub(crate) fn assertion(&self, known: &Known, audience: &str) -> Result<Assertion, Refusal> {
        let now = self.clock.now();
        if let Some(made) = known.assertions.fresh(audience, now) {
            return Ok(made);
        }
        let lifetime = self.settings.tokens.assertion_ttl;
        let claims = self.assertion_claims(known, audience, now)?;
        let token = jwt::sign(&*self.keys.current()?, &claims);
        let made = Assertion {
            token: SecretText::new(token.expose()),
            audience: audience.to_owned(),
            expires_at: instant(Timestamp::from_seconds(i64::try_from(claims.exp).unwrap_or(i64::MAX))),
        };
        known.assertions.keep(made.clone(), now.plus(lifetime / 2), now);
        Ok(made)
    }

    fn assertion_claims(&self, known: &Known, audience: &str, now: Timestamp) -> Result<AssertionClaims, Refusal> {
        let identity = &known.identity;
        let iat = u64::try_from(now.seconds()).unwrap_or(0);
        let end = known.end(now).and_then(|end| u64::try_from(end.seconds()).ok());
        let full = iat + self.settings.tokens.assertion_ttl.as_secs();
        Ok(AssertionClaims {
            iss: self.settings.issuer.as_str().to_owned(),
            sub: identity.actor_id.clone(),
            aud: vec![audience.to_owned()],
            jti: self.journal.new_id(now).to_string(),
            iat,
            nbf: iat,
            exp: end.map_or(full, |end| end.min(full)),
            scope: identity.scopes.to_string(),
            actor_type: identity.actor_type.as_str().to_owned(),
            role: identity.role.clone(),
            organization_id: identity.organization_id.map(|id| id.to_string()),
            project_scope: identity.project_scope.clone(),
            auth_method: identity.auth_method.as_str().to_owned(),
            sid: identity.session_id.map(|id| id.to_string()),
            client_id: identity.client_id.clone(),
            api_key_id: identity.api_key_id.map(|id| id.to_string()),
        })
    }
}
