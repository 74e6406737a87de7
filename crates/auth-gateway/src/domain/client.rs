//! Clients: the programs that talk to the auth gateway, services of the platform and OAuth clients alike.

mod decide;
mod event;

pub(crate) use decide::{Command, Refusal, Registration, decide};
pub(crate) use event::{Capability, ClientEvent, ClientKind, ClientSettings};

use super::aggregate::{Aggregate, OutOfPlace, Told};
use super::ids::ClientId;
use super::key_hash::KeyHash;
use event_store::{Lookup, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) kind: ClientKind,
    pub(crate) settings: ClientSettings,
    /// Newest first; only confidential clients have any.
    pub(crate) secrets: Vec<Secret>,
    pub(crate) registered_at: Timestamp,
    pub(crate) phase: Phase,
}

/// The SHA-256 of a secret which the auth gateway made. At `valid_until` it is dead; without, it lives until it is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) hash: KeyHash,
    pub(crate) valid_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub(crate) enum Phase {
    Enabled,
    Disabled { since: Timestamp },
}

impl Client {
    pub(crate) fn is_enabled(&self) -> bool {
        self.phase == Phase::Enabled
    }

    /// Whether the secret proves the client to be itself. Compares digests of secrets too random to be guessed byte by byte.
    pub(crate) fn accepts_secret(&self, hash: &KeyHash, now: Timestamp) -> bool {
        let is_alive = |secret: &Secret| secret.valid_until.is_none_or(|until| now < until);
        self.is_enabled()
            && self
                .secrets
                .iter()
                .any(|secret| is_alive(secret) && secret.hash == *hash)
    }

    /// Whether the client may; a disabled one may nothing.
    pub(crate) fn may(&self, capability: Capability) -> bool {
        self.is_enabled() && self.settings.capabilities.contains(&capability)
    }

    fn rotate_secret(&mut self, hash: KeyHash, old_valid_until: Timestamp, at: Timestamp) {
        for secret in &mut self.secrets {
            let until = secret
                .valid_until
                .map_or(old_valid_until, |until| until.min(old_valid_until));
            secret.valid_until = Some(until);
        }
        self.secrets
            .retain(|secret| secret.valid_until.is_some_and(|until| until > at));
        let newest = Secret {
            hash,
            valid_until: None,
        };
        self.secrets.insert(0, newest);
    }
}

impl Aggregate for Client {
    type Event = ClientEvent;

    fn apply(state: Option<Self>, event: ClientEvent, told: &Told) -> Result<Self, OutOfPlace> {
        let Some(mut client) = state else {
            return register(event, told);
        };
        match event {
            ClientEvent::Registered { .. } => return Err(OutOfPlace("the client is registered already")),
            ClientEvent::SecretRotated { hash, old_valid_until } => {
                client.rotate_secret(hash, old_valid_until, told.at);
            }
            ClientEvent::Disabled {} => client.phase = Phase::Disabled { since: told.at },
        }
        Ok(client)
    }

    /// None: a client is found by its id, which is the stream's.
    fn lookups(&self) -> Vec<Lookup> {
        Vec::new()
    }
}

fn register(event: ClientEvent, told: &Told) -> Result<Client, OutOfPlace> {
    let ClientEvent::Registered { kind, settings, hash } = event else {
        return Err(OutOfPlace("nothing happens to a client before the registration"));
    };
    let secret = |hash| Secret {
        hash,
        valid_until: None,
    };
    Ok(Client {
        id: told
            .stream
            .parse()
            .map_err(|_| OutOfPlace("the stream's id is no client id"))?,
        kind,
        settings,
        secrets: hash.map(secret).into_iter().collect(),
        registered_at: told.at,
        phase: Phase::Enabled,
    })
}

#[cfg(test)]
pub(crate) mod tests;
