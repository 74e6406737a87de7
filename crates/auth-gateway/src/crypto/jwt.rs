//! Signing our tokens and believing them again. One algorithm, our own keys, exact values: whatever a token's header
//! proposes besides is refused (RFC 8725, RFC 9068 section 4). Time is an argument. Whether the session still lives is
//! not asked here.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use event_store::Timestamp;
use jsonwebtoken::{Algorithm, Header};
use serde::Deserialize;

use super::{
    claims::{Registered, TokenClaims},
    key_set::KeySet,
    secret_text::SecretText,
    signing::SigningKey,
};

/// No token of ours comes near it.
const LONGEST: usize = 8 * 1024;
/// The last second of the year 9999: later times are mistakes, and sums with them could overflow.
const LAST_SECOND: u64 = 253_402_300_799;
const LARGEST_SKEW: Duration = Duration::from_secs(30);

/// Signs claims. The same claims and key give the same token: Ed25519 is deterministic.
pub(crate) fn sign<C: TokenClaims>(key: &SigningKey, claims: &C) -> SecretText {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(C::TYP.to_owned());
    header.kid = Some(key.kid().to_owned());
    let token = jsonwebtoken::encode(&header, claims, key.encoding())
        .expect("claims are JSON and the key is of the header's algorithm");
    SecretText::new(token)
}

/// What a token must say to be believed.
#[derive(Clone, Debug)]
pub(crate) struct Expectations {
    issuer: String,
    audiences: Vec<String>,
    skew: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clocks may differ by 30 seconds at most")]
pub(crate) struct SkewTooLarge;

/// A token that was signed by one of our keys for one of our audiences and is valid now. Only `verify` makes one.
#[derive(Clone, Debug)]
pub(crate) struct Verified<C>(C);

/// Why a token is not believed. Clients are told of expiry at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenRefused {
    #[error("the token is longer than 8 KiB")]
    TooLong,
    #[error("the token is not three parts in base64url")]
    Malformed,
    #[error("the token's header has other members than alg, typ and kid")]
    HeaderRefused,
    #[error("the token is not signed with EdDSA")]
    WrongAlgorithm,
    #[error("the token is of another type")]
    WrongType,
    #[error("the token is signed with no key of ours")]
    UnknownKey,
    #[error("the token's signature is not right")]
    WrongSignature,
    #[error("the token's claims are incomplete, repeated or of wrong types")]
    ClaimsRefused,
    #[error("the token is of another issuer")]
    WrongIssuer,
    #[error("the token is for another audience")]
    WrongAudience,
    #[error("the token's times contradict each other")]
    ImpossibleTimes,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token has expired")]
    Expired,
}

impl Expectations {
    /// One of `audiences` must be among the token's. `skew` is how far the clock of who signed it may be ahead, 0 to 30
    /// seconds; a token's end is its end.
    pub(crate) fn new(issuer: String, audiences: Vec<String>, skew: Duration) -> Result<Self, SkewTooLarge> {
        if skew > LARGEST_SKEW {
            return Err(SkewTooLarge);
        }
        Ok(Self {
            issuer,
            audiences,
            skew,
        })
    }

    /// Believes a token of the kind `C`, or says why not.
    pub(crate) fn verify<C: TokenClaims>(
        &self,
        keys: &KeySet,
        token: &str,
        now: Timestamp,
    ) -> Result<Verified<C>, TokenRefused> {
        let claims: C = signed(keys, token)?;
        let registered = claims.registered();
        self.compare(&registered)?;
        self.is_in_time(&registered, now)?;
        Ok(Verified(claims))
    }

    /// The claims of a token that was ours and may have expired: to end what it opened, and for nothing else.
    pub(crate) fn verify_lapsed<C: TokenClaims>(&self, keys: &KeySet, token: &str) -> Result<C, TokenRefused> {
        let claims: C = signed(keys, token)?;
        self.compare(&claims.registered())?;
        Ok(claims)
    }

    fn compare(&self, claims: &Registered<'_>) -> Result<(), TokenRefused> {
        if [claims.sub, claims.jti, claims.sid.unwrap_or("none")].contains(&"") {
            return Err(TokenRefused::ClaimsRefused);
        }
        if claims.iss != self.issuer {
            return Err(TokenRefused::WrongIssuer);
        }
        if !claims.aud.iter().any(|audience| self.audiences.contains(audience)) {
            return Err(TokenRefused::WrongAudience);
        }
        if claims.exp > LAST_SECOND || claims.exp <= claims.iat || claims.exp <= claims.nbf {
            return Err(TokenRefused::ImpossibleTimes);
        }
        Ok(())
    }

    fn is_in_time(&self, claims: &Registered<'_>, now: Timestamp) -> Result<(), TokenRefused> {
        let (now, skew) = (u64::try_from(now.0).unwrap_or(0), self.skew.as_secs());
        if claims.iat.max(claims.nbf) * 1000 > now + skew * 1000 {
            return Err(TokenRefused::NotYetValid);
        }
        // Whoever signed it said when it ends, by the same clock or one as good: an end in the past is no end to report.
        if now >= claims.exp * 1000 {
            return Err(TokenRefused::Expired);
        }
        Ok(())
    }
}

/// The claims of a token that one of the keys has signed, of which nothing else is believed yet.
fn signed<C: TokenClaims>(keys: &KeySet, token: &str) -> Result<C, TokenRefused> {
    let parts = Parts::split(token)?;
    let key = parts.header()?.find_key(C::TYP, keys)?;
    match jsonwebtoken::crypto::verify(parts.signature, parts.signed.as_bytes(), key, Algorithm::EdDSA) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(TokenRefused::WrongSignature),
    }
    parts.claims()
}

impl<C> Verified<C> {
    pub(crate) fn into_claims(self) -> C {
        self.0
    }
}

/// A compact JWS (RFC 7515 section 7.1), taken apart and not believed.
struct Parts<'a> {
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, TokenRefused> {
        if token.len() > LONGEST {
            return Err(TokenRefused::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenRefused::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenRefused::Malformed)?;
        if payload.contains('.') {
            return Err(TokenRefused::Malformed);
        }
        Ok(Self {
            signed,
            header,
            payload,
            signature,
        })
    }

    fn header(&self) -> Result<StrictHeader, TokenRefused> {
        let json = URL_SAFE_NO_PAD
            .decode(self.header)
            .map_err(|_| TokenRefused::Malformed)?;
        serde_json::from_slice(&json).map_err(|_| TokenRefused::HeaderRefused)
    }

    fn claims<C: TokenClaims>(&self) -> Result<C, TokenRefused> {
        let json = URL_SAFE_NO_PAD
            .decode(self.payload)
            .map_err(|_| TokenRefused::Malformed)?;
        serde_json::from_slice(&json).map_err(|_| TokenRefused::ClaimsRefused)
    }
}

/// Exactly what `sign` writes. `jku`, `jwk`, `x5u` and `x5c` would bring keys along, `crit` rules we don't know: all
/// are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

impl StrictHeader {
    fn find_key<'k>(&self, typ: &str, keys: &'k KeySet) -> Result<&'k jsonwebtoken::DecodingKey, TokenRefused> {
        if self.alg != "EdDSA" {
            return Err(TokenRefused::WrongAlgorithm);
        }
        if self.typ != typ {
            return Err(TokenRefused::WrongType);
        }
        keys.find(&self.kid).ok_or(TokenRefused::UnknownKey)
    }
}

#[cfg(test)]
mod tests;
