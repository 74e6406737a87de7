//! The public keys whose signatures count, and the document that tells others (RFC 7517 section 5).

use jsonwebtoken::{DecodingKey, jwk::JwkSet};

use super::signing::PublicKey;

/// Keys by their id. A handful: the current one, the next, and those whose tokens have not all expired.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet(Vec<(PublicKey, DecodingKey)>);

impl KeySet {
    /// In the order given; a key given twice counts once.
    pub(crate) fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        let mut set = Self::default();
        for key in keys {
            if set.find(key.kid()).is_none() {
                let decoding = DecodingKey::from_ed_der(key.bytes());
                set.0.push((key, decoding));
            }
        }
        set
    }

    /// The body of `/oauth/jwks.json`.
    pub(crate) fn to_jwks(&self) -> JwkSet {
        JwkSet {
            keys: self.0.iter().map(|(key, _)| key.to_jwk()).collect(),
        }
    }

    /// Only these keys are ever looked at: an id is compared, never opened, fetched or queried.
    pub(super) fn find(&self, kid: &str) -> Option<&DecodingKey> {
        self.0
            .iter()
            .find(|(key, _)| key.kid() == kid)
            .map(|(_, decoding)| decoding)
    }
}

#[cfg(test)]
mod tests {
    use super::KeySet;
    use crate::crypto::{
        random::SeededRandomness,
        signing::{PublicKey, SigningKey},
    };

    #[test]
    fn the_document_lists_each_key_once_in_the_order_given() {
        let random = SeededRandomness::new(1);
        let keys: Vec<_> = (0..3).map(|_| SigningKey::generate(&random).public().clone()).collect();
        let set = KeySet::new(keys.iter().chain(&keys).cloned());
        let document = serde_json::to_value(set.to_jwks()).unwrap();
        let listed: Vec<&str> = document["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["kid"].as_str().unwrap())
            .collect();
        assert_eq!(listed, keys.iter().map(PublicKey::kid).collect::<Vec<_>>());
    }

    #[test]
    fn without_keys_the_document_is_an_empty_list() {
        assert_eq!(
            serde_json::to_string(&KeySet::default().to_jwks()).unwrap(),
            r#"{"keys":[]}"#
        );
    }
}
