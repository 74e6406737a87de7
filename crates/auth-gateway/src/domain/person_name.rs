//! What a person wants to be called.

use std::fmt;
use std::str::FromStr;

/// 1 to 200 characters without control characters, which would move the cursor of whoever lists people. Personal: `Debug`
/// does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PersonName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 200 characters, none of them a control character")]
pub(crate) struct InvalidPersonName;

const LONGEST: usize = 200;

impl FromStr for PersonName {
    type Err = InvalidPersonName;

    fn from_str(text: &str) -> Result<Self, InvalidPersonName> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err(InvalidPersonName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}
