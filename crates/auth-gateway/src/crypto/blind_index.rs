//! Digests to look personal text up by, which say nothing to whoever has the database without the key.

use std::fmt;

use aws_lc_rs::hmac;

use super::digest;

/// HMAC-SHA256 under a key derived from the master key.
#[derive(Clone)]
pub(crate) struct BlindIndex(hmac::Key);

impl BlindIndex {
    pub(crate) fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    /// The digest of `parts` as a `kind` (`email`, `account+address`, …). Other kinds and other borders between parts
    /// give other digests. Normalise the text first: the digest of another spelling is another digest.
    pub(crate) fn digest(&self, kind: &str, parts: &[&str]) -> [u8; 32] {
        let mut all = vec![kind.as_bytes()];
        all.extend(parts.iter().map(|part| part.as_bytes()));
        digest::hmac_of_parts(&self.0, &all)
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BlindIndex(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;

    use super::BlindIndex;

    fn index(key: &[u8]) -> BlindIndex {
        BlindIndex::new(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    #[test]
    fn the_same_text_is_found_again_and_no_other() {
        let index = index(b"one");
        let digest = index.digest("email", &["ada@example.org"]);
        assert_eq!(digest, index.digest("email", &["ada@example.org"]));
        assert_ne!(digest, index.digest("email", &["ada@example.com"]));
        assert_ne!(digest, index.digest("username", &["ada@example.org"]));
        assert_ne!(index.digest("pair", &["ab", "c"]), index.digest("pair", &["a", "bc"]));
    }

    #[test]
    fn another_key_gives_another_digest() {
        assert_ne!(
            index(b"one").digest("email", &["a"]),
            index(b"two").digest("email", &["a"])
        );
    }
}
