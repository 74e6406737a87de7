//! A user's live keys as one set: what is decided on all of them holds only if none was added or renamed meanwhile.
//!
//! A claim per user names the set's last change. A change takes the claim in the name that it read, which fails when
//! somebody else was faster, and leaves it in a name of its own.

use event_store::{ClaimChange, Command as Change, Timestamp};

use crate::app::{App, Refusal};
use crate::domain::api_key::{self, ApiKey};
use crate::domain::ids::UserId;

/// The kind of the claim.
pub(crate) const KEY_SET: &str = "api_key_set";
/// One of those that change a set at once succeeds each time; so many others may be faster.
const TRIES: u32 = 64;

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

/// How often to decide again.
pub(super) struct Tries(u32);

impl Default for Tries {
    fn default() -> Self {
        Self(TRIES)
    }
}

impl Tries {
    /// Whether it failed only because another change of the set came first, and may go better now.
    pub(super) fn again<T>(&mut self, done: &Result<T, Refusal>) -> bool {
        self.0 -= 1;
        self.0 > 0 && matches!(done, Err(Refusal::Contended))
    }
}

impl App {
    /// The claim is read first: a change between the two readings is noticed.
    pub(super) async fn key_set(&self, owner: UserId, now: Timestamp) -> Result<KeySet, Refusal> {
        let digest = self.blind_index.digest(KEY_SET, &[&owner.to_string()]);
        let next = self.journal.new_id(now).to_string();
        let read = self.store.claim(KEY_SET, &digest).await?;
        let found = self
            .journal
            .find::<ApiKey>(api_key::USER_LOOKUP, owner.0.as_bytes())
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
