//! A line of a backup.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::Counts;
use crate::chain::{Hash, as_hash};
use crate::stored::{StoredEvent, base64_text};

pub(crate) const FORMAT: &str = "event-store backup";
pub(crate) const VERSION: u32 = 1;
/// Lines between two digests.
pub(crate) const DIGEST_EVERY: u64 = 1000;

/// In this order; digests in between.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Header(Header),
    Event(Box<StoredEvent>),
    Claim(Claim),
    Record(StoredRecord),
    IdempotencyKey(UsedKey),
    Checkpoint(StoredCheckpoint),
    /// SHA-256 of all bytes before this line.
    Digest(#[serde(with = "base64_text")] Vec<u8>),
    Trailer(Trailer),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) format: String,
    pub(crate) version: u32,
    /// Of the last event.
    pub(crate) position: i64,
    /// The chain at the last event.
    #[serde(with = "base64_text")]
    pub(crate) hash: Vec<u8>,
    /// Milliseconds since the Unix epoch.
    pub(crate) created: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    pub(crate) kind: String,
    #[serde(with = "base64_text")]
    pub(crate) digest: Vec<u8>,
    pub(crate) owner: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredRecord {
    pub(crate) kind: String,
    #[serde(with = "base64_text")]
    pub(crate) key: Vec<u8>,
    pub(crate) count: i64,
    #[serde(with = "base64_text")]
    pub(crate) value: Vec<u8>,
    pub(crate) expires: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsedKey {
    pub(crate) key: String,
    #[serde(with = "base64_text")]
    pub(crate) request: Vec<u8>,
    #[serde(with = "base64_text")]
    pub(crate) response: Vec<u8>,
    pub(crate) expires: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredCheckpoint {
    pub(crate) position: i64,
    pub(crate) time: i64,
    pub(crate) note: String,
    #[serde(with = "base64_text")]
    pub(crate) tree: Vec<u8>,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trailer {
    pub(crate) counts: Counts,
    /// SHA-256 of all bytes before this line.
    #[serde(with = "base64_text")]
    pub(crate) digest: Vec<u8>,
}

/// The digest of all bytes so far.
#[derive(Clone)]
pub(crate) struct Running(Context);

impl Running {
    pub(crate) fn new() -> Running {
        Running(Context::new(&SHA256))
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn so_far(&self) -> Hash {
        as_hash(self.0.clone().finish().as_ref())
    }
}
