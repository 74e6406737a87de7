//! E-mail addresses: as people write them, and the one form by which an account is found.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// Equal to every other spelling of the same address. Personal: `Debug` does not show it.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct EmailAddress(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no e-mail address")]
pub(crate) struct InvalidEmailAddress;

/// RFC 5321 section 4.5.3.1.
const MAX_LOCAL: usize = 64;
const MAX_LENGTH: usize = 254;

impl EmailAddress {
    /// As its owner wrote it, without the spaces around it: where mail goes.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Lower case throughout. Mail hosts that tell upper from lower case are unheard of; two accounts that look alike are not.
    pub(crate) fn normalised(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidEmailAddress> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let is_local =
            (1..=MAX_LOCAL).contains(&local.len()) && !local.contains(['@', '"', '<', '>', ',', ';', ':', '\\']);
        let is_label = |label: &str| {
            let is_host = |c: char| c.is_alphanumeric() || c == '-';
            !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(is_host)
        };
        let has_foreign = text.chars().any(|c| c.is_whitespace() || c.is_control());
        if text.len() > MAX_LENGTH || !is_local || !domain.split('.').all(is_label) || has_foreign {
            return Err(InvalidEmailAddress);
        }
        Ok(Self(text.to_owned()))
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.normalised() == other.normalised()
    }
}

impl Eq for EmailAddress {}

impl Hash for EmailAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.normalised().hash(state);
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_address_are_equal() {
        let ada = address("ada@example.org");
        assert_eq!(address("  Ada@Example.ORG\n"), ada);
        assert_eq!(address("  Ada@Example.ORG\n").as_str(), "Ada@Example.ORG");
        assert_eq!(address("Ada@Example.ORG").normalised(), "ada@example.org");
        assert_ne!(address("ada+x@example.org"), ada);
    }

    #[test]
    fn what_could_reach_two_people_or_a_header_is_no_address() {
        let long = format!("{}@example.org", "a".repeat(65));
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@.org",
            "ada@example..org",
            "ada@-a.org",
            "a b@example.org",
            "ada@example.org, eve@example.org",
            "ada@example.org\r\nBcc: eve",
            "ada\0@example.org",
            "<ada@example.org>",
            "ada@eve@example.org",
            "ada@example.org>",
            "ada@[127.0.0.1]",
            long.as_str(),
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(InvalidEmailAddress), "{text:?}");
        }
    }

    #[test]
    fn debug_does_not_show_it() {
        assert!(!format!("{:?}", address("ada@example.org")).contains("ada"));
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_is_refused(text in "\\PC{0,30}@?\\PC{0,30}") {
            if let Ok(parsed) = text.parse::<EmailAddress>() {
                prop_assert_eq!(&address(&parsed.normalised()), &parsed);
                prop_assert!(!parsed.as_str().contains(['\r', '\n', ' ']));
            }
        }
    }
}
