//! API keys as people hold them. New ones are `lano_`, 43 random characters and 6 of a checksum, so that a mistyped or
//! invented key is refused without asking the store, and scanners for leaked secrets know one when they see it. The
//! store knows the hash only.

use super::{
    digest,
    random::{self, Random},
    secret_text::SecretText,
};

const PREFIX: &str = "lano_";
const RANDOM: usize = 43;
const CHECKSUM: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Bytes from here on would make the first characters likelier than the others.
const FAIR: u8 = 248;

const OLD_PREFIXES: [&str; 2] = ["lns_", "vx_"];
const OLD_LONGEST: usize = 256;
const OLD_HEX: usize = 64;

/// A key made here, whose checksum is right, or of the platform's former key services, known by its hash if it was imported. Whether it was given out is for the store to say.
#[derive(Clone, Debug)]
pub(crate) struct ApiKeyText(SecretText);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAKey {
    /// Above all: the hash of a key is no key.
    #[error("no prefix of an API key")]
    UnknownPrefix,
    #[error("an API key that was cut, mistyped or invented")]
    WrongChecksum,
}

impl ApiKeyText {
    /// How a text must begin that can be presented: `lano_` with 64 figures in hex behind it, the others with anything.
    pub(crate) const PREFIXES: [&str; 3] = [PREFIX, OLD_PREFIXES[0], OLD_PREFIXES[1]];

    /// A new key: 43 of 62 characters, 256 bits.
    pub(crate) fn generate(random: &dyn Random) -> Self {
        let mut text = String::with_capacity(PREFIX.len() + RANDOM + CHECKSUM);
        text.push_str(PREFIX);
        while text.len() < PREFIX.len() + RANDOM {
            let [byte] = random::bytes(random);
            if byte < FAIR {
                text.push(char::from(BASE62[usize::from(byte % 62)]));
            }
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(SecretText::new(text))
    }

    /// From a header.
    pub(crate) fn parse(text: &str) -> Result<Self, NotAKey> {
        match text.strip_prefix(PREFIX) {
            Some(rest) if is_ours(text, rest) || is_old_hex(rest) => {}
            Some(_) => return Err(NotAKey::WrongChecksum),
            None if is_old(text) => {}
            None => return Err(NotAKey::UnknownPrefix),
        }
        Ok(Self(SecretText::new(text.to_owned())))
    }

    /// Whether a credential that came as a bearer token is meant as an API key.
    pub(crate) fn looks_like_one(text: &str) -> bool {
        Self::PREFIXES.iter().any(|prefix| text.starts_with(prefix))
    }

    /// The key of the lookup `api_key_hash`: SHA-256 of the whole text, prefix included, as the platform's former
    /// services stored it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        digest::sha256(self.0.expose().as_bytes())
    }

    /// For the one answer that shows it to its owner.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn is_ours(text: &str, rest: &str) -> bool {
    rest.len() == RANDOM + CHECKSUM
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && checksum(&text[..PREFIX.len() + RANDOM]) == text[PREFIX.len() + RANDOM..]
}

/// The former services made `lano_` keys too, of 64 figures in hex.
fn is_old_hex(rest: &str) -> bool {
    rest.len() == OLD_HEX && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_old(text: &str) -> bool {
    OLD_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
        && !OLD_PREFIXES.contains(&text)
        && text.len() <= OLD_LONGEST
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// CRC-32 of what precedes, in base 62, six characters with leading zeros. Finds mistakes; proves nothing.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut characters = [b'0'; CHECKSUM];
    for character in characters.iter_mut().rev() {
        *character = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    characters.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests;
