//! Guessing is counted before it is tried: by account and address, by address, by account. Waits grow; success forgets.
//! A wait for the whole account does not hold whoever comes from an address that the owner has used, so that nobody can
//! lock the owner out by guessing.

use std::net::IpAddr;
use std::time::Duration;

use event_store::{Record, RecordChange, Store, Timestamp};

use super::Refusal;
use crate::config::settings::{Lockout, Patience};
use crate::crypto::blind_index::BlindIndex;

const COUNTER: &str = "attempt";
const FAMILIAR: &str = "familiar_address";
/// So long an address stays familiar after a success.
const FAMILIAR_FOR: Duration = Duration::from_secs(90 * 24 * 3600);
/// What a counter is at least kept for after its last attempt.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// One attempt was counted and may be made.
#[derive(Debug)]
pub(crate) struct Attempt {
    forgettable: Vec<RecordChange>,
}

pub(crate) struct Attempts {
    store: Store,
    digests: BlindIndex,
    limits: Lockout,
}

struct Counter {
    key: Vec<u8>,
    patience: Patience,
    before: Option<Record>,
}

impl Attempts {
    pub(crate) fn new(store: Store, digests: BlindIndex, limits: Lockout) -> Self {
        Self { store, digests, limits }
    }

    /// Counts an attempt of `what` ("password") against `account`, any text that names it. Refuses with the time to wait.
    pub(crate) async fn begin(
        &self,
        what: &str,
        account: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Attempt, Refusal> {
        let place = place(address);
        let counters = self.counters(what, account, &place, now).await?;
        for counter in &counters {
            admits(counter.patience, counter.before.as_ref(), now)?;
        }
        let keys: Vec<Vec<u8>> = counters.iter().map(|counter| counter.key.clone()).collect();
        let after = self.store.count_up(COUNTER, &keys, now.plus(REMEMBERED), now).await?;
        for (counter, after) in counters.iter().zip(&after) {
            let before = counter.before.as_ref().map_or(0, |record| record.count);
            admits_together(counter.patience, before, after.count)?;
        }
        // Else the logins of everybody behind one address would add up to a wait.
        let own = RecordChange::CountDown {
            kind: COUNTER.into(),
            key: self.place(what, &place),
        };
        let mut forgettable = self.forgiven(what, account, address, now);
        forgettable.push(own);
        Ok(Attempt { forgettable })
    }

    /// What to change when the owner has shown who they are: the counters are forgotten and the address becomes familiar.
    /// The address's own counter is not forgotten: an attacker's own account must not clear it.
    pub(crate) fn forgiven(
        &self,
        what: &str,
        account: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Vec<RecordChange> {
        let place = place(address);
        let familiar = RecordChange::Put {
            kind: FAMILIAR.into(),
            key: self.pair(FAMILIAR, account, &place),
            value: Vec::new(),
            expires: Some(now.plus(FAMILIAR_FOR)),
        };
        // Begun again, in the statement that also puts the address: it is nearly always there, that of the account hardly ever.
        let by_pair = RecordChange::Put {
            kind: COUNTER.into(),
            key: self.pair(what, account, &place),
            value: Vec::new(),
            expires: Some(now.plus(REMEMBERED)),
        };
        let by_account = RecordChange::Delete {
            kind: COUNTER.into(),
            key: self.account(what, account),
        };
        vec![by_pair, by_account, familiar]
    }

    /// Those that count this attempt, as they are before it.
    async fn counters(&self, what: &str, account: &str, place: &str, now: Timestamp) -> Result<Vec<Counter>, Refusal> {
        let familiar = self.pair(FAMILIAR, account, place);
        let by_pair = self.pair(what, account, place);
        let by_address = self.place(what, place);
        let by_account = self.account(what, account);
        let asked: [(&str, &[u8]); 4] = [
            (FAMILIAR, &familiar),
            (COUNTER, &by_pair),
            (COUNTER, &by_address),
            (COUNTER, &by_account),
        ];
        let [familiar, of_pair, of_address, of_account] = self.store.records(asked, now).await?;
        let counter = |key, patience, before| Counter { key, patience, before };
        let mut counters = vec![
            counter(by_pair, self.limits.per_pair, of_pair),
            counter(by_address, self.limits.per_address, of_address),
        ];
        if familiar.is_none() {
            counters.push(counter(by_account, self.limits.per_account, of_account));
        }
        Ok(counters)
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

impl Attempt {
    /// What to change when it succeeded: the account's counters are forgotten, the address's counts one attempt less, and
    /// the address becomes familiar.
    pub(crate) fn succeeded(self) -> Vec<RecordChange> {
        self.forgettable
    }
}

/// The wait after `count` attempts, doubling from the first that is not free.
fn wait_after(patience: Patience, count: i64) -> Duration {
    let beyond = count - i64::from(patience.free_attempts);
    match u32::try_from(beyond) {
        Err(_) if beyond < 0 => Duration::ZERO,
        Err(_) => patience.longest_wait,
        Ok(doublings) => {
            let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
            patience.first_wait.saturating_mul(factor).min(patience.longest_wait)
        }
    }
}

/// Whether enough time has gone by since the last attempt.
fn admits(patience: Patience, record: Option<&Record>, now: Timestamp) -> Result<(), Refusal> {
    let Some((count, expires)) = record.and_then(|record| Some((record.count, record.expires?))) else {
        return Ok(());
    };
    let wait = wait_after(patience, count);
    let until = expires.minus(REMEMBERED).plus(wait);
    // Of two requests at once the one that came first may be counted last: without a wait that is no reason to refuse.
    if !wait.is_zero() && until > now {
        Err(Refusal::TooManyAttempts {
            retry_after: until.since(now),
        })
    } else {
        Ok(())
    }
}

/// Several may have read the same count at once; beyond the free attempts only the first of them goes on.
fn admits_together(patience: Patience, before: i64, after: i64) -> Result<(), Refusal> {
    if after <= i64::from(patience.free_attempts).max(before + 1) {
        return Ok(());
    }
    Err(Refusal::TooManyAttempts {
        retry_after: wait_after(patience, after),
    })
}

/// An IPv4 address, or the /64 of an IPv6 address: one customer's network.
fn place(address: Option<IpAddr>) -> String {
    match address {
        None => "local".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        free_attempts: 3,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(60),
    };

    #[test]
    fn waits_double_after_the_free_attempts_and_have_a_longest() {
        let waits: Vec<u64> = (0..12).map(|count| wait_after(PATIENCE, count).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(wait_after(PATIENCE, i64::MAX).as_secs(), 60);
    }

    #[test]
    fn who_need_not_wait_is_not_refused_for_having_come_before_the_last_one_counted() {
        let now = Timestamp(1_700_000_000_000);
        let counted_later = |count| Record {
            count,
            value: Vec::new(),
            expires: Some(now.plus(Duration::from_millis(5)).plus(REMEMBERED)),
        };
        assert!(admits(PATIENCE, Some(&counted_later(2)), now).is_ok());
        assert!(admits(PATIENCE, Some(&counted_later(3)), now).is_err());
    }

    #[test]
    fn of_many_at_once_only_the_free_ones_pass() {
        let passed = (1..=50)
            .filter(|after| admits_together(PATIENCE, 0, *after).is_ok())
            .count();
        assert_eq!(passed, 3);
        let passed = (8..=20)
            .filter(|after| admits_together(PATIENCE, 7, *after).is_ok())
            .count();
        assert_eq!(passed, 1);
    }

    #[test]
    fn an_ipv6_network_counts_as_one_place() {
        let places =
            ["2001:db8::1", "2001:db8::ffff:1", "::ffff:192.0.2.1", "192.0.2.1"].map(|text| place(text.parse().ok()));
        assert_eq!(
            places,
            ["2001:db8:0:0::/64", "2001:db8:0:0::/64", "192.0.2.1", "192.0.2.1"]
        );
    }
}
