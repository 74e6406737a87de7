//! Which gateway delivers to a receiver: a lease that ends by itself when its holder does.
//!
//! Two records. `delivery_lease` under the receiver's name says who holds it. `delivery_holder` under name and holder is
//! the holder's own: every change it makes consumes and renews it, so a holder whose lease has ended can change nothing.

use std::time::Duration;

use event_store::{AppendError, RecordChange, Store, Timestamp};
use uuid::Uuid;

const LEASE: &str = "delivery_lease";
const HOLDER: &str = "delivery_holder";
/// A gateway that was killed is waited for so long.
const TERM: Duration = Duration::from_secs(30);

/// One gateway's claim to one receiver, held or not.
#[derive(Clone)]
pub(super) struct Lease {
    store: Store,
    name: String,
    holder: Uuid,
}

impl Lease {
    pub(super) fn new(store: Store, name: &str, holder: Uuid) -> Self {
        Self {
            store,
            name: name.to_owned(),
            holder,
        }
    }

    /// Takes the lease if nobody has it.
    pub(super) async fn take(&self, now: Timestamp) -> Result<bool, AppendError> {
        if self.store.record(LEASE, self.key(), now).await?.is_some() {
            return Ok(false);
        }
        // Of those who saw nobody one counts to 1, before any holder has put its name there.
        let counted = self
            .store
            .count_up(LEASE, &[self.key().to_vec()], now.plus(TERM), now)
            .await?;
        let is_first = counted
            .first()
            .is_some_and(|record| record.count == 1 && record.value.is_empty());
        if is_first {
            self.store.change_records(self.held(now).into(), now).await?;
        }
        Ok(is_first)
    }

    /// Renews the lease and makes `change` in the same transaction.
    ///
    /// # Errors
    /// `RecordGone` when the lease has ended: nothing is changed.
    pub(super) async fn renew(&self, change: Option<RecordChange>, now: Timestamp) -> Result<(), AppendError> {
        let mine = RecordChange::Consume {
            kind: HOLDER.into(),
            key: self.own_key(),
        };
        let changes = [mine].into_iter().chain(self.held(now)).chain(change).collect();
        self.store.change_records(changes, now).await
    }

    /// Gives the lease back, if it is held.
    pub(super) async fn release(&self, now: Timestamp) {
        let changes = vec![
            RecordChange::Consume {
                kind: HOLDER.into(),
                key: self.own_key(),
            },
            RecordChange::Delete {
                kind: LEASE.into(),
                key: self.key().to_vec(),
            },
        ];
        // If it was not held, or the database is down, it ends by itself.
        let _ = self.store.change_records(changes, now).await;
    }

    fn held(&self, now: Timestamp) -> [RecordChange; 2] {
        let put = |kind: &'static str, key: Vec<u8>| RecordChange::Put {
            kind: kind.into(),
            key,
            value: self.holder.as_bytes().to_vec(),
            expires: Some(now.plus(TERM)),
        };
        [put(LEASE, self.key().to_vec()), put(HOLDER, self.own_key())]
    }

    fn key(&self) -> &[u8] {
        self.name.as_bytes()
    }

    fn own_key(&self) -> Vec<u8> {
        [self.key(), b"/", self.holder.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use event_store::{AppendError, Options, Store, Timestamp};
    use uuid::Uuid;

    use super::{Lease, TERM};
    use crate::domain::fold::DomainFold;

    const NOW: Timestamp = Timestamp(1_000_000);

    async fn two(folder: &std::path::Path) -> (Lease, Lease) {
        let url = format!("sqlite:{}", folder.join("auth.db").display());
        let options = Options {
            create: true,
            ..Options::default()
        };
        let store = Store::open(&url, options, Arc::new(DomainFold)).await.unwrap();
        let lease = |holder| Lease::new(store.clone(), "audit", Uuid::from_u128(holder));
        (lease(1), lease(2))
    }

    #[tokio::test]
    async fn one_of_two_gateways_holds_the_lease() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = two(folder.path()).await;
        assert!(one.take(NOW).await.unwrap());
        assert!(!two.take(NOW).await.unwrap());
        one.release(NOW).await;
        assert!(two.take(NOW).await.unwrap());
    }

    #[tokio::test]
    async fn a_holder_whose_lease_has_ended_changes_nothing_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = two(folder.path()).await;
        assert!(one.take(NOW).await.unwrap());
        one.renew(None, NOW).await.unwrap();
        let later = NOW.plus(TERM);
        assert!(two.take(later).await.unwrap());
        let late = one.renew(None, later).await;
        assert!(matches!(late, Err(AppendError::RecordGone { .. })), "{late:?}");
        two.renew(None, later).await.unwrap();
        one.release(later).await;
        assert!(!one.take(later).await.unwrap());
    }
}
