//! How many letters an address is sent. Anybody can ask for one who can type the address, and more than a few would be a
//! flood. It is counted whether the address has an account or not, so that the count tells nothing.

use std::time::Duration;

use event_store::{Store, Timestamp};

use super::Refusal;
use super::caller::{Actor, Caller};
use crate::crypto::blind_index::BlindIndex;
use crate::domain::email_address::EmailAddress;

const COUNTER: &str = "postage";
/// Letters that an address may be sent in an hour because of one kind of request.
const MOST: i64 = 5;
const HOUR: Duration = Duration::from_secs(3600);

/// What a letter goes out on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Postage {
    Paid,
    /// The letter is written, and nobody gets it.
    UsedUp,
}

pub(super) struct Stamps {
    store: Store,
    digests: BlindIndex,
}

impl Stamps {
    pub(super) fn new(store: Store, digests: BlindIndex) -> Self {
        Self { store, digests }
    }

    /// Postage for what was asked for ("sign_up"). An operator has as much as they like.
    pub(super) async fn buy(
        &self,
        what: &str,
        email: &EmailAddress,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Postage, Refusal> {
        if caller.actor == Actor::Operator {
            return Ok(Postage::Paid);
        }
        // Hours of the clock, since one that began with the last request would never end for who is asked about all the time.
        let hour = (now.seconds() / HOUR.as_secs().cast_signed()).to_string();
        let key = self.digests.digest(COUNTER, &[what, &email.normalised(), &hour]);
        let counted = self
            .store
            .count_up(COUNTER, &[key.to_vec()], now.plus(HOUR), now)
            .await?;
        let bought = counted.first().is_some_and(|record| record.count <= MOST);
        Ok(if bought { Postage::Paid } else { Postage::UsedUp })
    }
}
