//! What happens to signing keys.

use event_store::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload")]
pub(crate) enum SigningKeyEvent {
    #[serde(rename = "signing_key.published")]
    Published {
        kid: String,
        algorithm: String,
        public_key: String,
    },
    /// Another key is to sign in its place as soon as one was shown for long enough, before the schedule says so.
    #[serde(rename = "signing_key.rotation_requested")]
    RotationRequested { kid: String },
    #[serde(rename = "signing_key.activated")]
    Activated { kid: String },
    #[serde(rename = "signing_key.retiring")]
    Retiring { kid: String, until: Timestamp },
    #[serde(rename = "signing_key.retired")]
    Retired { kid: String, reason: RetireReason },
    /// Somebody else may have it: whatever it signed is void. The reason is in an operator's words.
    #[serde(rename = "signing_key.withdrawn")]
    Withdrawn { kid: String, reason: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RetireReason {
    /// Its time was over.
    Scheduled,
}
