//! Tokens that are good once, for one purpose: sent by mail, or printed at the first start. The store knows their hash
//! only.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    digest,
    random::{self, Random},
    secret_text::SecretText,
};

/// What a token is good for; its hash for one purpose is not found for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
    FirstAdministrator,
}

/// 256 random bits, in base64url for links.
#[derive(Clone, Debug)]
pub(crate) struct OneTimeToken(SecretText);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a one-time token")]
pub(crate) struct NotAOneTimeToken;

impl OneTimeToken {
    pub(crate) fn generate(random: &dyn Random) -> Self {
        Self(SecretText::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>(random))))
    }

    /// From a link or a form. Whether such a token was given out and not used is for the store to say.
    pub(crate) fn parse(text: &str) -> Result<Self, NotAOneTimeToken> {
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Ok(Self(SecretText::new(text.to_owned()))),
            Ok(_) | Err(_) => Err(NotAOneTimeToken),
        }
    }

    /// The record's key. 256 random bits need no slow hash (ASVS 6.5.2).
    pub(crate) fn hash(&self, purpose: Purpose) -> [u8; 32] {
        let label = match purpose {
            Purpose::VerifyEmail => "verify-email",
            Purpose::ResetPassword => "reset-password",
            Purpose::FirstAdministrator => "first-administrator",
        };
        digest::sha256(format!("{label}:{}", self.0.expose()).as_bytes())
    }

    /// For the link in the message.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAOneTimeToken, OneTimeToken, Purpose};
    use crate::crypto::random::SystemRandomness;

    #[test]
    fn a_token_is_found_by_its_hash_for_its_purpose_only() {
        let token = OneTimeToken::generate(&SystemRandomness::new());
        let presented = OneTimeToken::parse(token.expose()).unwrap();
        assert_eq!(
            presented.hash(Purpose::ResetPassword),
            token.hash(Purpose::ResetPassword)
        );
        assert_ne!(presented.hash(Purpose::VerifyEmail), token.hash(Purpose::ResetPassword));
        assert_ne!(
            presented.hash(Purpose::FirstAdministrator),
            token.hash(Purpose::VerifyEmail)
        );
    }

    #[test]
    fn what_has_not_the_form_of_a_token_is_refused() {
        let token = OneTimeToken::generate(&SystemRandomness::new());
        for other in [
            "",
            "123456",
            &token.expose()[1..],
            &format!("{}A", token.expose()),
            &"ab".repeat(32),
        ] {
            assert_eq!(OneTimeToken::parse(other).unwrap_err(), NotAOneTimeToken, "{other}");
        }
        assert!(!format!("{token:?}").contains(token.expose()));
    }
}
