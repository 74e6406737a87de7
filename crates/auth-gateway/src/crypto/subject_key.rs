//! The data key of one subject (a person): seals the personal facts of that person's events. Destroying its wrapped
//! form erases them all, and the chain over the events still verifies, because it covers the sealed bytes.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretBox, zeroize::Zeroizing};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    random::{self, Random},
    seal::{SealBroken, SealKey},
};

const LENGTH: usize = 32;

/// A subject's key, unwrapped.
pub(crate) struct SubjectKey {
    bytes: SecretBox<[u8; LENGTH]>,
    seal: SealKey,
}

/// Why sealed personal facts could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FactError {
    #[error("the sealed facts of event {event} ({kind}) do not open with their subject's key")]
    Broken { event: Uuid, kind: String },
    #[error("the sealed facts of event {event} ({kind}) are not what that kind holds")]
    Unexpected { event: Uuid, kind: String },
}

impl SubjectKey {
    pub(crate) fn generate(random: &dyn Random) -> Self {
        Self::from_bytes(&Zeroizing::new(random::bytes(random)))
    }

    /// The key as it is stored: sealed under the master key's seal key, for `subject` alone.
    pub(crate) fn wrap(&self, master: &SealKey, random: &dyn Random, subject: &str) -> Vec<u8> {
        master.seal(random, &["subject-key", subject], self.bytes.expose_secret())
    }

    /// Opens what `wrap` made for the same subject.
    pub(crate) fn unwrap(master: &SealKey, subject: &str, wrapped: &[u8]) -> Result<Self, SealBroken> {
        let bytes = master.open(&["subject-key", subject], wrapped)?;
        let array: Zeroizing<[u8; LENGTH]> = Zeroizing::new(bytes.as_slice().try_into().map_err(|_| SealBroken)?);
        Ok(Self::from_bytes(&array))
    }

    /// Seals personal facts, as JSON, for the event `event` of kind `kind` and no other.
    pub(crate) fn seal_fact<T: Serialize>(&self, random: &dyn Random, event: Uuid, kind: &str, facts: &T) -> Vec<u8> {
        let json = Zeroizing::new(serde_json::to_vec(facts).expect("facts are structs with text keys"));
        self.seal
            .seal(random, &place(event, kind).each_ref().map(String::as_str), &json)
    }

    /// The facts that `seal_fact` sealed for the same event and kind.
    pub(crate) fn open_fact<T: DeserializeOwned>(
        &self,
        event: Uuid,
        kind: &str,
        sealed: &[u8],
    ) -> Result<T, FactError> {
        let broken = |SealBroken| FactError::Broken {
            event,
            kind: kind.to_owned(),
        };
        let json = self
            .seal
            .open(&place(event, kind).each_ref().map(String::as_str), sealed)
            .map_err(broken)?;
        // Serde's error would quote the facts.
        serde_json::from_slice(&json).map_err(|_| FactError::Unexpected {
            event,
            kind: kind.to_owned(),
        })
    }

    fn from_bytes(bytes: &[u8; LENGTH]) -> Self {
        Self {
            bytes: SecretBox::init_with(|| *bytes),
            seal: SealKey::new(bytes),
        }
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SubjectKey(redacted)")
    }
}

fn place(event: Uuid, kind: &str) -> [String; 3] {
    ["fact".to_owned(), event.hyphenated().to_string(), kind.to_owned()]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::{FactError, SubjectKey};
    use crate::crypto::{
        random::SystemRandomness,
        seal::{SealBroken, SealKey},
    };

    #[test]
    fn a_wrapped_key_opens_for_its_own_subject_only() {
        let (random, master) = (SystemRandomness::new(), SealKey::new(&[1; 32]));
        let key = SubjectKey::generate(&random);
        let wrapped = key.wrap(&master, &random, "ada");
        let sealed = key.seal_fact(
            &random,
            Uuid::nil(),
            "user.registered",
            &json!({"email": "ada@example.org"}),
        );

        let again = SubjectKey::unwrap(&master, "ada", &wrapped).unwrap();
        let facts: Value = again.open_fact(Uuid::nil(), "user.registered", &sealed).unwrap();
        assert_eq!(facts, json!({"email": "ada@example.org"}));

        assert_eq!(SubjectKey::unwrap(&master, "eve", &wrapped).unwrap_err(), SealBroken);
        assert_eq!(
            SubjectKey::unwrap(&SealKey::new(&[2; 32]), "ada", &wrapped).unwrap_err(),
            SealBroken
        );
    }

    #[test]
    fn facts_moved_to_another_event_or_kind_do_not_open() {
        let random = SystemRandomness::new();
        let key = SubjectKey::generate(&random);
        let event = Uuid::from_u128(7);
        let sealed = key.seal_fact(&random, event, "user.registered", &"ada@example.org");
        for (event, kind) in [(Uuid::from_u128(8), "user.registered"), (event, "user.renamed")] {
            assert!(matches!(
                key.open_fact::<String>(event, kind, &sealed),
                Err(FactError::Broken { .. })
            ));
        }
        let other = SubjectKey::generate(&random);
        assert!(matches!(
            other.open_fact::<String>(event, "user.registered", &sealed),
            Err(FactError::Broken { .. })
        ));
    }

    #[test]
    fn an_error_quotes_no_fact() {
        let random = SystemRandomness::new();
        let key = SubjectKey::generate(&random);
        let sealed = key.seal_fact(&random, Uuid::nil(), "user.registered", &"ada@example.org");
        let error = key
            .open_fact::<u64>(Uuid::nil(), "user.registered", &sealed)
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains("ada"));
    }
}
