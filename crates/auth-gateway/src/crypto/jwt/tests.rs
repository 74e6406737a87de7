//! Honest tokens; the attacks are in the folder beside.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use event_store::Timestamp;
use serde_json::{Value, json};

use super::{Expectations, SkewTooLarge, TokenRefused, sign};
use crate::crypto::{
    claims::{AccessClaims, AssertionClaims},
    key_set::KeySet,
    random::SeededRandomness,
    signing::SigningKey,
};

mod attacks;
mod claim_attacks;

const ISSUER: &str = "https://auth.example.org";
const AUDIENCE: &str = "https://api.example.org";
/// 14 November 2023, in seconds.
const IAT: u64 = 1_700_000_000;
const NOW: Timestamp = Timestamp(1_700_000_010_000);

fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&SeededRandomness::new(seed))
}

fn keys() -> KeySet {
    KeySet::new([key(1).public().clone(), key(2).public().clone()])
}

fn expectations(skew: u64) -> Expectations {
    Expectations::new(
        ISSUER.into(),
        vec![AUDIENCE.into(), "lanonasis".into()],
        Duration::from_secs(skew),
    )
    .unwrap()
}

fn access() -> AccessClaims {
    AccessClaims {
        iss: ISSUER.into(),
        sub: "018b-user".into(),
        aud: vec![AUDIENCE.into()],
        client_id: "lanonasis-cli".into(),
        scope: "memories:read memories:write".into(),
        sid: "018b-session".into(),
        jti: "018b-token".into(),
        iat: IAT,
        nbf: IAT,
        exp: IAT + 900,
        role: "user".into(),
        project_scope: None,
        organization_id: "018b-organization".into(),
    }
}

fn assertion() -> AssertionClaims {
    AssertionClaims {
        iss: ISSUER.into(),
        sub: "018b-user".into(),
        aud: vec![AUDIENCE.into()],
        jti: "018b-assertion".into(),
        iat: IAT,
        nbf: IAT,
        exp: IAT + 60,
        scope: "memories:read".into(),
        actor_type: "user".into(),
        role: Some("user".into()),
        organization_id: Some("018b-organization".into()),
        project_scope: Some("lanonasis-maas".into()),
        auth_method: "api_key".into(),
        sid: None,
        client_id: None,
        api_key_id: Some("018b-key".into()),
    }
}

fn verify(token: &str) -> Result<AccessClaims, TokenRefused> {
    expectations(0)
        .verify(&keys(), token, NOW)
        .map(super::Verified::into_claims)
}

fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

#[test]
fn an_access_token_is_what_rfc_9068_describes_and_is_believed() {
    let token = sign(&key(1), &access());
    assert_eq!(
        part(token.expose(), 0),
        json!({"typ": "at+jwt", "alg": "EdDSA", "kid": key(1).kid()})
    );
    assert_eq!(
        part(token.expose(), 1),
        json!({"iss": ISSUER, "sub": "018b-user", "aud": [AUDIENCE], "client_id": "lanonasis-cli", "scope": "memories:read memories:write",
            "sid": "018b-session", "jti": "018b-token", "iat": IAT, "nbf": IAT, "exp": IAT + 900, "role": "user", "organization_id": "018b-organization"})
    );
    assert_eq!(verify(token.expose()), Ok(access()));
}

#[test]
fn an_assertion_is_believed_as_an_assertion() {
    let token = sign(&key(2), &assertion());
    let verified = expectations(0)
        .verify::<AssertionClaims>(&keys(), token.expose(), NOW)
        .unwrap();
    assert_eq!(verified.into_claims(), assertion());
}

#[test]
fn the_same_claims_give_the_same_token() {
    assert_eq!(sign(&key(1), &access()).expose(), sign(&key(1), &access()).expose());
    assert_ne!(sign(&key(1), &access()).expose(), sign(&key(2), &access()).expose());
}

#[test]
fn one_of_several_audiences_is_enough() {
    let token = sign(
        &key(1),
        &AccessClaims {
            aud: vec!["elsewhere".into(), "lanonasis".into()],
            ..access()
        },
    );
    verify(token.expose()).unwrap();
}

#[test]
fn a_token_lives_from_its_first_to_its_last_second() {
    let token = sign(&key(1), &access());
    let (first, end) = (1_700_000_000_000, 1_700_000_900_000);
    let cases = [
        (0, first - 1, Some(TokenRefused::NotYetValid)),
        (0, first, None),
        (0, end - 1, None),
        (0, end, Some(TokenRefused::Expired)),
        (30, first - 30_001, Some(TokenRefused::NotYetValid)),
        (30, first - 30_000, None),
        (30, end - 1, None),
        (30, end, Some(TokenRefused::Expired)),
        (0, i64::MAX, Some(TokenRefused::Expired)),
        (0, i64::MIN, Some(TokenRefused::NotYetValid)),
    ];
    for (skew, now, expected) in cases {
        let verified = expectations(skew).verify::<AccessClaims>(&keys(), token.expose(), Timestamp(now));
        assert_eq!(verified.err(), expected, "skew {skew} at {now}");
    }
}

#[test]
fn clocks_may_differ_by_half_a_minute_at_most() {
    assert_eq!(
        Expectations::new(ISSUER.into(), vec![], Duration::from_secs(31)).unwrap_err(),
        SkewTooLarge
    );
}

#[test]
fn a_retired_key_s_tokens_are_refused() {
    let token = sign(&key(1), &access());
    let remaining = KeySet::new([key(2).public().clone()]);
    let verified = expectations(0).verify::<AccessClaims>(&remaining, token.expose(), NOW);
    assert_eq!(verified.err(), Some(TokenRefused::UnknownKey));
}
