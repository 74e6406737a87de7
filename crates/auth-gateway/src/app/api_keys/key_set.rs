//! A user's live keys as one set: what is decided on all of them holds only if none was added or renamed meanwhile.
//!
//! In one gateway, changes of a set take turns. Between gateways a claim per user names the set's last change. A change
//! takes the claim in the name that it read, which fails when somebody else was faster, and leaves it in a name of its own.

use std::hash::{BuildHasher, RandomState};

use event_store::{ClaimChange, Command as Change, Timestamp};
use tokio::sync::{Mutex, MutexGuard};

use crate::app::{App, Refusal};
use crate::domain::api_key::{self, ApiKey};
use crate::domain::ids::UserId;

/// The kind of the claim.
pub(crate) const KEY_SET: &str = "api_key_set";
/// Of the gateways that change a set at once, one succeeds each time; so often the others may be faster.
const TRIES: u32 = 64;
/// Users whose turns are independent of each other, at most.
const LINES: usize = 64;

/// Where this gateway's changes wait for their turn: users are spread over a few lines.
#[derive(Debug)]
pub(in crate::app) struct Turns {
    lines: [Mutex<()>; LINES],
    spread: RandomState,
}

/// Until it is dropped, this gateway makes no other change of the user's set.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    owner: UserId,
    tries: u32,
    _place: MutexGuard<'a, ()>,
}

/// The set as it was read.
pub(super) struct KeySet {
    live: Vec<ApiKey>,
    digest: [u8; 32],
    read: String,
    next: String,
}

impl KeySet {
    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    pub(super) fn has_name(&self, name: &str) -> bool {
        self.live.iter().any(|key| key.settings.name.trim() == name.trim())
    }

    /// The change, if the set is still as it was read.
    pub(super) fn unchanged(&self, change: Change) -> Change {
        let (kind, digest) = (KEY_SET, self.digest);
        let take = |owner: &String| ClaimChange::Take {
            kind: kind.into(),
            digest,
            owner: owner.clone(),
        };
        let release = ClaimChange::Release {
            kind: kind.into(),
            digest,
        };
        change.claim(take(&self.read)).claim(release).claim(take(&self.next))
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            lines: std::array::from_fn(|_| Mutex::default()),
            spread: RandomState::new(),
        }
    }
}

impl Turns {
    pub(super) async fn wait(&self, owner: UserId) -> Turn<'_> {
        let [line, ..] = self.spread.hash_one(owner.0).to_le_bytes();
        Turn {
            owner,
            tries: TRIES,
            _place: self.lines[usize::from(line) % LINES].lock().await,
        }
    }
}

impl Turn<'_> {
    /// Whether it failed only because another gateway's change of the set came first, and may go better now.
    pub(super) fn again<T>(&mut self, done: &Result<T, Refusal>) -> bool {
        self.tries -= 1;
        self.tries > 0 && matches!(done, Err(Refusal::Contended))
    }
}

impl App {
    /// The claim is read first: a change between the two readings is noticed.
    pub(super) async fn key_set(&self, turn: &Turn<'_>, now: Timestamp) -> Result<KeySet, Refusal> {
        let owner = turn.owner;
        let digest = self.blind_index.digest(KEY_SET, &[&owner.to_string()]);
        let next = self.journal.new_id(now).to_string();
        let read = self.store.claim(KEY_SET, &digest).await?;
        let found = self
            .journal
            .find_all::<ApiKey>(api_key::USER_LOOKUP, owner.0.as_bytes())
            .await?;
        let live = found.into_iter().map(|loaded| loaded.state);
        Ok(KeySet {
            live: live.filter(|key| key.is_active(now)).collect(),
            digest,
            // Nobody else's name: it is taken only if nobody has the claim yet.
            read: read.unwrap_or_else(|| next.clone()),
            next,
        })
    }
}
