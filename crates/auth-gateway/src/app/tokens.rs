//! Token pairs: an access token (RFC 9068) and the refresh token that belongs to it. Both are rebuilt from the session's
//! state to the byte, so that an identical retry gets an identical answer and nothing has to be kept.

use std::sync::Arc;
use std::time::Duration;

use event_store::Timestamp;

use super::journal::Journal;
use super::key_ring::KeyRing;
use super::{App, Refusal};
use crate::config::settings::Settings;
use crate::crypto::claims::AccessClaims;
use crate::crypto::jwt;
use crate::crypto::refresh_token::{RefreshKey, RefreshToken};
use crate::crypto::secret_text::SecretText;
use crate::domain::ids::TokenId;
use crate::domain::session::{Session, TokenIssue};
use crate::domain::user::User;

/// The client of sessions that no OAuth client asked for.
pub(crate) const FIRST_PARTY: &str = "lanonasis";

/// Who asked for the session, as tokens and introspection say it.
pub(super) fn client_of(session: &Session) -> &str {
    session.client_id.as_ref().map_or(FIRST_PARTY, |client| client.as_str())
}

pub(crate) struct Tokens {
    settings: Arc<Settings>,
    keys: Arc<KeyRing>,
    refresh: RefreshKey,
}

/// What a client gets at login and at each refresh.
#[derive(Clone, Debug)]
pub(crate) struct TokenPair {
    pub(crate) access_token: SecretText,
    pub(crate) refresh_token: SecretText,
    /// Of the access token, from its issue on.
    pub(crate) expires_in: Duration,
    /// Scopes separated by blanks.
    pub(crate) scope: String,
}

impl App {
    /// The pair of a session that is in the log already: so its key is none that was withdrawn before that.
    pub(super) async fn token_pair(&self, session: &Session, user: &User) -> Result<TokenPair, Refusal> {
        self.keys_are_current().await?;
        self.tokens.pair(session, user)
    }
}

impl Tokens {
    pub(crate) fn new(settings: Arc<Settings>, keys: Arc<KeyRing>, refresh: RefreshKey) -> Self {
        Self {
            settings,
            keys,
            refresh,
        }
    }

    /// What the next access token is made of.
    pub(crate) fn issue(&self, journal: &Journal, now: Timestamp) -> Result<TokenIssue, Refusal> {
        let kid = self.keys.current()?.kid().to_owned();
        Ok(TokenIssue {
            jti: TokenId(journal.new_id(now)),
            iat: now.seconds(),
            kid,
        })
    }

    /// The pair that the session's state describes.
    pub(crate) fn pair(&self, session: &Session, user: &User) -> Result<TokenPair, Refusal> {
        let issue = session
            .issue
            .as_ref()
            .ok_or_else(|| Refusal::inconsistent(format!("session {} has no tokens", session.id)))?;
        let lifetime = self.access_lifetime(session, issue);
        // A retry after its key was withdrawn gets the same token from the key that signs now: the session is as good as before.
        let key = match self.keys.signer(&issue.kid) {
            Some(key) => key,
            None => self.keys.current()?,
        };
        let access_token = jwt::sign(&key, &self.claims(session, user, issue, lifetime));
        let refresh = RefreshToken {
            session: session.id.0,
            generation: session.generation,
        };
        let scope = self.scope(session, user);
        Ok(TokenPair {
            access_token,
            refresh_token: self.refresh.write(refresh),
            expires_in: lifetime,
            scope,
        })
    }

    /// Reads a refresh token; whether it counts is for its session to say.
    pub(crate) fn read_refresh(&self, text: &str) -> Result<RefreshToken, Refusal> {
        self.refresh.read(text).map_err(|_| {
            if text.split('.').count() == 3 {
                Refusal::NotARefreshToken
            } else {
                Refusal::InvalidRefreshToken
            }
        })
    }

    /// What the session was given, as far as the role allows that the user has now: who was an administrator is none in the
    /// tokens to come either.
    fn scope(&self, session: &Session, user: &User) -> String {
        let allowed = self.settings.scopes.of(&user.role);
        session.scopes.granted_within(allowed).to_string()
    }

    /// Never beyond the session's own end.
    fn access_lifetime(&self, session: &Session, issue: &TokenIssue) -> Duration {
        let left = session.expires_at.since(Timestamp::from_seconds(issue.iat));
        Duration::from_secs(self.settings.tokens.access_ttl.min(left).as_secs())
    }

    fn claims(&self, session: &Session, user: &User, issue: &TokenIssue, lifetime: Duration) -> AccessClaims {
        let iat = u64::try_from(issue.iat).unwrap_or(0);
        AccessClaims {
            iss: self.settings.issuer.as_str().to_owned(),
            sub: user.id.to_string(),
            aud: self.settings.tokens.audience.clone(),
            client_id: client_of(session).to_owned(),
            scope: self.scope(session, user),
            sid: session.id.to_string(),
            jti: issue.jti.to_string(),
            iat,
            nbf: iat,
            exp: iat + lifetime.as_secs(),
            role: user.role.to_string(),
            project_scope: session.project_scope.clone(),
            organization_id: user.organization_id.to_string(),
        }
    }
}
