use std::collections::HashSet;

use proptest::{prelude::any, proptest};

use super::{SealBroken, SealKey};
use crate::crypto::random::{SeededRandomness, SystemRandomness};

#[test]
fn the_same_bytes_are_sealed_differently_each_time() {
    let (key, random) = (SealKey::new(&[1; 32]), SystemRandomness::new());
    let sealed: HashSet<Vec<u8>> = (0..100).map(|_| key.seal(&random, &["place"], b"secret")).collect();
    assert_eq!(sealed.len(), 100);
}

#[test]
fn nothing_of_the_plain_text_shows() {
    let sealed = SealKey::new(&[1; 32]).seal(&SystemRandomness::new(), &[], b"ada@example.org");
    assert!(
        !sealed
            .windows(4)
            .any(|part| b"ada@example.org".windows(4).any(|plain| plain == part))
    );
}

#[test]
fn another_key_or_place_does_not_open() {
    let (key, random) = (SealKey::new(&[1; 32]), SeededRandomness::new(1));
    let sealed = key.seal(&random, &["ab", "c"], b"secret");
    assert_eq!(key.open(&["ab", "c"], &sealed).unwrap().as_slice(), b"secret");
    assert_eq!(SealKey::new(&[2; 32]).open(&["ab", "c"], &sealed), Err(SealBroken));
    for place in [&["a", "bc"][..], &["ab"], &["abc"], &[], &["c", "ab"]] {
        assert_eq!(key.open(place, &sealed), Err(SealBroken), "{place:?}");
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens(plain: Vec<u8>, place: String, key: [u8; 32], seed: u64) {
        let key = SealKey::new(&key);
        let sealed = key.seal(&SeededRandomness::new(seed), &[&place], &plain);
        assert_eq!(key.open(&[&place], &sealed).unwrap().as_slice(), plain);
    }

    #[test]
    fn one_flipped_bit_or_missing_byte_is_found(plain: Vec<u8>, at in any::<proptest::sample::Index>(), bit in 0..8u8) {
        let key = SealKey::new(&[3; 32]);
        let sealed = key.seal(&SeededRandomness::new(5), &["place"], &plain);
        let mut flipped = sealed.clone();
        flipped[at.index(sealed.len())] ^= 1 << bit;
        assert_eq!(key.open(&["place"], &flipped), Err(SealBroken));
        assert_eq!(key.open(&["place"], &sealed[..at.index(sealed.len())]), Err(SealBroken));
    }
}
