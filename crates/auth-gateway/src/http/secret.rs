//! Text that must never be printed: passwords, tokens, keys, codes.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// No `Display`, no `Serialize`, a redacted `Debug`; wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// The body of a request to introspect holds the contract's own type, which can be written; from here on it can't.
impl From<&identity_contract::SecretText> for Secret {
    fn from(sent: &identity_contract::SecretText) -> Self {
        Self::new(sent.expose())
    }
}
