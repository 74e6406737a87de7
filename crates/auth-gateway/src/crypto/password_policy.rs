//! Which new passwords are refused: short ones, widely used ones, and those made of what everybody knows about the
//! account. No composition rules and no expiry (NIST SP 800-63B-4 section 3.1.1.2, ASVS 6.2).

use std::{collections::HashSet, sync::LazyLock};

use super::password::Password;

/// Made by `password_policy/weak_list.rs`, which says how; in lower case, one a line, none under eight characters.
const WEAK: &str = include_str!("password_policy/weak_passwords.txt");
static WEAK_SET: LazyLock<HashSet<&'static str>> = LazyLock::new(|| WEAK.lines().collect());

/// A word of the account is enough to guess from when fewer characters than this remain without it.
const FEWEST_OWN_CHARACTERS: usize = 6;
const SHORTEST_WORD: usize = 4;

/// Rules for new passwords.
#[derive(Clone, Debug)]
pub(crate) struct PasswordPolicy {
    fewest_characters: usize,
    product_words: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password must have at least 8 characters, so no fewer can be asked")]
pub(crate) struct TooLax;

/// Why a new password is refused; said to its owner, who can then choose better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Weakness {
    #[error("choose a password of at least {fewest} characters")]
    TooShort { fewest: usize },
    #[error("this password is among those that attackers try first")]
    Common,
    #[error("this password is made from your e-mail address")]
    MadeFromEmail,
    #[error("this password is made from the product's name")]
    MadeFromProductName,
}

impl PasswordPolicy {
    /// `fewest_characters` counts Unicode code points, 8 at least. `product_words` are names that every user of the
    /// product knows.
    pub(crate) fn new(fewest_characters: usize, product_words: &[&str]) -> Result<Self, TooLax> {
        if fewest_characters < Password::FEWEST_BYTES {
            return Err(TooLax);
        }
        Ok(Self {
            fewest_characters,
            product_words: product_words.iter().map(|word| word.to_lowercase()).collect(),
        })
    }

    /// Judges a new password of the account with the address `email`.
    pub(crate) fn judge(&self, password: &Password, email: &str) -> Result<(), Weakness> {
        let text = password.expose();
        if text.chars().count() < self.fewest_characters {
            return Err(Weakness::TooShort {
                fewest: self.fewest_characters,
            });
        }
        let folded = secrecy::zeroize::Zeroizing::new(text.to_lowercase());
        if WEAK_SET.contains(folded.as_str()) {
            return Err(Weakness::Common);
        }
        if email_words(&email.to_lowercase())
            .iter()
            .any(|word| is_made_from(&folded, word))
        {
            return Err(Weakness::MadeFromEmail);
        }
        if self.product_words.iter().any(|word| is_made_from(&folded, word)) {
            return Err(Weakness::MadeFromProductName);
        }
        Ok(())
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            fewest_characters: Password::FEWEST_BYTES,
            product_words: vec!["lanonasis".to_owned(), "onasis".to_owned()],
        }
    }
}

/// The address, its halves, and the words of its local part.
fn email_words(email: &str) -> Vec<&str> {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let mut words = vec![email, local, domain];
    words.extend(local.split(['.', '_', '-', '+']));
    words.extend(domain.split('.').next());
    words
}

fn is_made_from(password: &str, word: &str) -> bool {
    word.chars().count() >= SHORTEST_WORD
        && password.contains(word)
        && password.replace(word, "").chars().count() < FEWEST_OWN_CHARACTERS
}

#[cfg(test)]
mod weak_list;

#[cfg(test)]
mod tests;
