//! Records: small rows that may expire and are no part of history (counters, one-time tokens, wrapped keys).

use crate::timestamp::Timestamp;
use std::borrow::Cow;

/// A record as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How often it was counted up since it was put or began.
    pub count: i64,
    pub value: Vec<u8>,
    /// `None`: kept until deleted.
    pub expires: Option<Timestamp>,
}

impl Record {
    /// It has no expiry, or that is after `now`.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

/// A change of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordChange {
    /// Makes or replaces it, with a count of 0.
    Put {
        kind: Cow<'static, str>,
        key: Vec<u8>,
        value: Vec<u8>,
        expires: Option<Timestamp>,
    },
    /// Deletes it; it must exist and be alive, else the whole command fails.
    Consume { kind: Cow<'static, str>, key: Vec<u8> },
    /// Changes nothing; if it is alive it must have been counted up at most so often, else the whole command fails.
    AtMost {
        kind: Cow<'static, str>,
        key: Vec<u8>,
        count: i64,
    },
    /// Counts one more; a record that does not exist or has expired begins at 1. Of two expiries the later one stands.
    CountUp {
        kind: Cow<'static, str>,
        key: Vec<u8>,
        expires: Timestamp,
    },
    /// Deletes it if it exists.
    Delete { kind: Cow<'static, str>, key: Vec<u8> },
}
