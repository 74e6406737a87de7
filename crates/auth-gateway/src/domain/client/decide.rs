//! What may be done to clients, and what follows.

use super::event::{ClientEvent, ClientKind, ClientSettings};
use super::{Client, Phase};
use crate::domain::fact::Fact;
use crate::domain::key_hash::KeyHash;
use event_store::Timestamp;
use std::time::Duration;

const MAX_AUDIENCE_CHARS: usize = 500;

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Register(Registration),
    /// The secrets so far go on for `overlap`, and die then.
    RotateSecret {
        hash: KeyHash,
        overlap: Duration,
    },
    Disable,
}

#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) kind: ClientKind,
    pub(crate) settings: ClientSettings,
    pub(crate) hash: Option<KeyHash>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such client")]
    ClientUnknown,
    #[error("the client exists already")]
    ClientExists,
    #[error("the client is disabled")]
    ClientDisabled,
    #[error("a client needs a name of 1 to 200 characters")]
    NameUnfit,
    #[error("an audience is 1 to {MAX_AUDIENCE_CHARS} visible characters")]
    AudienceUnfit,
    #[error("a confidential client has a secret, and a public one has none")]
    SecretUnfit,
    #[error("only a confidential client acts in its own name")]
    PublicClientWithCapabilities,
    #[error("the secret is in use")]
    SecretInUse,
}

/// What follows from the command: nothing when it is so already.
///
/// # Errors
/// The client's phase does not allow it, or its settings are unfit.
pub(crate) fn decide(state: Option<&Client>, command: Command, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let (client, command) = match (state, command) {
        (None, Command::Register(registration)) => return register(registration),
        (Some(_), Command::Register(_)) => return Err(Refusal::ClientExists),
        (None, _) => return Err(Refusal::ClientUnknown),
        (Some(client), command) => (client, command),
    };
    let event = match (client.phase, command) {
        (Phase::Disabled { .. }, Command::Disable) => return Ok(Vec::new()),
        (Phase::Enabled, Command::Disable) => ClientEvent::Disabled {},
        (Phase::Disabled { .. }, Command::RotateSecret { .. }) => return Err(Refusal::ClientDisabled),
        (Phase::Enabled, Command::RotateSecret { hash, overlap }) => rotate_secret(client, hash, now.plus(overlap))?,
        (_, Command::Register(_)) => return Err(Refusal::ClientExists),
    };
    Ok(vec![Fact::new(&event)])
}

fn register(registration: Registration) -> Result<Vec<Fact>, Refusal> {
    let Registration { kind, settings, hash } = registration;
    check(kind, &settings)?;
    if hash.is_some() != (kind == ClientKind::Confidential) {
        return Err(Refusal::SecretUnfit);
    }
    Ok(vec![Fact::new(&ClientEvent::Registered { kind, settings, hash })])
}

fn rotate_secret(client: &Client, hash: KeyHash, old_valid_until: Timestamp) -> Result<ClientEvent, Refusal> {
    if client.kind == ClientKind::Public {
        return Err(Refusal::SecretUnfit);
    }
    if client.secrets.iter().any(|secret| secret.hash == hash) {
        return Err(Refusal::SecretInUse);
    }
    Ok(ClientEvent::SecretRotated { hash, old_valid_until })
}

fn check(kind: ClientKind, settings: &ClientSettings) -> Result<(), Refusal> {
    let name = settings.name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(Refusal::NameUnfit);
    }
    let is_fit = |audience: &String| {
        (1..=MAX_AUDIENCE_CHARS).contains(&audience.len()) && audience.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !settings.audiences.iter().all(is_fit) {
        return Err(Refusal::AudienceUnfit);
    }
    if kind == ClientKind::Public && !settings.capabilities.is_empty() {
        return Err(Refusal::PublicClientWithCapabilities);
    }
    Ok(())
}
