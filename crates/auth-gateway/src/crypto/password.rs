//! A password as a person gave it, and its hash as it is stored. Neither prints.

use std::fmt;

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{self, Ident, Output, ParamsString, Salt},
};
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    digest,
    password_parameters::{PEPPERED, PasswordParameters, Pepper},
};

/// 8 to 1,024 bytes of text, taken as they are: nothing is cut off, trimmed or normalised (ASVS 6.2.8). Wiped when
/// dropped.
pub(crate) struct Password(SecretString);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAPassword {
    #[error("a password has at least 8 bytes")]
    TooShort,
    #[error("a password has at most 1,024 bytes")]
    TooLong,
}

impl Password {
    pub(crate) const FEWEST_BYTES: usize = 8;
    pub(crate) const MOST_BYTES: usize = 1024;

    /// Takes the text over, so that no copy of it stays behind.
    pub(crate) fn new(text: String) -> Result<Self, NotAPassword> {
        let length = text.len();
        let secret = SecretString::from(text);
        match length {
            0..Self::FEWEST_BYTES => Err(NotAPassword::TooShort),
            Self::FEWEST_BYTES..=Self::MOST_BYTES => Ok(Self(secret)),
            _ => Err(NotAPassword::TooLong),
        }
    }

    /// What is compared in place of a text that can be no password: the comparison takes its time and finds it wrong.
    pub(crate) fn that_nobody_has() -> Self {
        Self(SecretString::from("\0".repeat(Self::FEWEST_BYTES)))
    }

    /// The same password, for a second use.
    pub(crate) fn again(&self) -> Self {
        Self(self.0.clone())
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(redacted)")
    }
}

/// An argon2id hash in PHC text form (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`). A personal fact: it belongs into sealed
/// bytes only.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(String);

/// A stored hash that is not argon2id in PHC form, costs more than any login may, or needs a pepper that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash can't be used")]
pub(crate) struct UnusableHash;

/// What became of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    /// Right, and the hash was made with other parameters than today's: hash the password anew and store that.
    RightButStale,
    Wrong,
}

impl PasswordHash {
    /// From its stored text; whether it can be used shows when it is.
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Hashes `password` with a fresh `salt` in `memory`, which is made large enough.
    pub(super) fn make(
        password: &Password,
        salt: [u8; 16],
        cost: PasswordParameters,
        pepper: Option<&Pepper>,
        memory: &mut Vec<Block>,
    ) -> Self {
        let params = cost.to_argon2(pepper.is_some());
        let output = hash(password, &salt, &params, pepper, memory);
        let text = phc::PasswordHash {
            algorithm: Ident::new("argon2id").expect("argon2id is an identifier of PHC"),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).expect("argon2's own parameters have a text form"),
            salt: Some(Salt::new(&salt).expect("a salt of PHC may have 16 bytes")),
            hash: Some(Output::new(&output).expect("an output of PHC may have 32 bytes")),
        };
        Self(text.to_string())
    }

    /// Compares in constant time.
    pub(super) fn verify(
        &self,
        password: &Password,
        today: PasswordParameters,
        pepper: Option<&Pepper>,
        memory: &mut Vec<Block>,
    ) -> Result<Verdict, UnusableHash> {
        let stored = phc::PasswordHash::new(&self.0).map_err(|_| UnusableHash)?;
        if stored.algorithm.as_str() != "argon2id" || stored.version != Some(Version::V0x13.into()) {
            return Err(UnusableHash);
        }
        let params = Params::try_from(&stored).map_err(|_| UnusableHash)?;
        let cost = PasswordParameters::of_stored(&params).ok_or(UnusableHash)?;
        let used_pepper = match (params.keyid(), pepper) {
            ([], _) => None,
            (PEPPERED, Some(pepper)) => Some(pepper),
            _ => return Err(UnusableHash),
        };
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
            return Err(UnusableHash);
        };
        if expected.len() != 32 || !params.data().is_empty() {
            return Err(UnusableHash);
        }
        let output = hash(password, &salt, &cost.to_argon2(false), used_pepper, memory);
        if !digest::equal(&output, expected.as_bytes()) {
            return Ok(Verdict::Wrong);
        }
        let as_today = cost == today && used_pepper.is_some() == pepper.is_some();
        Ok(if as_today {
            Verdict::Right
        } else {
            Verdict::RightButStale
        })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(redacted)")
    }
}

fn hash(
    password: &Password,
    salt: &[u8],
    params: &Params,
    pepper: Option<&Pepper>,
    memory: &mut Vec<Block>,
) -> [u8; 32] {
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let argon2 = match pepper {
        Some(pepper) => {
            Argon2::new_with_secret(pepper.bytes(), algorithm, version, params.clone()).expect("a pepper has 32 bytes")
        }
        None => Argon2::new(algorithm, version, params.clone()),
    };
    if memory.len() < params.block_count() {
        memory.resize(params.block_count(), Block::new());
    }
    let mut output = [0; 32];
    argon2
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, &mut output, memory.as_mut_slice())
        .expect("password, salt and memory are within argon2's limits");
    output
}

#[cfg(test)]
mod tests;
