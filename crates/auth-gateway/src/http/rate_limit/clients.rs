//! What one limit remembers of its clients: at most so many, and one counter for all whom it has no room for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::client_network::ClientNetwork;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

/// A client that is known keeps its own counter, however full the table is.
#[derive(Debug)]
pub(super) struct Clients {
    table: Mutex<Table>,
    most: usize,
}

#[derive(Debug, Default)]
struct Table {
    by_client: HashMap<ClientNetwork, Nanos>,
    /// Of newcomers while there is no room.
    others: Option<Nanos>,
}

impl Clients {
    pub(super) fn at_most(most: usize) -> Self {
        Self {
            table: Mutex::default(),
            most,
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Clients {
    type Key = ClientNetwork;

    fn measure_and_replace<T, F, E>(&self, client: &ClientNetwork, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut table = self.table();
        let known = table.by_client.get(client).copied();
        let has_place = known.is_some() || table.by_client.len() < self.most;
        let before = if has_place { known } else { table.others };
        let (admitted, after) = measure(before)?;
        match has_place {
            true => drop(table.by_client.insert(*client, after)),
            false => table.others = Some(after),
        }
        Ok(admitted)
    }
}

impl ShrinkableKeyedStateStore<ClientNetwork> for Clients {
    fn retain_recent(&self, drop_below: Nanos) {
        self.table().by_client.retain(|_, state| *state > drop_below);
    }

    fn len(&self) -> usize {
        self.table().by_client.len()
    }

    fn is_empty(&self) -> bool {
        self.table().by_client.is_empty()
    }
}
