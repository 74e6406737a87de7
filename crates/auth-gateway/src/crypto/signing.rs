//! Ed25519 keys (RFC 8032) that sign tokens: the private half in memory or sealed, the public half as a JWK (RFC 8037).

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    EncodingKey,
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm, OctetKeyPairParameters,
        OctetKeyPairType, PublicKeyUse, ThumbprintHash,
    },
};
use secrecy::{ExposeSecret as _, SecretBox, zeroize::Zeroizing};

use super::{
    random::{self, Random},
    seal::{SealBroken, SealKey},
};

const LENGTH: usize = 32;

/// A private key with its public half.
pub(crate) struct SigningKey {
    seed: SecretBox<[u8; LENGTH]>,
    public: PublicKey,
    encoding: EncodingKey,
}

/// The public half; its id is its thumbprint (RFC 7638), so that no two keys share one and no client can choose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    bytes: [u8; LENGTH],
    kid: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 public key of 32 bytes in base64url")]
pub(crate) struct NotAPublicKey;

impl SigningKey {
    pub(crate) fn generate(random: &dyn Random) -> Self {
        Self::from_seed(&Zeroizing::new(random::bytes(random)))
    }

    /// The private half as it is stored: sealed under the master key's seal key, for this key id alone.
    pub(crate) fn wrap(&self, master: &SealKey, random: &dyn Random) -> Vec<u8> {
        master.seal(random, &["signing-key", self.kid()], self.seed.expose_secret())
    }

    /// Opens what `wrap` made of the key `kid`.
    pub(crate) fn unwrap(master: &SealKey, kid: &str, wrapped: &[u8]) -> Result<Self, SealBroken> {
        let seed = master.open(&["signing-key", kid], wrapped)?;
        let seed: Zeroizing<[u8; LENGTH]> = Zeroizing::new(seed.as_slice().try_into().map_err(|_| SealBroken)?);
        let key = Self::from_seed(&seed);
        if key.kid() == kid { Ok(key) } else { Err(SealBroken) }
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn kid(&self) -> &str {
        &self.public.kid
    }

    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    fn from_seed(seed: &[u8; LENGTH]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are an Ed25519 seed");
        let pkcs8 = pair.to_pkcs8().expect("an Ed25519 key has a PKCS #8 form");
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .expect("an Ed25519 public key has 32 bytes");
        Self {
            seed: SecretBox::init_with(|| *seed),
            public: PublicKey::from_bytes(public),
            encoding: EncodingKey::from_ed_der(pkcs8.as_ref()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({}, redacted)", self.kid())
    }
}

impl PublicKey {
    /// From the `x` of a JWK: 32 bytes in base64url.
    pub(crate) fn from_base64url(x: &str) -> Result<Self, NotAPublicKey> {
        let bytes = URL_SAFE_NO_PAD.decode(x).map_err(|_| NotAPublicKey)?;
        Ok(Self::from_bytes(bytes.try_into().map_err(|_| NotAPublicKey)?))
    }

    /// The `x` of a JWK, as events keep it.
    pub(crate) fn to_base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes)
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As `/oauth/jwks.json` shows it (RFC 8037 section 2).
    pub(super) fn to_jwk(&self) -> Jwk {
        let mut jwk = bare_jwk(&self.bytes);
        jwk.common = CommonParameters {
            public_key_use: Some(PublicKeyUse::Signature),
            key_algorithm: Some(KeyAlgorithm::EdDSA),
            key_id: Some(self.kid.clone()),
            ..CommonParameters::default()
        };
        jwk
    }

    fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        let kid = bare_jwk(&bytes)
            .thumbprint(ThumbprintHash::SHA256)
            .expect("an OKP key has a thumbprint");
        Self { bytes, kid }
    }
}

fn bare_jwk(bytes: &[u8; LENGTH]) -> Jwk {
    Jwk {
        common: CommonParameters::default(),
        algorithm: AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
            key_type: OctetKeyPairType::OctetKeyPair,
            curve: EllipticCurve::Ed25519,
            x: URL_SAFE_NO_PAD.encode(bytes),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAPublicKey, PublicKey, SigningKey};
    use crate::crypto::{
        random::{SeededRandomness, SystemRandomness},
        seal::{SealBroken, SealKey},
    };

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_8037_appendix_a_3() {
        let key = PublicKey::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_public_half_shows_no_private_member() {
        let key = SigningKey::generate(&SeededRandomness::new(1));
        let jwk = serde_json::to_value(key.public().to_jwk()).unwrap();
        let members: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["use", "alg", "kid", "kty", "crv", "x"]);
        assert_eq!(
            (jwk["kty"].as_str(), jwk["crv"].as_str(), jwk["alg"].as_str()),
            (Some("OKP"), Some("Ed25519"), Some("EdDSA"))
        );
        assert_eq!(
            PublicKey::from_base64url(jwk["x"].as_str().unwrap()).as_ref(),
            Ok(key.public())
        );
    }

    #[test]
    fn a_wrapped_key_opens_under_its_own_id_only() {
        let (random, master) = (SystemRandomness::new(), SealKey::new(&[1; 32]));
        let (key, other) = (SigningKey::generate(&random), SigningKey::generate(&random));
        let wrapped = key.wrap(&master, &random);
        assert_eq!(
            SigningKey::unwrap(&master, key.kid(), &wrapped).unwrap().public(),
            key.public()
        );
        assert_eq!(
            SigningKey::unwrap(&master, other.kid(), &wrapped).unwrap_err(),
            SealBroken
        );
        assert_eq!(
            SigningKey::unwrap(&SealKey::new(&[2; 32]), key.kid(), &wrapped).unwrap_err(),
            SealBroken
        );
    }

    #[test]
    fn what_is_not_32_bytes_is_no_public_key() {
        for x in [
            "",
            "AAAA",
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            "not base64 at all",
        ] {
            assert_eq!(PublicKey::from_base64url(x), Err(NotAPublicKey), "{x}");
        }
    }

    #[test]
    fn a_private_key_is_never_printed() {
        let key = SigningKey::generate(&SeededRandomness::new(1));
        assert_eq!(format!("{key:?}"), format!("SigningKey({}, redacted)", key.kid()));
    }
}
