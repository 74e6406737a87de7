//! Keys of older systems, of which only the SHA-256 is known.

use event_store::ClaimChange;

use super::wish::NewKey;
use super::{App, SeenKey};
use crate::app::Refusal;
use crate::app::caller::Caller;
use crate::domain::api_key::{self, KeyOrigin};
use crate::domain::ids::ApiKeyId;
use crate::domain::key_hash::KeyHash;
use crate::domain::user::User;

const KIND: &str = "imported_key";

impl App {
    /// # Errors
    /// `Exists` when it is here, or has been: a key that was revoked, deleted or rotated stays dead.
    pub(crate) async fn import_key(
        &self,
        owner: &User,
        wish: NewKey,
        hash: KeyHash,
        caller: &Caller,
    ) -> Result<SeenKey, Refusal> {
        let is_known = self.store.claim(KIND, &hash.0).await?.is_some();
        if is_known || !self.store.find(api_key::HASH_LOOKUP, &hash.0).await?.is_empty() {
            return Err(Refusal::Exists("API key"));
        }
        self.add_key(owner, wish, hash, KeyOrigin::Imported, caller).await
    }
}

/// Never released: lookups forget the hash of a key that opens nothing any more.
pub(super) fn once_and_for_all(hash: KeyHash, id: ApiKeyId) -> ClaimChange {
    ClaimChange::Take {
        kind: KIND.into(),
        digest: hash.0,
        owner: id.to_string(),
    }
}
