//! SHA-256 and comparison in constant time.

/// SHA-256 (FIPS 180-4) of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().try_into().expect("a SHA-256 digest is 32 bytes")
}

/// Whether both are the same bytes, in a time that depends on their lengths alone.
pub(crate) fn equal(one: &[u8], other: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// HMAC-SHA256 over `parts`, each preceded by its length in eight bytes, so that no two lists of parts read alike.
pub(crate) fn hmac_of_parts(key: &aws_lc_rs::hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = aws_lc_rs::hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    context
        .sign()
        .as_ref()
        .try_into()
        .expect("an HMAC-SHA256 tag is 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::{equal, hmac_of_parts, sha256};

    #[test]
    fn sha256_gives_the_standards_example() {
        let expected: [u8; 4] = [0xba, 0x78, 0x16, 0xbf];
        assert_eq!(sha256(b"abc")[..4], expected);
    }

    #[test]
    fn only_the_same_bytes_are_equal() {
        assert!(equal(b"same", b"same"));
        assert!(!equal(b"same", b"sama"));
        assert!(!equal(b"same", b"same longer"));
    }

    #[test]
    fn moving_a_border_between_parts_changes_the_tag() {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"key");
        assert_ne!(hmac_of_parts(&key, &[b"ab", b"c"]), hmac_of_parts(&key, &[b"a", b"bc"]));
        assert_ne!(hmac_of_parts(&key, &[b"abc"]), hmac_of_parts(&key, &[b"abc", b""]));
    }
}
