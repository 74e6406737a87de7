//! Conditions of a route beyond host, path and method: request headers and query parameters.

use super::query;
use http::{HeaderMap, HeaderName};

/// What a header or parameter must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Present,
    Equals(String),
}

impl Wanted {
    fn admits(&self, value: &str) -> bool {
        match self {
            Self::Present => true,
            Self::Equals(wanted) => wanted == value,
        }
    }

    /// Whether every value that `narrower` admits is admitted here too.
    fn admits_all_of(&self, narrower: &Self) -> bool {
        *self == Self::Present || self == narrower
    }

    /// Whether no single value can satisfy both.
    fn excludes(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Equals(a), Self::Equals(b)) if a != b)
    }
}

/// All of them must hold; the first line of a header and the first parameter of a name count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    pub(crate) headers: Vec<(HeaderName, Wanted)>,
    pub(crate) query: Vec<(String, Wanted)>,
}

impl Conditions {
    pub(crate) fn len(&self) -> usize {
        self.headers.len() + self.query.len()
    }

    pub(crate) fn hold(&self, headers: &HeaderMap, query_string: Option<&str>) -> bool {
        let header_holds = |(name, wanted): &(HeaderName, Wanted)| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|value| wanted.admits(value))
        };
        let query_holds = |(name, wanted): &(String, Wanted)| {
            query::first(query_string.unwrap_or_default(), name).is_some_and(|value| wanted.admits(&value))
        };
        self.headers.iter().all(header_holds) && self.query.iter().all(query_holds)
    }

    /// Whether no request can satisfy both sets.
    pub(crate) fn exclude(&self, other: &Self) -> bool {
        let headers = self
            .headers
            .iter()
            .any(|(name, a)| other.headers.iter().any(|(n, b)| n == name && a.excludes(b)));
        let query = self
            .query
            .iter()
            .any(|(name, a)| other.query.iter().any(|(n, b)| n == name && a.excludes(b)));
        headers || query
    }

    /// Whether every request that satisfies `narrower` satisfies these.
    pub(crate) fn hold_wherever(&self, narrower: &Self) -> bool {
        let headers = self.headers.iter().all(|(name, wanted)| {
            let mut same_name = narrower.headers.iter().filter(|(other, _)| other == name);
            same_name.any(|(_, other)| wanted.admits_all_of(other))
        });
        let query = self.query.iter().all(|(name, wanted)| {
            let mut same_name = narrower.query.iter().filter(|(other, _)| other == name);
            same_name.any(|(_, other)| wanted.admits_all_of(other))
        });
        headers && query
    }
}
