//! A user's role: a word which the configuration maps to scopes. By itself it grants nothing.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::fmt;
use std::str::FromStr;

const AUTHENTICATED: &str = "authenticated";
const ADMIN: &str = "admin";

/// 1 to 64 lower-case letters, digits and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub(crate) struct Role(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is 1 to 64 lower-case letters, digits and `_`")]
pub(crate) struct InvalidRole;

impl Role {
    pub(crate) fn authenticated() -> Self {
        Self(AUTHENTICATED.to_owned())
    }

    pub(crate) fn admin() -> Self {
        Self(ADMIN.to_owned())
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.0 == ADMIN
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Role {
    fn default() -> Self {
        Self::authenticated()
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        let is_word_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=64).contains(&text.len()) || !text.bytes().all(is_word_byte) {
            return Err(InvalidRole);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_admin_is_the_administrator() {
        for other in ["authenticated", "admin_override", "superadmin", "not_admin"] {
            assert!(!other.parse::<Role>().unwrap().is_admin(), "{other}");
        }
        assert!("admin".parse::<Role>().unwrap().is_admin());
        for refused in ["", "Admin", "admin ", "rôle"] {
            assert_eq!(refused.parse::<Role>(), Err(InvalidRole), "{refused:?}");
        }
    }
}
