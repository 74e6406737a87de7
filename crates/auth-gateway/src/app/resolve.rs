//! Who a credential stands for. Answers come from memory when nothing newer is in the log; nothing here ever writes, and
//! without the database nobody is anybody.

use std::sync::Arc;

use event_store::Timestamp;
use identity_contract::{ActorType, AuthMethod, AuthSource, Identity, Instant, Resolution};

use super::accounts::Account;
use super::freshness::AsOf;
use super::journal::Loaded;
use super::known::Known;
use super::{App, Refusal, tokens};
use crate::clock::instant;
use crate::crypto::api_key_text::ApiKeyText;
use crate::crypto::claims::AccessClaims;
use crate::crypto::digest::sha256;
use crate::crypto::jwt::TokenRefused;
use crate::crypto::secret_text::SecretText;
use crate::crypto::session_handle::SessionHandle;
use crate::domain::api_key::{self, ApiKey, Dead};
use crate::domain::ids::SessionId;
use crate::domain::key_hash::KeyHash;
use crate::domain::platform::Platform;
use crate::domain::session::{self, Session};
use crate::domain::signing_key;

/// A credential as it was shown, not looked at yet.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// A bearer token that is no API key.
    Token(SecretText),
    ApiKey(SecretText),
    /// The handle in the session cookie.
    Handle(SecretText),
}

/// Evidence of who asks. Only resolving a credential makes one.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    known: Arc<Known>,
    pub(crate) resolution: Resolution,
}

impl std::ops::Deref for Resolved {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.known
    }
}

impl Resolved {
    /// Where the credential is used: a session says so, and an API key is for programs.
    pub(crate) fn platform(&self) -> Platform {
        self.session.as_ref().map_or(Platform::Api, |session| session.platform)
    }
}

impl App {
    /// # Errors
    /// `InvalidCredential`, `ExpiredCredential`, `SessionEnded`; `Unavailable` when the database does not say that nothing
    /// has changed.
    pub(crate) async fn resolve(&self, shown: &Shown) -> Result<Resolved, Refusal> {
        let now = self.clock.now();
        let as_of = self.freshness.current().await?;
        let digest = shown.digest();
        if let Some(known) = self.known.get(&digest)
            && self.freshness.still_holds(known.as_of, &known.streams)
            && known.is_in_time(now)
        {
            self.usage.note(known.used, known.end_of_use(), now);
            return Ok(Resolved {
                known,
                resolution: Resolution::FromCache,
            });
        }
        self.keys.follow(&self.freshness, as_of, now).await?;
        let known = Arc::new(self.read(shown, as_of, now).await?);
        self.known.insert(digest, Arc::clone(&known));
        self.usage.note(known.used, known.end_of_use(), now);
        Ok(Resolved {
            known,
            resolution: Resolution::Fresh,
        })
    }

    async fn read(&self, shown: &Shown, as_of: AsOf, now: Timestamp) -> Result<Known, Refusal> {
        match shown {
            Shown::Token(text) => self.read_token(text, as_of, now).await,
            Shown::ApiKey(text) => self.read_api_key(text, as_of, now).await,
            Shown::Handle(text) => self.read_handle(text, as_of, now).await,
        }
    }

    async fn read_token(&self, text: &SecretText, as_of: AsOf, now: Timestamp) -> Result<Known, Refusal> {
        let verified = self
            .expectations
            .verify::<AccessClaims>(&self.keys.valid(now)?, text.expose(), now);
        let claims = verified.map_err(|refused| match refused {
            TokenRefused::Expired => Refusal::ExpiredCredential,
            _ => Refusal::InvalidCredential,
        })?;
        let claims = claims.into_claims();
        let id: SessionId = claims.sid.parse().map_err(|_| Refusal::InvalidCredential)?;
        let session = self
            .journal
            .load::<Session>(id.stream())
            .await?
            .ok_or(Refusal::InvalidCredential)?;
        let ends_at = i64::try_from(claims.exp)
            .map(Timestamp::from_seconds)
            .map_err(|_| Refusal::InvalidCredential)?;
        let shape = Shape {
            source: AuthSource::Jwt,
            audience: claims.aud,
            ends_at,
        };
        self.known_session(session, shape, as_of, now).await
    }

    async fn read_handle(&self, text: &SecretText, as_of: AsOf, now: Timestamp) -> Result<Known, Refusal> {
        let handle = SessionHandle::parse(text.expose()).map_err(|_| Refusal::InvalidCredential)?;
        let found = self
            .journal
            .find::<Session>(session::HANDLE_LOOKUP, &handle.hash())
            .await?;
        let session = found.into_iter().next().ok_or(Refusal::InvalidCredential)?;
        let ends_at = session.state.expires_at;
        self.known_session(
            session,
            Shape {
                source: AuthSource::Session,
                audience: Vec::new(),
                ends_at,
            },
            as_of,
            now,
        )
        .await
    }

    async fn known_session(
        &self,
        session: Loaded<Session>,
        shape: Shape,
        as_of: AsOf,
        now: Timestamp,
    ) -> Result<Known, Refusal> {
        let Loaded {
            state: session, stream, ..
        } = session;
        let user = self.user(session.user_id).await?;
        let last_seen = self.usage.last_used(session.id.0, now).await?;
        if !session.is_live(now, last_seen, &user.state) {
            return Err(Refusal::SessionEnded);
        }
        let streams = vec![stream, user.stream.clone(), signing_key::stream()];
        let account = self.account(user, now).await?;
        let scopes = session
            .scopes
            .granted_within(self.settings.scopes.of(&account.user.role));
        let identity = Identity {
            credential_id: session.id.to_string(),
            session_id: Some(session.id.0),
            client_id: Some(tokens::client_of(&session).to_owned()),
            project_scope: session.project_scope.clone(),
            auth_method: session.method,
            scopes,
            audience: shape.audience,
            issued_at: instant(session.refreshed_at),
            expires_at: Some(instant(shape.ends_at)),
            ..identity_of(&account, shape.source)
        };
        let used_at = last_seen.map_or(session.refreshed_at, |seen| seen.max(session.refreshed_at));
        let idle_end = session
            .idle_ms
            .map(|idle| used_at.plus(std::time::Duration::from_millis(idle)));
        let (used, ends_at) = (session.id.0, Some(shape.ends_at));
        Ok(Known {
            identity,
            account,
            session: Some(session),
            api_key: None,
            streams,
            as_of,
            ends_at,
            idle_end,
            used,
            assertions: Default::default(),
        })
    }

    async fn read_api_key(&self, text: &SecretText, as_of: AsOf, now: Timestamp) -> Result<Known, Refusal> {
        let hash = ApiKeyText::parse(text.expose())
            .map_err(|_| Refusal::InvalidCredential)?
            .hash();
        let found = self.journal.find::<ApiKey>(api_key::HASH_LOOKUP, &hash).await?;
        let Loaded { state: key, stream, .. } = found.into_iter().next().ok_or(Refusal::InvalidCredential)?;
        let accepted = key.accepts(&KeyHash(hash), now).map_err(|dead| match dead {
            Dead::Expired => Refusal::ExpiredCredential,
            Dead::OtherKey | Dead::Revoked | Dead::Deleted | Dead::Rotated => Refusal::InvalidCredential,
        })?;
        let binding = key.settings.binding.clone().unwrap_or_default();
        // An imported key may ask for what can't be checked yet: then it opens nothing.
        if binding.require_request_signature {
            return Err(Refusal::InvalidCredential);
        }
        let user = self.user(key.user_id).await?;
        if !user.state.may_act() {
            return Err(Refusal::InvalidCredential);
        }
        // The signing keys too: assertions are kept with what is known of the key.
        let streams = vec![stream, user.stream.clone(), signing_key::stream()];
        let account = self.account(user, now).await?;
        let identity = Identity {
            api_key_id: Some(key.id.0),
            credential_id: key.id.to_string(),
            organization_id: Some(key.organization_id.0),
            project_scope: key.settings.project_scope.clone(),
            auth_method: AuthMethod::ApiKey,
            scopes: key
                .settings
                .permissions
                .granted_within(self.settings.scopes.of(&account.user.role)),
            audience: binding.audiences,
            issued_at: instant(key.created_at),
            expires_at: accepted.until.map(instant),
            ..identity_of(&account, AuthSource::ApiKey)
        };
        let used = key.id.0;
        Ok(Known {
            identity,
            account,
            session: None,
            api_key: Some(key),
            streams,
            as_of,
            ends_at: accepted.until,
            idle_end: None,
            used,
            assertions: Default::default(),
        })
    }
}

/// How a session was shown, and until when that counts.
struct Shape {
    source: AuthSource,
    audience: Vec<String>,
    ends_at: Timestamp,
}

impl Shown {
    /// The key of what is remembered: the kind and the whole text.
    fn digest(&self) -> [u8; 32] {
        let (kind, text) = match self {
            Self::Token(text) => ("token ", text),
            Self::ApiKey(text) => ("key ", text),
            Self::Handle(text) => ("handle ", text),
        };
        sha256([kind, text.expose()].concat().as_bytes())
    }
}

fn identity_of(account: &Account, source: AuthSource) -> Identity {
    Identity {
        actor_id: account.user.id.to_string(),
        actor_type: ActorType::User,
        user_id: Some(account.user.id.0),
        organization_id: Some(account.user.organization_id.0),
        project_scope: account.user.project_scope.clone(),
        api_key_id: None,
        auth_source: source,
        auth_method: AuthMethod::Password,
        request_id: String::new(),
        credential_id: String::new(),
        email: account.email.as_ref().map(|email| email.as_str().to_owned()),
        scopes: identity_contract::ScopeSet::default(),
        role: Some(account.user.role.to_string()),
        session_id: None,
        client_id: None,
        audience: Vec::new(),
        issued_at: Instant::from_unix_millis(0),
        expires_at: None,
    }
}
