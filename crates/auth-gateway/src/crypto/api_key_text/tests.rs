use std::collections::HashMap;

use proptest::{prelude::any, prop_assert_eq, proptest};

use super::{ApiKeyText, NotAKey};
use crate::crypto::{
    digest::sha256,
    random::{SeededRandomness, SystemRandomness},
};

#[test]
fn a_new_key_is_its_prefix_43_characters_and_a_checksum() {
    let key = ApiKeyText::generate(&SystemRandomness::new());
    let rest = key.expose().strip_prefix("lano_").unwrap();
    assert_eq!(rest.len(), 49);
    assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let parsed = ApiKeyText::parse(key.expose()).unwrap();
    assert_eq!(parsed.hash(), key.hash());
    assert_eq!(key.hash(), sha256(key.expose().as_bytes()));
}

#[test]
fn the_checksum_stays_what_it_is_across_releases() {
    let key = ApiKeyText::generate(&SeededRandomness::new(1));
    insta::assert_snapshot!(key.expose(), @"lano_LG08nX8tY9RUVyLHdFuPU7e5e4FmMLDtC4nfYmv4WSO0YdrdR");
}

#[test]
fn every_character_is_as_likely_as_any_other() {
    let random = SeededRandomness::new(2);
    let mut counts: HashMap<u8, u32> = HashMap::new();
    for _ in 0..2000 {
        let key = ApiKeyText::generate(&random);
        key.expose().as_bytes()[5..48]
            .iter()
            .for_each(|byte| *counts.entry(*byte).or_default() += 1);
    }
    // 86,000 characters, 1,387 of each expected, 37 the standard deviation.
    assert_eq!(counts.len(), 62);
    assert!(counts.values().all(|count| (1200..1580).contains(count)), "{counts:?}");
}

#[test]
fn the_hash_of_a_key_is_never_a_key() {
    let key = ApiKeyText::generate(&SystemRandomness::new());
    let hash: String = key.hash().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(ApiKeyText::parse(&hash).unwrap_err(), NotAKey::UnknownPrefix);
    assert_eq!(
        ApiKeyText::parse(&hash.to_uppercase()).unwrap_err(),
        NotAKey::UnknownPrefix
    );
    assert!(!ApiKeyText::looks_like_one(&hash));
    // With a prefix before it, it is another text with another hash.
    assert_ne!(ApiKeyText::parse(&format!("lano_{hash}")).unwrap().hash(), key.hash());
}

#[test]
fn keys_of_former_services_are_taken_as_they_are() {
    let hex = "0123456789abcdef".repeat(4);
    for text in [
        "lns_0123456789ab",
        "vx_short",
        "vx_live-0123456789.abc",
        &format!("lano_{hex}"),
    ] {
        let key = ApiKeyText::parse(text).unwrap();
        assert_eq!(key.hash(), sha256(text.as_bytes()), "{text}");
    }
    for text in [
        "lns_",
        "vx_",
        "lns_with space 0123456",
        "vx_0123456789abcé",
        &format!("vx_{}", "a".repeat(300)),
    ] {
        assert_eq!(ApiKeyText::parse(text).unwrap_err(), NotAKey::UnknownPrefix, "{text}");
    }
}

#[test]
fn other_texts_are_no_keys() {
    let key = ApiKeyText::generate(&SystemRandomness::new());
    let text = key.expose();
    for other in [
        "",
        "lano",
        "sk_live_0123456789abcdef",
        &text[5..],
        &text.to_uppercase(),
        &format!(" {text}"),
    ] {
        assert_eq!(ApiKeyText::parse(other).unwrap_err(), NotAKey::UnknownPrefix, "{other}");
    }
    let upper_hex = format!("lano_{}", "0123456789ABCDEF".repeat(4));
    for other in [
        "lano_",
        &text[..53],
        &format!("{text}0"),
        &format!("{text}\n"),
        &upper_hex,
        &format!("lano_{}", "é".repeat(24)),
        &format!("lano_{}é", "a".repeat(47)),
    ] {
        assert_eq!(ApiKeyText::parse(other).unwrap_err(), NotAKey::WrongChecksum, "{other}");
    }
}

#[test]
fn a_key_does_not_show_in_debug_output() {
    let key = ApiKeyText::generate(&SystemRandomness::new());
    assert!(!format!("{key:?}").contains(&key.expose()[5..]));
}

proptest! {
    #[test]
    fn one_mistyped_character_is_found(seed: u64, at in 5..54usize, other in "[A-Za-z0-9]") {
        let key = ApiKeyText::generate(&SeededRandomness::new(seed));
        let mut typed = key.expose().to_owned();
        typed.replace_range(at..=at, &other);
        prop_assert_eq!(ApiKeyText::parse(&typed).is_ok(), typed == key.expose());
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>(), prefix in "(lano_|lns_|vx_)?") {
        let _ = ApiKeyText::parse(&format!("{prefix}{text}"));
    }
}
