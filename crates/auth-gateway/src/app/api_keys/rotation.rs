//! A new text in the place of a key's old one, which lives on for a while.

use std::time::Duration;

use super::SeenKey;
use crate::app::caller::Caller;
use crate::app::resolve::Resolved;
use crate::app::{App, Refusal};
use crate::crypto::api_key_text::ApiKeyText;
use crate::domain::api_key::{self, ApiKey};
use crate::domain::ids::{ApiKeyId, UserId};
use crate::domain::key_hash::KeyHash;

impl App {
    /// A new text for the same key; the old one dies after `overlap`, to the millisecond. `asking` is the session that would
    /// learn the text, if it is not an operator.
    pub(crate) async fn rotate_key(
        &self,
        id: ApiKeyId,
        owner: UserId,
        overlap: Option<Duration>,
        asking: Option<&Resolved>,
        caller: &Caller,
    ) -> Result<(SeenKey, ApiKeyText), Refusal> {
        let overlap = overlap.unwrap_or(self.settings.api_keys.rotation_overlap);
        if overlap > self.settings.api_keys.longest_overlap {
            return Err(Refusal::Rule(format!(
                "the overlap may be {} s at most",
                self.settings.api_keys.longest_overlap.as_secs()
            )));
        }
        if let Some(asking) = asking {
            self.refuse_wider(&self.key(id, owner).await?.key, asking)?;
        }
        let text = ApiKeyText::generate(&*self.random);
        let command = api_key::Command::Rotate {
            hash: KeyHash(text.hash()),
            overlap,
        };
        Ok((self.change_key(id, owner, command, caller).await?, text))
    }

    /// Nobody learns a key that may do more, or elsewhere, than they themselves.
    fn refuse_wider(&self, key: &ApiKey, asking: &Resolved) -> Result<(), Refusal> {
        let (own, role) = (&asking.identity, &asking.account.user.role);
        if own.project_scope.is_some() && own.project_scope != key.settings.project_scope {
            return Err(Refusal::OtherProject);
        }
        let allowed = key.settings.permissions.granted_within(self.settings.scopes.of(role));
        match allowed.iter().all(|scope| own.scopes.covers(scope)) {
            true => Ok(()),
            false => Err(Refusal::NotAllowed),
        }
    }
}
