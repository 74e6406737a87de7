//! API keys of a user: made, shown once, listed, changed, rotated with an overlap, revoked, deleted, imported.

mod import;
pub(super) mod key_set;
mod rotation;
mod wish;

pub(crate) use wish::{Expiry, KeyChange, NewKey};

use key_set::KeySet;
use wish::checkable;

use event_store::{Command as Change, Expected, Outcome, Timestamp};
use identity_contract::ScopeSet;
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::idempotent::Once;
use super::journal::Loaded;
use super::{App, Refusal};
use crate::crypto::api_key_text::ApiKeyText;
use crate::domain::api_key::{self, ApiKey, Creation, KeyOrigin, RevokeReason, Settings};
use crate::domain::fact::Fact;
use crate::domain::ids::{ApiKeyId, UserId};
use crate::domain::key_hash::KeyHash;
use crate::domain::user::User;

/// A key as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SeenKey {
    pub(crate) key: ApiKey,
    pub(crate) last_used_at: Option<Timestamp>,
    pub(crate) is_active: bool,
}

impl App {
    /// The key, and its text, which nobody can tell again.
    pub(crate) async fn create_key(
        &self,
        owner: &User,
        wish: NewKey,
        caller: &Caller,
    ) -> Result<(SeenKey, ApiKeyText), Refusal> {
        self.create_key_once(owner, wish, None, caller).await
    }

    /// The same; with `once`, however often it is sent.
    pub(crate) async fn create_key_once(
        &self,
        owner: &User,
        wish: NewKey,
        once: Option<&Once>,
        caller: &Caller,
    ) -> Result<(SeenKey, ApiKeyText), Refusal> {
        let text = ApiKeyText::generate(&*self.random);
        let Some(once) = once else {
            let key = self
                .add_key(owner, wish, KeyHash(text.hash()), KeyOrigin::Created, caller)
                .await?;
            return Ok((key, text));
        };
        let made = self.make_key_once(owner, wish, once, text, caller).await;
        let shown = match made {
            Ok(shown) => shown,
            // The request before this one may have taken the name, or the last place.
            Err(refusal) => self.answered::<Shown>(once, caller).await?.ok_or(refusal)?,
        };
        let text = ApiKeyText::parse(&shown.text).map_err(|_| Refusal::inconsistent("a kept key is none"))?;
        Ok((shown.key, text))
    }

    async fn make_key_once(
        &self,
        owner: &User,
        wish: NewKey,
        once: &Once,
        text: ApiKeyText,
        caller: &Caller,
    ) -> Result<Shown, Refusal> {
        let now = self.clock.now();
        let mut turn = self.key_turns.wait(owner.id).await;
        loop {
            let keys = self.key_set(&turn, now).await?;
            let facts = self.decide_key(
                &keys,
                owner,
                wish.clone(),
                KeyHash(text.hash()),
                KeyOrigin::Created,
                now,
            )?;
            let id = ApiKeyId(self.journal.new_id(now));
            let shown = Shown {
                key: SeenKey {
                    key: ApiKey::made(id, &facts, now).map_err(Refusal::inconsistent)?,
                    last_used_at: None,
                    is_active: true,
                },
                text: text.expose().to_owned(),
            };
            let events = self.journal.seal(facts, now).await?;
            let change = Change::new(caller.context(now))
                .append(id.stream(), Expected::Nothing, events)
                .once(self.once(once, &shown, now));
            let done = self.journal.append(keys.unchanged(change)).await;
            if !turn.again(&done) {
                return match done? {
                    Outcome::Done { .. } => Ok(shown),
                    Outcome::Repeated { response } => self.open_answer(once, &response),
                };
            }
        }
    }

    async fn add_key(
        &self,
        owner: &User,
        wish: NewKey,
        hash: KeyHash,
        origin: KeyOrigin,
        caller: &Caller,
    ) -> Result<SeenKey, Refusal> {
        let now = self.clock.now();
        let id = ApiKeyId(self.journal.new_id(now));
        let mut turn = self.key_turns.wait(owner.id).await;
        loop {
            let keys = self.key_set(&turn, now).await?;
            let facts = self.decide_key(&keys, owner, wish.clone(), hash, origin, now)?;
            let events = self.journal.seal(facts, now).await?;
            let mut change = Change::new(caller.context(now)).append(id.stream(), Expected::Nothing, events);
            if origin == KeyOrigin::Imported {
                change = change.claim(import::once_and_for_all(hash, id));
            }
            let done = self.journal.append(keys.unchanged(change)).await;
            if !turn.again(&done) {
                done?;
                return self.key(id, owner.id).await;
            }
        }
    }

    fn decide_key(
        &self,
        keys: &KeySet,
        owner: &User,
        wish: NewKey,
        hash: KeyHash,
        origin: KeyOrigin,
        now: Timestamp,
    ) -> Result<Vec<Fact>, Refusal> {
        if !owner.may_act() {
            return Err(Refusal::NotAllowed);
        }
        if keys.len() >= self.settings.api_keys.per_user {
            return Err(Refusal::TooManyKeys(self.settings.api_keys.per_user));
        }
        if origin == KeyOrigin::Created && keys.has_name(&wish.name) {
            return Err(Refusal::Exists("API key"));
        }
        let requested = api_key::requested_permissions(wish.scopes, wish.key_context)?;
        let permissions = self.within(owner, wish.ceiling.as_ref(), &requested)?;
        let settings = Settings {
            name: wish.name.trim().to_owned(),
            description: wish.description,
            access_level: wish.access_level,
            key_context: wish.key_context.unwrap_or_default(),
            permissions,
            project_scope: wish.project_scope.or_else(|| owner.project_scope.clone()),
            binding: checkable(wish.binding)?,
            expires_at: wish.expires_in.map(|lifetime| now.plus(lifetime)),
        };
        let creation = Creation {
            origin,
            user_id: owner.id,
            organization_id: owner.organization_id,
            hash,
            settings,
            service: wish.service,
            service_scopes: wish.service_scopes,
        };
        Ok(api_key::decide(
            None,
            api_key::Command::Create(Box::new(creation)),
            now,
        )?)
    }

    /// The user's keys, newest first.
    pub(crate) async fn keys_of(&self, owner: UserId) -> Result<Vec<SeenKey>, Refusal> {
        let mut seen = Vec::new();
        for Loaded { state, .. } in self
            .journal
            .find_all::<ApiKey>(api_key::USER_LOOKUP, owner.0.as_bytes())
            .await?
        {
            seen.push(self.seen_key(state).await?);
        }
        Ok(seen)
    }

    /// One key, of this user only.
    pub(crate) async fn key(&self, id: ApiKeyId, owner: UserId) -> Result<SeenKey, Refusal> {
        let loaded = self.journal.load::<ApiKey>(id.stream()).await?;
        match loaded {
            Some(Loaded { state: key, .. })
                if key.user_id == owner && !matches!(key.phase, api_key::Phase::Deleted { .. }) =>
            {
                self.seen_key(key).await
            }
            _ => Err(Refusal::NotFound("API key")),
        }
    }

    /// Whose key it is, for an operator who has its id alone.
    pub(crate) async fn key_owner(&self, id: ApiKeyId) -> Result<UserId, Refusal> {
        let loaded = self.journal.load::<ApiKey>(id.stream()).await?;
        Ok(loaded.ok_or(Refusal::NotFound("API key"))?.state.user_id)
    }

    pub(crate) async fn update_key(
        &self,
        id: ApiKeyId,
        owner: &User,
        change: KeyChange,
        caller: &Caller,
    ) -> Result<SeenKey, Refusal> {
        let now = self.clock.now();
        let mut turn = self.key_turns.wait(owner.id).await;
        loop {
            let keys = self.key_set(&turn, now).await?;
            let current = self.key(id, owner.id).await?.key;
            let settings = self.changed(&current, owner, change.clone(), now)?;
            self.judge_change(&keys, &current, &settings, now)?;
            let command = api_key::Command::Update {
                settings: Box::new(settings),
            };
            let done = self
                .change_key_with(id, owner.id, command, caller, |change| keys.unchanged(change))
                .await;
            if !turn.again(&done) {
                return done;
            }
        }
    }

    fn changed(&self, key: &ApiKey, owner: &User, change: KeyChange, now: Timestamp) -> Result<Settings, Refusal> {
        let current = key.settings.clone();
        let permissions = match change.scopes {
            Some(scopes) => {
                let context = Some(current.key_context).filter(|context| current.has_memories_of(*context));
                let requested = api_key::requested_permissions(Some(scopes), context)?;
                self.within(owner, change.ceiling.as_ref(), &requested)?
            }
            None => current.permissions.clone(),
        };
        Ok(Settings {
            name: change.name.map_or(current.name, |name| name.trim().to_owned()),
            description: change.description.or(current.description),
            access_level: change.access_level.unwrap_or(current.access_level),
            permissions,
            expires_at: match change.expiry {
                Expiry::Stays => current.expires_at,
                Expiry::Never => None,
                Expiry::In(lifetime) => Some(now.plus(lifetime)),
            },
            ..current
        })
    }

    /// A key that has expired and is to live again counts as a new one.
    fn judge_change(&self, keys: &KeySet, key: &ApiKey, settings: &Settings, now: Timestamp) -> Result<(), Refusal> {
        let revives = key.phase == api_key::Phase::Live && !key.is_active(now);
        if revives && keys.len() >= self.settings.api_keys.per_user {
            return Err(Refusal::TooManyKeys(self.settings.api_keys.per_user));
        }
        let is_new_name = settings.name != key.settings.name;
        if (revives || is_new_name) && keys.has_name(&settings.name) {
            return Err(Refusal::Exists("API key"));
        }
        Ok(())
    }

    pub(crate) async fn revoke_key(
        &self,
        id: ApiKeyId,
        owner: UserId,
        reason: RevokeReason,
        caller: &Caller,
    ) -> Result<SeenKey, Refusal> {
        self.change_key(id, owner, api_key::Command::Revoke { reason }, caller)
            .await
    }

    pub(crate) async fn delete_key(&self, id: ApiKeyId, owner: UserId, caller: &Caller) -> Result<(), Refusal> {
        let now = self.clock.now();
        self.key(id, owner).await?;
        let decided = |state: Option<&ApiKey>| Ok(api_key::decide(state, api_key::Command::Delete, now)?);
        self.journal
            .change::<ApiKey>(&id.stream(), caller, now, decided, |change| change)
            .await?;
        Ok(())
    }

    pub(crate) async fn change_key(
        &self,
        id: ApiKeyId,
        owner: UserId,
        command: api_key::Command,
        caller: &Caller,
    ) -> Result<SeenKey, Refusal> {
        self.change_key_with(id, owner, command, caller, |change| change).await
    }

    async fn change_key_with(
        &self,
        id: ApiKeyId,
        owner: UserId,
        command: api_key::Command,
        caller: &Caller,
        dress: impl Fn(Change) -> Change,
    ) -> Result<SeenKey, Refusal> {
        let now = self.clock.now();
        let decided = |state: Option<&ApiKey>| match state {
            Some(key) if key.user_id == owner => Ok(api_key::decide(state, command.clone(), now)?),
            _ => Err(Refusal::NotFound("API key")),
        };
        let changed = self
            .journal
            .change::<ApiKey>(&id.stream(), caller, now, decided, dress)
            .await?;
        self.seen_key(changed.state).await
    }

    /// Never more than the owner's role allows, nor more than the credential that asks.
    fn within(&self, owner: &User, ceiling: Option<&ScopeSet>, wanted: &ScopeSet) -> Result<ScopeSet, Refusal> {
        let mut granted = wanted.granted_within(self.settings.scopes.of(&owner.role));
        if let Some(ceiling) = ceiling {
            granted = granted.granted_within(ceiling);
        }
        if granted.is_empty() {
            Err(Refusal::ScopesBeyondOwner)
        } else {
            Ok(granted)
        }
    }

    async fn seen_key(&self, key: ApiKey) -> Result<SeenKey, Refusal> {
        let now = self.clock.now();
        let last_used_at = self.usage.last_used(key.id.0, now).await?;
        let is_active = key.is_active(now);
        Ok(SeenKey {
            key,
            last_used_at,
            is_active,
        })
    }
}

/// The one answer that has a key's text, as it is kept.
#[derive(Serialize, Deserialize)]
struct Shown {
    key: SeenKey,
    text: String,
}
