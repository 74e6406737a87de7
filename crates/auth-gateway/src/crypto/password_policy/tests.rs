use super::{PasswordPolicy, TooLax, WEAK_SET, Weakness};
use crate::crypto::password::Password;

fn judge(policy: &PasswordPolicy, text: &str) -> Result<(), Weakness> {
    policy.judge(
        &Password::new(text.to_owned()).unwrap(),
        "Ada.Lovelace@engines.example.org",
    )
}

#[test]
fn passwords_that_everybody_tries_are_refused_in_any_case() {
    for text in [
        "password",
        "PassWord",
        "Password1",
        "password123!",
        "12345678",
        "0123456789",
        "87654321",
        "qwertyui",
        "1q2w3e4r",
        "Qwertyuiop",
        "iloveyou",
        "sunshine",
        "Summer2024",
        "letmein1",
        "letmein123",
        "michelle",
        "jordan123",
        "aaaaaaaa",
        "11111111",
        "12341234",
        "P@ssw0rd",
        "passw0rd",
        "trustno1",
        "testtest",
        "drowssap",
        "abcd1234",
        "changeme",
        "administrator",
        "1qaz2wsx",
        "zaq12wsx",
    ] {
        assert_eq!(judge(&PasswordPolicy::default(), text), Err(Weakness::Common), "{text}");
    }
}

#[test]
fn any_composition_is_accepted() {
    for text in [
        "correct horse battery staple",
        "lowercaseonlybutown",
        "48151623421918",
        "ÄÖÜ päßwörd ist lang",
        "        x",
        "🦀🦀🦀🦀🦀🦀🦀🦀",
    ] {
        assert_eq!(judge(&PasswordPolicy::default(), text), Ok(()), "{text}");
    }
}

#[test]
fn characters_are_counted_not_bytes() {
    let policy = PasswordPolicy::new(15, &[]).unwrap();
    assert_eq!(judge(&policy, "fourteen chars"), Err(Weakness::TooShort { fewest: 15 }));
    assert_eq!(judge(&policy, "fifteen chars!!"), Ok(()));
    assert_eq!(
        judge(&PasswordPolicy::default(), "🦀🦀🦀🦀🦀🦀🦀"),
        Err(Weakness::TooShort { fewest: 8 })
    );
    assert_eq!(PasswordPolicy::new(7, &[]).unwrap_err(), TooLax);
}

#[test]
fn what_everybody_knows_about_the_account_is_refused() {
    let cases = [
        ("ada.lovelace", Err(Weakness::MadeFromEmail)),
        ("Lovelace1815", Err(Weakness::MadeFromEmail)),
        ("xx-LOVELACE", Err(Weakness::MadeFromEmail)),
        ("ada.lovelace@engines.example.org", Err(Weakness::MadeFromEmail)),
        ("engines!!!", Err(Weakness::MadeFromEmail)),
        ("Lanonasis2026", Err(Weakness::MadeFromProductName)),
        ("onasis-123", Err(Weakness::MadeFromProductName)),
        // Enough of its own remains.
        ("lovelace wrote the first one", Ok(())),
        ("my lanonasis passphrase", Ok(())),
        // Too short a word to matter.
        ("adagio24", Ok(())),
    ];
    for (text, expected) in cases {
        assert_eq!(judge(&PasswordPolicy::default(), text), expected, "{text}");
    }
}

#[test]
fn an_account_without_an_address_is_judged_all_the_same() {
    let password = Password::new("correct horse".to_owned()).unwrap();
    assert_eq!(PasswordPolicy::default().judge(&password, ""), Ok(()));
}

#[test]
fn the_list_is_in_lower_case_and_holds_nothing_that_length_refuses_already() {
    assert!(
        WEAK_SET
            .iter()
            .all(|text| text.to_lowercase() == **text && text.chars().count() >= 8)
    );
}
