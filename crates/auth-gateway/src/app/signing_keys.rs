//! What an operator does to the keys that sign tokens: sees them, has another one sign before the schedule says so, and makes
//! void what one of them signed.

use super::caller::Caller;
use super::{App, Refusal};
use crate::domain::signing_key::{self, Command, SigningKeys, Signs, Successor, WithdrawReason, successor};

impl App {
    /// The keys that sign or that tokens are verified with; public halves only.
    pub(crate) async fn signing_keys(&self) -> Result<SigningKeys, Refusal> {
        let loaded = self.journal.load::<SigningKeys>(signing_key::stream()).await?;
        Ok(loaded.map(|loaded| loaded.state).unwrap_or_default())
    }

    /// Has another key sign as soon as it was published for long enough.
    pub(crate) async fn rotate_signing_key(&self, caller: &Caller) -> Result<Successor, Refusal> {
        let now = self.clock.now();
        self.keys.change(|_| Command::RequestRotation, caller, now).await?;
        self.keys.rotate(now).await?;
        successor(&self.signing_keys().await?, self.keys.schedule).ok_or_else(nothing_signs)
    }

    /// Has another key sign from now on. What the former one signed stays good.
    pub(crate) async fn replace_signing_key(&self, caller: &Caller) -> Result<Successor, Refusal> {
        let overlap = self.keys.schedule.overlap;
        let replace = |successor| Command::Replace { successor, overlap };
        let changed = self.keys.change(replace, caller, self.clock.now()).await?;
        let active = changed.active().ok_or_else(nothing_signs)?;
        Ok(Successor {
            kid: active.kid.clone(),
            signs: Signs::Now,
        })
    }

    /// Makes void what the key signed, here and at every gateway on the database. The key that signs in its place, where it was
    /// the one that signed. Sessions and refresh tokens are not made with it, and go on.
    ///
    /// # Errors
    /// There is no such key, any more or at all.
    pub(crate) async fn withdraw_signing_key(
        &self,
        kid: &str,
        reason: WithdrawReason,
        caller: &Caller,
    ) -> Result<Option<String>, Refusal> {
        let signed = self
            .signing_keys()
            .await?
            .active()
            .is_some_and(|active| active.kid == kid);
        let withdraw = |successor| Command::Withdraw {
            kid: kid.to_owned(),
            reason: reason.clone(),
            successor,
        };
        let changed = self.keys.change(withdraw, caller, self.clock.now()).await?;
        let signs = changed.active().ok_or_else(nothing_signs)?;
        Ok(signed.then(|| signs.kid.clone()))
    }
}

fn nothing_signs() -> Refusal {
    Refusal::inconsistent("no key signs after one was to")
}
