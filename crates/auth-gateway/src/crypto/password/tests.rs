use argon2::Block;

use super::{NotAPassword, Password, PasswordHash, UnusableHash, Verdict};
use crate::crypto::password_parameters::{PasswordParameters, Pepper};

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

fn make(text: &str, pepper: Option<&Pepper>) -> PasswordHash {
    PasswordHash::make(
        &password(text),
        *b"sixteen bytes ok",
        PasswordParameters::default(),
        pepper,
        &mut Vec::new(),
    )
}

fn verify(hash: &PasswordHash, text: &str, pepper: Option<&Pepper>) -> Result<Verdict, UnusableHash> {
    hash.verify(&password(text), PasswordParameters::default(), pepper, &mut Vec::new())
}

#[test]
fn eight_to_1024_bytes_are_a_password() {
    let cases = [
        ("", Err(NotAPassword::TooShort)),
        ("seven77", Err(NotAPassword::TooShort)),
        ("eight888", Ok(())),
        ("ππππ", Ok(())),
        (&"a".repeat(1024), Ok(())),
        (&"a".repeat(1025), Err(NotAPassword::TooLong)),
    ];
    for (text, expected) in cases {
        assert_eq!(
            Password::new(text.to_owned()).map(|_| ()),
            expected,
            "{} bytes",
            text.len()
        );
    }
}

#[test]
fn a_hash_is_argon2id_in_phc_form_with_its_parameters() {
    let hash = make("correct horse", None);
    assert!(
        hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{}",
        hash.as_str()
    );
    let peppered = make("correct horse", Some(&Pepper::new(&[1; 32])));
    assert!(peppered.as_str().contains(",keyid="), "{}", peppered.as_str());
}

#[test]
fn only_the_very_same_password_is_right() {
    let hash = make("Correct horse é", None);
    assert_eq!(verify(&hash, "Correct horse é", None), Ok(Verdict::Right));
    // Case, white space and the decomposed form of é.
    for other in [
        "correct horse é",
        "Correct horse é ",
        " Correct horse é",
        "Correct horse e\u{301}",
        "Correct horse",
    ] {
        assert_eq!(verify(&hash, other, None), Ok(Verdict::Wrong), "{other:?}");
    }
}

#[test]
fn the_last_of_1024_bytes_counts_and_so_does_what_follows_a_nul() {
    let long = "a".repeat(1023);
    let hash = make(&format!("{long}b"), None);
    assert_eq!(verify(&hash, &format!("{long}b"), None), Ok(Verdict::Right));
    assert_eq!(verify(&hash, &format!("{long}c"), None), Ok(Verdict::Wrong));
    assert_eq!(
        verify(&make("before\0after", None), "before\0other", None),
        Ok(Verdict::Wrong)
    );
}

#[test]
fn a_hash_made_with_other_parameters_is_right_but_stale() {
    let hash = make("correct horse", None);
    let today = PasswordParameters::new(12288, 3, 1).unwrap();
    let verdict = hash.verify(&password("correct horse"), today, None, &mut Vec::new());
    assert_eq!(verdict, Ok(Verdict::RightButStale));
    assert_eq!(
        hash.verify(&password("wrong horse"), today, None, &mut Vec::new()),
        Ok(Verdict::Wrong)
    );
}

#[test]
fn a_pepper_must_be_the_same_and_may_come_later() {
    let (pepper, other) = (Pepper::new(&[1; 32]), Pepper::new(&[2; 32]));
    let (plain, peppered) = (make("correct horse", None), make("correct horse", Some(&pepper)));
    assert_eq!(verify(&peppered, "correct horse", Some(&pepper)), Ok(Verdict::Right));
    assert_eq!(verify(&peppered, "correct horse", Some(&other)), Ok(Verdict::Wrong));
    assert_eq!(verify(&peppered, "correct horse", None), Err(UnusableHash));
    assert_eq!(
        verify(&plain, "correct horse", Some(&pepper)),
        Ok(Verdict::RightButStale)
    );
}

#[test]
fn what_others_used_the_memory_for_does_not_matter() {
    let mut memory: Vec<Block> = Vec::new();
    let hash = PasswordHash::make(
        &password("correct horse"),
        [1; 16],
        PasswordParameters::default(),
        None,
        &mut memory,
    );
    PasswordHash::make(
        &password("another horse"),
        [2; 16],
        PasswordParameters::new(20480, 3, 1).unwrap(),
        None,
        &mut memory,
    );
    let verdict = hash.verify(
        &password("correct horse"),
        PasswordParameters::default(),
        None,
        &mut memory,
    );
    assert_eq!(verdict, Ok(Verdict::Right));
}

#[test]
fn a_stored_text_that_is_no_bearable_argon2id_hash_is_unusable() {
    let tail = "$c2l4dGVlbiBieXRlcyBvaw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let heads = [
        "plain text".to_owned(),
        String::new(),
        format!("$argon2i$v=19$m=19456,t=2,p=1{tail}"),
        format!("$argon2id$v=16$m=19456,t=2,p=1{tail}"),
        format!("$argon2id$v=19$m=4194304,t=2,p=1{tail}"),
        format!("$argon2id$v=19$m=19456,t=1000,p=1{tail}"),
        "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw".to_owned(),
        "$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234".to_owned(),
    ];
    for text in heads {
        let hash = PasswordHash::from_stored(text.clone());
        assert_eq!(verify(&hash, "correct horse", None), Err(UnusableHash), "{text}");
    }
}

#[test]
fn nothing_prints_a_password_or_its_hash() {
    let hash = make("correct horse", None);
    assert_eq!(
        format!("{:?} {hash:?}", password("correct horse")),
        "Password(redacted) PasswordHash(redacted)"
    );
}
