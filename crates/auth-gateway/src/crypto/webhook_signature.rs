//! Signatures on what we send to others' HTTP endpoints, in the form of Standard Webhooks: an id, a time and the body
//! under HMAC-SHA256, so that a receiver can check with any of its libraries that the message is ours, is fresh, and is
//! not one it has had.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The key shared with one receiver.
#[derive(Clone)]
pub(crate) struct WebhookKey(hmac::Key);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook's secret has 24 to 64 bytes, as whsec_ and base64, or as plain text")]
pub(crate) struct UnusableSecret;

impl WebhookKey {
    /// From `whsec_` and base64, the form receivers' libraries take, or from plain text.
    pub(crate) fn from_secret(secret: &str) -> Result<Self, UnusableSecret> {
        let bytes = match secret.strip_prefix("whsec_") {
            Some(encoded) => STANDARD.decode(encoded).map_err(|_| UnusableSecret)?,
            None => secret.as_bytes().to_vec(),
        };
        let bytes = secrecy::zeroize::Zeroizing::new(bytes);
        if !(24..=64).contains(&bytes.len()) {
            return Err(UnusableSecret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The value of `webhook-signature` for a message with the headers `webhook-id: id` and `webhook-timestamp:
    /// seconds`.
    pub(crate) fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WebhookKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::{UnusableSecret, WebhookKey};

    #[test]
    fn the_published_example_of_standard_webhooks_comes_out() {
        let key = WebhookKey::from_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn id_time_and_body_all_count() {
        let key = WebhookKey::from_secret("a plain text of 24 bytes").unwrap();
        let signature = key.sign("id", 1, b"body");
        for other in [
            key.sign("ie", 1, b"body"),
            key.sign("id", 2, b"body"),
            key.sign("id", 1, b"bode"),
        ] {
            assert_ne!(signature, other);
        }
        assert_eq!(format!("{key:?}"), "WebhookKey(redacted)");
    }

    #[test]
    fn secrets_too_short_to_be_secret_are_refused() {
        for secret in ["", "short", "whsec_", "whsec_AAAA", "whsec_not base64", &"a".repeat(65)] {
            assert_eq!(WebhookKey::from_secret(secret).unwrap_err(), UnusableSecret, "{secret}");
        }
    }
}
