//! Backup and restore of a whole store as JSON lines, from either database to either.
//!
//! A backup holds everything that can't be derived: events, claims, records, idempotency keys, checkpoints. Digests in it
//! find damage; who could rewrite a backup is found by a checkpoint kept elsewhere.

mod insert;
mod line;
mod restore;
mod unfinished;
mod write;

pub use restore::{RestoreError, restore};
pub use unfinished::Unplaced;

/// How many rows of each kind are in a backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub events: u64,
    pub claims: u64,
    pub records: u64,
    pub idempotency_keys: u64,
    pub checkpoints: u64,
}
