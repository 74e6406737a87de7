//! The project that a session or a key is for, by its name.

use std::fmt;
use std::str::FromStr;

const MOST_BYTES: usize = 128;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProjectScope(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("project_scope: 1 to {MOST_BYTES} letters, digits, `-`, `_`, `.`, `:` and `/`")]
pub(crate) struct InvalidProjectScope;

impl FromStr for ProjectScope {
    type Err = InvalidProjectScope;

    fn from_str(text: &str) -> Result<Self, InvalidProjectScope> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        match (1..=MOST_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidProjectScope),
        }
    }
}

impl fmt::Display for ProjectScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
