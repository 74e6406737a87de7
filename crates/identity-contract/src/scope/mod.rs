//! Scopes: what a credential may do, in the platform's dialect.
//!
//! A scope is `*`, a word (`profile`), or words joined by `:` or `.` (one notation as good as the other), of which the last may
//! be `*`. `legacy:full_access` means the same as `*`. Words are compared whole: no scope grants more by what its name contains.

mod set;

pub use set::ScopeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use std::str::FromStr;

const EVERYTHING: &str = "*";
const LEGACY_EVERYTHING: &str = "legacy:full_access";
const MAX_LENGTH: usize = 128;

/// One scope, written with colons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

/// Why a text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScope {
    #[error("a scope has words of letters, digits, `_` and `-` between its colons")]
    EmptyOrForeignWord,
    #[error("`*` stands only at the end of a scope, alone or after a colon")]
    MisplacedWildcard,
    #[error("a scope has at most {MAX_LENGTH} bytes")]
    TooLong,
    #[error("at most {} scopes may be listed", set::MAX_SCOPES)]
    TooMany,
}

/// What a scope covers.
enum Reach<'a> {
    Everything,
    /// Every scope which begins with these words and a colon.
    Below(&'a str),
    Only(&'a str),
}

impl Scope {
    /// `*`.
    #[must_use]
    pub fn everything() -> Self {
        Self(EVERYTHING.to_owned())
    }

    /// `legacy:full_access`: everything, under the name by which old clients know it.
    #[must_use]
    pub fn legacy_full_access() -> Self {
        Self(LEGACY_EVERYTHING.to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether whoever holds `self` holds all of `other`. This decides what may be handed on.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self.reach(), other.reach()) {
            (Reach::Everything, _) => true,
            (_, Reach::Everything) => false,
            (Reach::Below(own), Reach::Below(other)) => own == other || is_below(other, own),
            (Reach::Below(own), Reach::Only(other)) => is_below(other, own),
            (Reach::Only(_), Reach::Below(_)) => false,
            (Reach::Only(own), Reach::Only(other)) => own == other,
        }
    }

    /// Whether whoever holds `self` may do what asks for `required`. A required `a:*` asks for any scope of `a`; a required `*`
    /// asks for everything.
    #[must_use]
    pub fn satisfies(&self, required: &Self) -> bool {
        let is_one_of_it = matches!(required.reach(), Reach::Below(_)) && required.covers(self);
        is_one_of_it || self.covers(required)
    }

    fn reach(&self) -> Reach<'_> {
        match self.0.as_str() {
            EVERYTHING | LEGACY_EVERYTHING => Reach::Everything,
            name => name.strip_suffix(":*").map_or(Reach::Only(name), Reach::Below),
        }
    }
}

/// Whether `name` is `above`, a colon, and more.
fn is_below(name: &str, above: &str) -> bool {
    name.strip_prefix(above).is_some_and(|rest| rest.starts_with(':'))
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidScope::TooLong);
        }
        let name = text.replace('.', ":");
        let words = name.strip_suffix(":*").unwrap_or(&name);
        if words == EVERYTHING && words == name {
            return Ok(Self(name));
        }
        if words.contains('*') {
            return Err(InvalidScope::MisplacedWildcard);
        }
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_word_byte);
        if !words.split(':').all(is_word) {
            return Err(InvalidScope::EmptyOrForeignWord);
        }
        Ok(Self(name))
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
