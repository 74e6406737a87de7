//! Guessing is counted before it is tried: by account and address, by address, by account. Waits grow; success forgets.
//! A wait for the whole account does not hold whoever comes from an address that the owner has used, so that nobody can
//! lock the owner out by guessing.
//!
//! An attempt counts in memory from its beginning, and in the database once it has failed, before that is answered. Whoever
//! was counted meanwhile, by another gateway too, can make it one too many: then nobody is told how it ended.

mod under_way;
mod wait;

use std::net::IpAddr;
use std::time::Duration;

use event_store::{Record, RecordChange, Store, Timestamp};

use super::Refusal;
use crate::config::settings::{LONGEST_WAIT, Lockout, Patience};
use crate::crypto::blind_index::BlindIndex;
use crate::domain::client_network::ClientNetwork;
use under_way::{Place, UnderWay};

const COUNTER: &str = "attempt";
const FAMILIAR: &str = "familiar_address";
/// So long an address stays familiar after a success.
const FAMILIAR_FOR: Duration = Duration::from_secs(90 * 24 * 3600);
/// A success does not prolong what was prolonged so short ago.
const RENEWED_AFTER: Duration = Duration::from_secs(24 * 3600);
/// What a counter is kept for after its last attempt: longer than any wait.
const REMEMBERED: Duration = LONGEST_WAIT.saturating_mul(2);

pub(crate) struct Attempts {
    store: Store,
    digests: BlindIndex,
    limits: Lockout,
    under_way: UnderWay,
}

/// One attempt may be made. It counts until it is dropped. What it changes is to be written before, and before its end is
/// told; if the store refuses that, the end is not told.
#[derive(Debug)]
#[must_use]
pub(crate) struct Attempt<'a> {
    #[expect(dead_code, reason = "counts until it is dropped")]
    under_way: Place<'a>,
    counters: Vec<Counter>,
    /// What a success changes, often nothing: the account's counters are forgotten, whoever was counted, and the address
    /// becomes familiar, if it is not for long enough. The address's own counter stays: an attacker's own account must not
    /// clear it.
    success: Vec<RecordChange>,
    now: Timestamp,
}

#[derive(Debug)]
struct Counter {
    key: Vec<u8>,
    patience: Patience,
    written: Option<Record>,
}

impl Attempts {
    pub(crate) fn new(store: Store, digests: BlindIndex, limits: Lockout) -> Self {
        Self {
            store,
            digests,
            limits,
            under_way: UnderWay::default(),
        }
    }

    /// Counts an attempt of `what` ("password") against `account`, any text that names it. Refuses with the time to wait.
    pub(crate) async fn begin(
        &self,
        what: &str,
        account: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Refusal> {
        let place = place(address);
        let (counters, success) = self.read(what, account, &place, now).await?;
        let keys = counters.iter().map(|counter| counter.key.clone()).collect();
        let under_way = self.under_way.enter(keys, |at_once| {
            let mut counted = counters.iter().zip(at_once);
            counted.try_for_each(|(counter, at_once)| counter.admits(*at_once, now))
        })?;
        Ok(Attempt {
            under_way,
            counters,
            success,
            now,
        })
    }

    /// Writes down an attempt that failed, where no event does.
    pub(crate) async fn write_down(&self, failed: Attempt<'_>) -> Result<(), Refusal> {
        Ok(self.store.change_records(failed.failed(), failed.now).await?)
    }

    /// What to change when the owner has shown in another way who they are.
    pub(crate) fn forgiven(
        &self,
        what: &str,
        account: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Vec<RecordChange> {
        let place = place(address);
        vec![
            forgotten(self.pair(what, account, &place)),
            forgotten(self.account(what, account)),
            familiar(self.pair(FAMILIAR, account, &place), now),
        ]
    }

    /// Those that count this attempt, as they are before it, and what a success changes.
    async fn read(
        &self,
        what: &str,
        account: &str,
        place: &str,
        now: Timestamp,
    ) -> Result<(Vec<Counter>, Vec<RecordChange>), Refusal> {
        let known = self.pair(FAMILIAR, account, place);
        let by_pair = self.pair(what, account, place);
        let by_address = self.place(what, place);
        let by_account = self.account(what, account);
        let asked: [(&str, &[u8]); 4] = [
            (FAMILIAR, &known),
            (COUNTER, &by_pair),
            (COUNTER, &by_address),
            (COUNTER, &by_account),
        ];
        let [acquaintance, of_pair, of_address, of_account] = self.store.records(asked, now).await?;
        let counted = [(&by_pair, &of_pair), (&by_account, &of_account)];
        let counted = counted.into_iter().filter(|(_, written)| written.is_some());
        let mut success: Vec<RecordChange> = counted.map(|(key, _)| forgotten(key.clone())).collect();
        let counter = |key, patience, written| Counter { key, patience, written };
        let mut counters = vec![
            counter(by_pair, self.limits.per_pair, of_pair),
            counter(by_address, self.limits.per_address, of_address),
        ];
        if acquaintance.is_none() {
            counters.push(counter(by_account, self.limits.per_account, of_account));
        }
        let expires = acquaintance.and_then(|record| record.expires);
        if expires.is_none_or(|expires| expires <= now.plus(FAMILIAR_FOR).minus(RENEWED_AFTER)) {
            success.push(familiar(known, now));
        }
        Ok((counters, success))
    }

    fn pair(&self, what: &str, account: &str, place: &str) -> Vec<u8> {
        self.digests.digest("pair", &[what, account, place]).to_vec()
    }

    fn place(&self, what: &str, place: &str) -> Vec<u8> {
        self.digests.digest("address", &[what, place]).to_vec()
    }

    fn account(&self, what: &str, account: &str) -> Vec<u8> {
        self.digests.digest("account", &[what, account]).to_vec()
    }
}

impl Attempt<'_> {
    /// What to change when it succeeded.
    pub(crate) fn succeeded(&self) -> Vec<RecordChange> {
        self.in_time().chain(self.success.iter().cloned()).collect()
    }

    /// What to change when it failed.
    pub(crate) fn failed(&self) -> Vec<RecordChange> {
        let count_up = |counter: &Counter| RecordChange::CountUp {
            kind: COUNTER.into(),
            key: counter.key.clone(),
            expires: self.now.plus(REMEMBERED),
        };
        self.in_time().chain(self.counters.iter().map(count_up)).collect()
    }

    /// Refuses the change if others have been counted meanwhile that make this attempt one too many.
    fn in_time(&self) -> impl Iterator<Item = RecordChange> {
        let at_most = |counter: &Counter| RecordChange::AtMost {
            kind: COUNTER.into(),
            key: counter.key.clone(),
            count: wait::ceiling(counter.patience, counter.written.as_ref()),
        };
        self.counters.iter().map(at_most)
    }
}

impl Counter {
    fn admits(&self, at_once: u32, now: Timestamp) -> Result<(), Refusal> {
        wait::admits(self.patience, self.written.as_ref(), at_once, now)
    }
}

fn forgotten(key: Vec<u8>) -> RecordChange {
    RecordChange::Delete {
        kind: COUNTER.into(),
        key,
    }
}

fn familiar(key: Vec<u8>, now: Timestamp) -> RecordChange {
    RecordChange::Put {
        kind: FAMILIAR.into(),
        key,
        value: Vec::new(),
        expires: Some(now.plus(FAMILIAR_FOR)),
    }
}

/// Whoever has no address uses this machine itself.
fn place(address: Option<IpAddr>) -> String {
    address.map_or_else(
        || "local".to_owned(),
        |address| ClientNetwork::from(address).to_string(),
    )
}
