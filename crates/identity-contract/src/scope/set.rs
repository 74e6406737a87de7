//! Scopes held or asked for together.

use super::{InvalidScope, Scope};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

pub(super) const MAX_SCOPES: usize = 256;

/// Scopes without order or repetition; in JSON a list, read from a list or from space separated text (RFC 6749 section 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    /// Scopes from a list of texts, each of which is one scope.
    ///
    /// # Errors
    /// The first text that is no scope, or too many of them.
    pub fn from_list<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Self, InvalidScope> {
        let mut scopes = BTreeSet::new();
        for text in texts {
            scopes.insert(text.as_ref().parse()?);
            if scopes.len() > MAX_SCOPES {
                return Err(InvalidScope::TooMany);
            }
        }
        Ok(Self(scopes))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    pub fn insert(&mut self, scope: Scope) {
        self.0.insert(scope);
    }

    /// Whether one of the scopes may do what asks for `required`; see [`Scope::satisfies`].
    #[must_use]
    pub fn allows(&self, required: &Scope) -> bool {
        self.0.iter().any(|scope| scope.satisfies(required))
    }

    /// Whether every required scope is allowed.
    #[must_use]
    pub fn allows_all(&self, required: &Self) -> bool {
        required.iter().all(|scope| self.allows(scope))
    }

    /// The required scopes which are not allowed, for a refusal that names them.
    #[must_use]
    pub fn missing(&self, required: &Self) -> Self {
        required.iter().filter(|scope| !self.allows(scope)).cloned().collect()
    }

    /// Whether whoever holds these scopes holds `scope` whole; see [`Scope::covers`].
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        self.0.iter().any(|own| own.covers(scope))
    }

    /// What of these scopes may be handed on by a holder of `owner`: never more than `owner` has, nor more than is asked for.
    /// A wildcard wider than the owner's scopes becomes those of them which it covers.
    #[must_use]
    pub fn granted_within(&self, owner: &Self) -> Self {
        let granted = self.0.iter().flat_map(|asked| {
            if owner.covers(asked) {
                return vec![asked.clone()];
            }
            owner.iter().filter(|own| asked.covers(own)).cloned().collect()
        });
        granted.collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for ScopeSet {
    type Err = InvalidScope;

    /// Space separated; more spaces than needed do no harm.
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        Self::from_list(text.split_ascii_whitespace())
    }
}

/// Space separated, sorted.
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{scope}")?;
        }
        Ok(())
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScopesVisitor)
    }
}

struct ScopesVisitor;

impl<'de> Visitor<'de> for ScopesVisitor {
    type Value = ScopeSet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of scopes, or scopes separated by spaces")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ScopeSet, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ScopeSet, A::Error> {
        let mut scopes = BTreeSet::new();
        while let Some(scope) = list.next_element::<Scope>()? {
            scopes.insert(scope);
            if scopes.len() > MAX_SCOPES {
                return Err(A::Error::custom(InvalidScope::TooMany));
            }
        }
        Ok(ScopeSet(scopes))
    }
}
