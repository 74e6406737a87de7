//! Refresh tokens: `lrt_` and, in base64url, the session's id, its generation and an HMAC over both. Opaque to clients;
//! the database holds the current generation and nothing that could be presented.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{digest, secret_text::SecretText};

const PREFIX: &str = "lrt_";
const ID: usize = 16;
const GENERATION: usize = 4;
const MAC: usize = 32;
const LABEL: &[u8] = b"refresh-token-v1";

/// Makes and reads refresh tokens.
#[derive(Clone)]
pub(crate) struct RefreshKey(hmac::Key);

/// What a genuine refresh token says. Whether it still counts is for the session's state to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) session: Uuid,
    /// 1 for the token of the login, one more at each rotation.
    pub(crate) generation: u32,
}

/// Not made by this installation, or altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token of ours")]
pub(crate) struct NotOurs;

impl RefreshKey {
    pub(crate) fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    /// The text for the client; the same token always has the same text.
    pub(crate) fn write(&self, token: RefreshToken) -> SecretText {
        let mut bytes = Vec::with_capacity(ID + GENERATION + MAC);
        bytes.extend_from_slice(token.session.as_bytes());
        bytes.extend_from_slice(&token.generation.to_be_bytes());
        let mac = digest::hmac_of_parts(&self.0, &[LABEL, &bytes]);
        bytes.extend_from_slice(&mac);
        SecretText::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads a token that `write` made; the HMAC is compared in constant time before anything else is believed.
    pub(crate) fn read(&self, text: &str) -> Result<RefreshToken, NotOurs> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NotOurs)?;
        let mut bytes = [0; ID + GENERATION + MAC];
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).map_err(|_| NotOurs)?;
        if length != bytes.len() {
            return Err(NotOurs);
        }
        let (body, mac) = bytes.split_at(ID + GENERATION);
        if !digest::equal(&digest::hmac_of_parts(&self.0, &[LABEL, body]), mac) {
            return Err(NotOurs);
        }
        let (id, generation) = body.split_at(ID);
        Ok(RefreshToken {
            session: Uuid::from_slice(id).map_err(|_| NotOurs)?,
            generation: u32::from_be_bytes(generation.try_into().map_err(|_| NotOurs)?),
        })
    }
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RefreshKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use proptest::{prelude::any, prop_assert_eq, proptest};
    use uuid::Uuid;

    use super::{NotOurs, RefreshKey, RefreshToken};

    fn key(bytes: &[u8]) -> RefreshKey {
        RefreshKey::new(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    #[test]
    fn a_token_is_opaque_text_with_a_prefix_and_always_the_same() {
        let token = RefreshToken {
            session: Uuid::from_u128(7),
            generation: 3,
        };
        let text = key(b"one").write(token);
        assert!(text.expose().starts_with("lrt_"));
        assert_eq!(text.expose().len(), 4 + 70);
        assert_eq!(text.expose(), key(b"one").write(token).expose());
        assert_eq!(format!("{text:?}"), "SecretText(redacted)");
    }

    #[test]
    fn another_installation_s_token_is_refused() {
        let token = RefreshToken {
            session: Uuid::from_u128(7),
            generation: 3,
        };
        assert_eq!(key(b"two").read(key(b"one").write(token).expose()), Err(NotOurs));
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = key(b"one").write(RefreshToken {
            session: Uuid::from_u128(7),
            generation: 3,
        });
        let text = text.expose();
        for other in [
            "",
            "lrt_",
            &text[4..],
            &text.to_uppercase(),
            &format!("{text}="),
            &format!("{text}A"),
            &format!(" {text}"),
            &format!("{text}\n"),
        ] {
            assert_eq!(key(b"one").read(other), Err(NotOurs), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn a_token_reads_as_it_was_written(session: u128, generation: u32) {
            let token = RefreshToken { session: Uuid::from_u128(session), generation };
            prop_assert_eq!(key(b"one").read(key(b"one").write(token).expose()), Ok(token));
        }

        #[test]
        fn one_altered_or_missing_character_is_refused(session: u128, generation: u32, at in any::<proptest::sample::Index>(), other in "[A-Za-z0-9_-]") {
            let text = key(b"one").write(RefreshToken { session: Uuid::from_u128(session), generation });
            let at = at.index(text.expose().len());
            let mut altered = text.expose().to_owned();
            altered.replace_range(at..=at, &other);
            if altered != text.expose() {
                prop_assert_eq!(key(b"one").read(&altered), Err(NotOurs));
            }
            prop_assert_eq!(key(b"one").read(&text.expose()[..at]), Err(NotOurs));
        }
    }
}
