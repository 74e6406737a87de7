//! Bytes sealed with AES-256-GCM (NIST SP 800-38D): a version, a random nonce, the ciphertext and its tag. What belongs
//! with them (AAD) is not in them and must be given again to open them.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::zeroize::Zeroizing;

use super::random::{self, Random};

const VERSION: u8 = 1;
const HEAD: usize = 1 + NONCE_LEN;
const TAG: usize = 16;

/// A key that seals. Nonces are random: good for 2³² seals, far more than one key is given.
pub(crate) struct SealKey(LessSafeKey);

/// Altered, cut, sealed with another key, or for another place than the one given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open")]
pub(crate) struct SealBroken;

impl SealKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, key).expect("AES-256-GCM takes keys of 32 bytes");
        Self(LessSafeKey::new(unbound))
    }

    /// Seals `plain` for the place that `aad` names.
    pub(crate) fn seal(&self, random: &dyn Random, aad: &[&str], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random::bytes(random);
        let mut sealed = Vec::with_capacity(HEAD + plain.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(joined(aad)),
                &mut sealed[HEAD..],
            )
            .expect("AES-GCM seals anything under 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what `seal` made for the same `aad`.
    pub(crate) fn open(&self, aad: &[&str], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        if sealed.len() < HEAD + TAG || sealed[0] != VERSION {
            return Err(SealBroken);
        }
        let (head, body) = sealed.split_at(HEAD);
        let nonce = Nonce::try_assume_unique_for_key(&head[1..]).map_err(|_| SealBroken)?;
        let mut plain = Zeroizing::new(body.to_vec());
        self.0
            .open_in_place(nonce, Aad::from(joined(aad)), &mut plain)
            .map_err(|_| SealBroken)?;
        plain.truncate(body.len() - TAG);
        Ok(plain)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealKey(redacted)")
    }
}

/// Each part preceded by its length, so that no two lists of parts read alike.
fn joined(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests;
