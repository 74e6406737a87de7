//! Text that whoever holds it may act with: wiped when dropped, never printed by accident.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A token or key in the form its owner presents. `Debug` is redacted and there is no `Display`.
#[derive(Clone)]
pub(crate) struct SecretText(SecretString);

impl SecretText {
    pub(crate) fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself, for the one answer or message that hands it out.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(redacted)")
    }
}
