//! The opaque handle in the session cookie: 256 random bits. The store knows its hash only.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    digest,
    random::{self, Random},
    secret_text::SecretText,
};

/// 32 random bytes in base64url, 43 characters that a cookie may hold as they are.
#[derive(Clone, Debug)]
pub(crate) struct SessionHandle(SecretText);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a session handle")]
pub(crate) struct NotAHandle;

impl SessionHandle {
    pub(crate) fn generate(random: &dyn Random) -> Self {
        Self(SecretText::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>(random))))
    }

    /// From the cookie. Any 32 bytes in base64url have the form of a handle; whether there is such a session is for the
    /// store to say.
    pub(crate) fn parse(text: &str) -> Result<Self, NotAHandle> {
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => Ok(Self(SecretText::new(text.to_owned()))),
            Ok(_) | Err(_) => Err(NotAHandle),
        }
    }

    /// The key of the lookup `session_handle`. 256 random bits need no slow hash.
    pub(crate) fn hash(&self) -> [u8; 32] {
        digest::sha256(self.0.expose().as_bytes())
    }

    /// For the `Set-Cookie` header.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAHandle, SessionHandle};
    use crate::crypto::random::SystemRandomness;

    #[test]
    fn a_handle_comes_back_from_its_cookie_with_the_same_hash() {
        let handle = SessionHandle::generate(&SystemRandomness::new());
        assert_eq!(SessionHandle::parse(handle.expose()).unwrap().hash(), handle.hash());
        assert_ne!(SessionHandle::generate(&SystemRandomness::new()).hash(), handle.hash());
        assert!(!format!("{handle:?}").contains(handle.expose()));
    }

    #[test]
    fn what_is_not_32_bytes_in_base64url_is_no_handle() {
        let handle = SessionHandle::generate(&SystemRandomness::new());
        let text = handle.expose();
        for other in [
            "",
            "x",
            &text[1..],
            &format!("{text}A"),
            &format!("{text}="),
            &"+".repeat(43),
            &"ab".repeat(32),
            &"_".repeat(43),
        ] {
            assert_eq!(SessionHandle::parse(other).unwrap_err(), NotAHandle, "{other}");
        }
    }
}
