//! Programs of the platform that ask in their own name: the edge above all. A client and its secret, or no answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use event_store::{StreamId, Timestamp};
use moka::sync::Cache;

use super::caller::Caller;
use super::freshness::{AsOf, Freshness};
use super::journal::{Journal, Loaded};
use super::{App, Refusal};
use crate::crypto::digest::sha256;
use crate::crypto::random::{self, Random};
use crate::crypto::secret_text::SecretText;
use crate::domain::client::{self, Capability, Client, ClientKind, ClientSettings, Registration};
use crate::domain::ids::ClientId;
use crate::domain::key_hash::KeyHash;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

const REMEMBERED: u64 = 1_000;

/// Evidence that a service asks, and may.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// What its registration was when it was asked for its secret.
    pub(crate) as_of: AsOf,
    /// Empty: of the whole platform.
    audiences: BTreeSet<String>,
}

impl Service {
    /// Whether it may learn about a credential that is meant for `meant`, in the name of the audience `stated`
    /// (RFC 7662 section 4; RFC 9068 section 4).
    pub(crate) fn may_learn_about(&self, meant: &[String], stated: Option<&str>) -> bool {
        self.audiences.is_empty()
            || (meant.iter().any(|one| self.audiences.contains(one))
                && stated.is_none_or(|stated| self.audiences.contains(stated)))
    }
}

pub(crate) struct Services {
    journal: Arc<Journal>,
    known: Cache<StreamId, Arc<(Client, AsOf)>>,
}

impl Services {
    pub(crate) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            known: Cache::new(REMEMBERED),
        }
    }

    /// # Errors
    /// `InvalidCredential` for an unknown client and a wrong secret alike; `NotAllowed` when it may do other things only.
    pub(crate) async fn authenticate(
        &self,
        id: &str,
        secret: &SecretText,
        capability: Capability,
        freshness: &Freshness,
        now: Timestamp,
    ) -> Result<Service, Refusal> {
        let name = id.to_owned();
        let id: ClientId = id.parse().map_err(|_| Refusal::InvalidCredential)?;
        let as_of = freshness.current().await?;
        let client = self.client(&id, freshness, as_of).await?;
        let client = client.ok_or(Refusal::InvalidCredential)?;
        if !client
            .0
            .accepts_secret(&KeyHash(sha256(secret.expose().as_bytes())), now)
        {
            return Err(Refusal::InvalidCredential);
        }
        if client.0.may(capability) {
            let audiences = client.0.settings.audiences.clone();
            Ok(Service { name, as_of, audiences })
        } else {
            Err(Refusal::NotAllowed)
        }
    }

    async fn client(
        &self,
        id: &ClientId,
        freshness: &Freshness,
        as_of: AsOf,
    ) -> Result<Option<Arc<(Client, AsOf)>>, Refusal> {
        let stream = id.stream();
        if let Some(known) = self.known.get(&stream)
            && freshness.still_holds(known.1, [&stream])
        {
            return Ok(Some(known));
        }
        let Some(loaded) = self.journal.load::<Client>(stream.clone()).await? else {
            return Ok(None);
        };
        let known = Arc::new((loaded.state, as_of));
        self.known.insert(stream, Arc::clone(&known));
        Ok(Some(known))
    }
}

impl App {
    /// Makes a confidential client and its secret, which is shown this once.
    pub(crate) async fn create_client(
        &self,
        id: &str,
        settings: ClientSettings,
        caller: &Caller,
    ) -> Result<(Client, SecretText), Refusal> {
        let id: ClientId = id
            .parse()
            .map_err(|error: crate::domain::ids::InvalidClientId| Refusal::Rule(error.to_string()))?;
        let secret = new_secret(&*self.random);
        let hash = Some(KeyHash(sha256(secret.expose().as_bytes())));
        let command = client::Command::Register(Registration {
            kind: ClientKind::Confidential,
            settings,
            hash,
        });
        Ok((self.change_client(&id, command, caller).await?, secret))
    }

    /// Makes a new secret; those before work for the overlap.
    pub(crate) async fn rotate_client(
        &self,
        id: &ClientId,
        overlap: Duration,
        caller: &Caller,
    ) -> Result<(Client, SecretText), Refusal> {
        let secret = new_secret(&*self.random);
        let command = client::Command::RotateSecret {
            hash: KeyHash(sha256(secret.expose().as_bytes())),
            overlap,
        };
        Ok((self.change_client(id, command, caller).await?, secret))
    }

    pub(crate) async fn change_client(
        &self,
        id: &ClientId,
        command: client::Command,
        caller: &Caller,
    ) -> Result<Client, Refusal> {
        let now = self.clock.now();
        let decided = |state: Option<&Client>| Ok(client::decide(state, command.clone(), now)?);
        Ok(self
            .journal
            .change::<Client>(&id.stream(), caller, now, decided, |change| change)
            .await?
            .state)
    }

    /// All clients, by id.
    pub(crate) async fn clients(&self) -> Result<Vec<Client>, Refusal> {
        let rows = self.store.states("client", None, 1_000).await?;
        rows.into_iter().map(|row| Ok(Loaded::of(row)?.state)).collect()
    }
}

fn new_secret(random: &dyn Random) -> SecretText {
    SecretText::new(format!("lcs_{}", URL_SAFE_NO_PAD.encode(random::bytes::<32>(random))))
}
