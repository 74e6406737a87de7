//! `timeouts`: of a route, else of its upstream, else of `defaults`, field by field.

use std::time::Duration;

use crate::routes::route::Timeouts;
use config_text::bounded::TimeLimit;
use config_text::written::OrNone;

config_text::record! {
    /// How long each part of an exchange with an upstream may take. What is absent comes from the next wider place:
    /// route, upstream, `defaults`.
    pub(super) struct RawTimeouts as "a `timeouts` section" {
        /// To open the connection, TLS included; 5s unless anything says otherwise.
        connect: optional TimeLimit,
        /// From the end of the request to the head of the answer; 60s unless anything says otherwise.
        first_byte: optional TimeLimit,
        /// Between two reads of the answer, on streams silence in both directions; 60s, on streams 1h, unless anything says otherwise.
        idle: optional TimeLimit,
        /// For the whole exchange, or `none`; none unless anything says otherwise.
        total: optional OrNone<TimeLimit>,
    }
}

/// What is known so far; the fields that are not come from the next wider place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Partial {
    connect: Option<Duration>,
    first_byte: Option<Duration>,
    idle: Option<Duration>,
    /// `Some(None)` for a written `none`.
    total: Option<Option<Duration>>,
}

impl Partial {
    pub(super) fn of(raw: Option<&RawTimeouts>) -> Self {
        let Some(raw) = raw else {
            return Self::default();
        };
        Self {
            connect: raw.connect.map(|limit| limit.0),
            first_byte: raw.first_byte.map(|limit| limit.0),
            idle: raw.idle.map(|limit| limit.0),
            total: raw.total.map(|limit| limit.0.map(|limit| limit.0)),
        }
    }

    /// These, and `wider` where they say nothing.
    pub(super) fn or(self, wider: Self) -> Self {
        Self {
            connect: self.connect.or(wider.connect),
            first_byte: self.first_byte.or(wider.first_byte),
            idle: self.idle.or(wider.idle),
            total: self.total.or(wider.total),
        }
    }

    /// A stream's own silence and length; an upstream's or the defaults' would cut it.
    pub(super) fn of_stream(self) -> Self {
        Self {
            idle: self.idle.or(Some(Duration::from_secs(3600))),
            total: self.total.or(Some(None)),
            ..self
        }
    }

    pub(super) fn complete(self) -> Timeouts {
        Timeouts {
            connect: self.connect.unwrap_or(Duration::from_secs(5)),
            first_byte: self.first_byte.unwrap_or(Duration::from_secs(60)),
            idle: self.idle.unwrap_or(Duration::from_secs(60)),
            total: self.total.flatten(),
        }
    }
}

/// The longer of each: a route has one set of timeouts, whichever of its upstreams a method leads to.
pub(super) fn longest(a: Timeouts, b: Timeouts) -> Timeouts {
    Timeouts {
        connect: a.connect.max(b.connect),
        first_byte: a.first_byte.max(b.first_byte),
        idle: a.idle.max(b.idle),
        total: a.total.zip(b.total).map(|(a, b)| a.max(b)),
    }
}
