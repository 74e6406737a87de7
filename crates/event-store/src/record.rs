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
    /// Takes back one time of counting up, if it was counted up and is alive.
    CountDown { kind: Cow<'static, str>, key: Vec<u8> },
    /// Deletes it if it exists.
    Delete { kind: Cow<'static, str>, key: Vec<u8> },
}
