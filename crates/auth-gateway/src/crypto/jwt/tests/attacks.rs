//! Every known way to have a token believed that should not be. Where an attacker has no key of ours, the token is
//! forged; where a check behind the signature is tested, it is signed with our own key.

use aws_lc_rs::{
    hmac, rand,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, crypto};
use proptest::{prelude::any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::{NOW, TokenRefused, access, assertion, expectations, key, keys, sign, verify};
use crate::crypto::claims::{AccessClaims, AssertionClaims};

fn encode(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

pub(super) fn good_header() -> Value {
    json!({"typ": "at+jwt", "alg": "EdDSA", "kid": key(1).kid()})
}

pub(super) fn good_claims() -> Value {
    serde_json::to_value(access()).unwrap()
}

/// Signed by our own key over any header and claims.
pub(super) fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = crypto::sign(message.as_bytes(), key(1).encoding(), Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

fn with_header(name: &str, value: Value) -> String {
    let mut header = good_header();
    header[name] = value;
    signed(&header.to_string(), &good_claims().to_string())
}

pub(super) fn with_claim(name: &str, value: Value) -> String {
    let mut claims = good_claims();
    claims[name] = value;
    signed(&good_header().to_string(), &claims.to_string())
}

pub(super) fn without_claim(name: &str) -> String {
    let mut claims = good_claims();
    claims.as_object_mut().unwrap().remove(name);
    signed(&good_header().to_string(), &claims.to_string())
}

#[test]
fn what_the_attacks_start_from_is_believed() {
    assert_eq!(
        verify(&signed(&good_header().to_string(), &good_claims().to_string())),
        Ok(access())
    );
    assert_eq!(
        verify(&with_claim("organization_id", json!("other"))),
        Ok(AccessClaims {
            organization_id: "other".into(),
            ..access()
        })
    );
}

#[test]
fn alg_none_is_refused_in_every_spelling_and_with_any_signature() {
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let mut header = good_header();
        header["alg"] = json!(alg);
        let unsigned = format!("{}.{}.", encode(header.to_string()), encode(good_claims().to_string()));
        assert_eq!(verify(&unsigned), Err(TokenRefused::WrongAlgorithm), "{alg}");
        assert_eq!(
            verify(&signed(&header.to_string(), &good_claims().to_string())),
            Err(TokenRefused::WrongAlgorithm),
            "{alg}"
        );
    }
}

#[test]
fn the_public_key_is_no_secret_for_hs256() {
    for secret in [
        key(1).public().bytes().to_vec(),
        key(1).public().to_base64url().into_bytes(),
    ] {
        for alg in ["HS256", "HS384", "HS512"] {
            let header = json!({"typ": "at+jwt", "alg": alg, "kid": key(1).kid()});
            let message = format!("{}.{}", encode(header.to_string()), encode(good_claims().to_string()));
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            assert_eq!(
                verify(&format!("{message}.{}", encode(mac))),
                Err(TokenRefused::WrongAlgorithm),
                "{alg}"
            );
        }
    }
}

#[test]
fn no_other_algorithm_is_taken() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let header = json!({"typ": "at+jwt", "alg": "ES256", "kid": key(1).kid()});
    let message = format!("{}.{}", encode(header.to_string()), encode(good_claims().to_string()));
    let signature = pair.sign(&rand::SystemRandom::new(), message.as_bytes()).unwrap();
    assert_eq!(
        verify(&format!("{message}.{}", encode(signature))),
        Err(TokenRefused::WrongAlgorithm)
    );

    for alg in [
        json!("RS256"),
        json!("PS256"),
        json!("ES256"),
        json!("Ed25519"),
        json!("eddsa"),
        json!("EdDSA "),
    ] {
        assert_eq!(
            verify(&with_header("alg", alg.clone())),
            Err(TokenRefused::WrongAlgorithm),
            "{alg}"
        );
    }
    for alg in [json!(null), json!(["EdDSA"]), json!(1)] {
        assert_eq!(
            verify(&with_header("alg", alg.clone())),
            Err(TokenRefused::HeaderRefused),
            "{alg}"
        );
    }
}

#[test]
fn a_key_id_is_only_compared() {
    for kid in [
        "",
        "unknown",
        "../../../../etc/passwd",
        "/dev/null",
        "' OR '1'='1",
        "x'; DROP TABLE events; --",
        "http://127.0.0.1:1/key",
        "\0",
        "*",
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        &key(1).kid().to_uppercase(),
        &format!("{} ", key(1).kid()),
        &"k".repeat(4000),
    ] {
        assert_eq!(
            verify(&with_header("kid", json!(kid))),
            Err(TokenRefused::UnknownKey),
            "{kid}"
        );
    }
    for kid in [
        json!(null),
        json!([key(1).kid()]),
        json!({"kid": key(1).kid()}),
        json!(0),
    ] {
        assert_eq!(
            verify(&with_header("kid", kid.clone())),
            Err(TokenRefused::HeaderRefused),
            "{kid}"
        );
    }
    // The name of one of our keys, the signature of the other.
    assert_eq!(
        verify(&with_header("kid", json!(key(2).kid()))),
        Err(TokenRefused::WrongSignature)
    );
}

#[test]
fn a_key_brought_along_is_refused_with_the_header_that_brings_it() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let own = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())});
    for (name, value) in [
        ("jwk", own),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("http://127.0.0.1:1/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("abc")),
        ("x5t#S256", json!("abc")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("enc", json!("A256GCM")),
        ("unknown", json!(1)),
    ] {
        let mut header = good_header();
        header[name] = value.clone();
        let message = format!("{}.{}", encode(header.to_string()), encode(good_claims().to_string()));
        let forged = format!("{message}.{}", encode(pair.sign(message.as_bytes())));
        assert_eq!(verify(&forged), Err(TokenRefused::HeaderRefused), "forged with {name}");
        // Refused even with our own signature.
        assert_eq!(
            verify(&with_header(name, value)),
            Err(TokenRefused::HeaderRefused),
            "{name}"
        );
    }
}

#[test]
fn one_kind_of_token_is_never_taken_for_another() {
    assert_eq!(
        verify(sign(&key(1), &assertion()).expose()),
        Err(TokenRefused::WrongType)
    );
    let as_assertion = expectations(0).verify::<AssertionClaims>(&keys(), sign(&key(1), &access()).expose(), NOW);
    assert_eq!(as_assertion.err(), Some(TokenRefused::WrongType));
    for typ in [
        "JWT",
        "jwt",
        "AT+JWT",
        "application/at+jwt",
        "at+jwt ",
        "",
        "dpop+jwt",
        "id+jwt",
    ] {
        assert_eq!(
            verify(&with_header("typ", json!(typ))),
            Err(TokenRefused::WrongType),
            "{typ}"
        );
    }
    let untyped = json!({"alg": "EdDSA", "kid": key(1).kid()});
    assert_eq!(
        verify(&signed(&untyped.to_string(), &good_claims().to_string())),
        Err(TokenRefused::HeaderRefused)
    );
}

#[test]
fn parts_cut_off_added_or_written_otherwise_are_refused() {
    let token = sign(&key(1), &access());
    let token = token.expose();
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    for other in [
        "",
        ".",
        "..",
        "...",
        header,
        &format!("{header}.{payload}"),
        &format!("{token}.{signature}"),
        &format!(".{token}"),
        &format!("{token}."),
    ] {
        assert!(
            matches!(
                verify(other),
                Err(TokenRefused::Malformed | TokenRefused::HeaderRefused)
            ),
            "{other:?}: {:?}",
            verify(other)
        );
    }
    for other in [
        format!("{header}.{payload}."),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{}", &signature[1..]),
        format!("{header}.{payload}.{signature}A"),
        format!("{header}.{payload}.{signature}\n"),
        format!("{header}.{payload}. {signature}"),
    ] {
        assert_eq!(verify(&other), Err(TokenRefused::WrongSignature), "{other:?}");
    }
    assert_eq!(
        verify(&format!("{header}=.{payload}.{signature}")),
        Err(TokenRefused::Malformed)
    );
    // RFC 7516's five parts, and the JSON form of RFC 7515.
    assert_eq!(
        verify(&format!("{header}..{payload}.{signature}.x")),
        Err(TokenRefused::Malformed)
    );
    let json_form = json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]});
    assert_eq!(verify(&json_form.to_string()), Err(TokenRefused::Malformed));
}

#[test]
fn more_than_eight_kibibytes_are_not_looked_at() {
    let token = with_claim("scope", json!("a".repeat(8 * 1024)));
    assert_eq!(verify(&token), Err(TokenRefused::TooLong));
    verify(&with_claim("scope", json!("a".repeat(4 * 1024)))).unwrap();
}

#[test]
fn the_old_platform_s_token_shapes_are_refused() {
    for text in [
        "cli_1700000000000_0123456789abcdef",
        &format!("cli_{}_{}", 1, "f".repeat(64)),
        &"ab".repeat(32),
    ] {
        assert_eq!(verify(text), Err(TokenRefused::Malformed), "{text}");
    }
}

proptest! {
    #[test]
    fn one_flipped_bit_anywhere_is_refused(at in any::<proptest::sample::Index>(), bit in 0..7u8) {
        let token = sign(&key(1), &access());
        let mut bytes = token.expose().as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let altered = String::from_utf8(bytes).unwrap();
        prop_assert!(verify(&altered).is_err(), "byte {at}, bit {bit}");
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in any::<String>()) {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn any_three_parts_are_refused_without_a_panic(header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>) {
        let token = format!("{}.{}.{}", encode(header), encode(payload), encode(signature));
        prop_assert!(verify(&token).is_err());
    }

    #[test]
    fn a_signature_by_any_other_key_is_refused(seed in 3..u64::MAX) {
        let message = format!("{}.{}", encode(good_header().to_string()), encode(good_claims().to_string()));
        let signature = crypto::sign(message.as_bytes(), key(seed).encoding(), Algorithm::EdDSA).unwrap();
        prop_assert_eq!(verify(&format!("{message}.{signature}")), Err(TokenRefused::WrongSignature));
    }
}
