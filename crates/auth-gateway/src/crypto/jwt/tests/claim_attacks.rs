//! Claims that must not be believed although our own key has signed them.

use serde_json::json;

use super::{
    AUDIENCE, IAT, ISSUER, TokenRefused,
    attacks::{good_claims, good_header, signed, with_claim, without_claim},
    verify,
};

#[test]
fn issuer_and_audience_are_exact() {
    for iss in [
        "https://auth.example.org/",
        "https://AUTH.example.org",
        "http://auth.example.org",
        "https://auth.example.org.evil.example",
        "",
    ] {
        assert_eq!(
            verify(&with_claim("iss", json!(iss))),
            Err(TokenRefused::WrongIssuer),
            "{iss}"
        );
    }
    for aud in [
        json!([]),
        json!(["https://api.example.org/"]),
        json!(["https://other.example.org"]),
        json!([""]),
    ] {
        assert_eq!(
            verify(&with_claim("aud", aud.clone())),
            Err(TokenRefused::WrongAudience),
            "{aud}"
        );
    }
    for (name, value) in [
        ("iss", json!([ISSUER])),
        ("iss", json!(null)),
        ("aud", json!(AUDIENCE)),
        ("aud", json!(null)),
        ("aud", json!([AUDIENCE, 1])),
        ("aud", json!({AUDIENCE: true})),
    ] {
        assert_eq!(
            verify(&with_claim(name, value.clone())),
            Err(TokenRefused::ClaimsRefused),
            "{name}: {value}"
        );
    }
}

#[test]
fn times_of_another_type_are_refused() {
    for name in ["exp", "iat", "nbf"] {
        for value in [
            "\"1700000900\"",
            "1700000900.0",
            "1.7000009e9",
            "-1",
            "null",
            "true",
            "[1700000900]",
            "{}",
            "18446744073709551616",
            "1e400",
            "NaN",
        ] {
            let claims = without(name);
            let token = signed(&good_header().to_string(), &format!("{{{claims},\"{name}\":{value}}}"));
            assert_eq!(verify(&token), Err(TokenRefused::ClaimsRefused), "{name}: {value}");
        }
    }
}

/// The members of the good claims' object but one.
fn without(name: &str) -> String {
    let mut claims = good_claims();
    claims.as_object_mut().unwrap().remove(name);
    claims.to_string().trim_matches(['{', '}']).to_owned()
}

#[test]
fn times_that_contradict_each_other_are_refused() {
    let cases = [
        ("exp", json!(u64::MAX), TokenRefused::ImpossibleTimes),
        ("exp", json!(253_402_300_800_u64), TokenRefused::ImpossibleTimes),
        ("exp", json!(IAT), TokenRefused::ImpossibleTimes),
        ("exp", json!(0), TokenRefused::ImpossibleTimes),
        ("iat", json!(u64::MAX), TokenRefused::ImpossibleTimes),
        ("nbf", json!(IAT + 900), TokenRefused::ImpossibleTimes),
        ("iat", json!(IAT + 11), TokenRefused::NotYetValid),
        ("nbf", json!(IAT + 11), TokenRefused::NotYetValid),
        ("exp", json!(IAT + 10), TokenRefused::Expired),
    ];
    for (name, value, expected) in cases {
        assert_eq!(
            verify(&with_claim(name, value.clone())),
            Err(expected),
            "{name}: {value}"
        );
    }
}

#[test]
fn a_missing_empty_or_mistyped_claim_is_refused() {
    for name in [
        "iss",
        "sub",
        "aud",
        "client_id",
        "scope",
        "sid",
        "jti",
        "iat",
        "nbf",
        "exp",
        "role",
        "organization_id",
    ] {
        assert_eq!(
            verify(&without_claim(name)),
            Err(TokenRefused::ClaimsRefused),
            "without {name}"
        );
        assert_eq!(
            verify(&with_claim(name, json!({}))),
            Err(TokenRefused::ClaimsRefused),
            "{name} as an object"
        );
    }
    for name in ["sub", "sid", "jti"] {
        assert_eq!(
            verify(&with_claim(name, json!(""))),
            Err(TokenRefused::ClaimsRefused),
            "empty {name}"
        );
        assert_eq!(
            verify(&with_claim(name, json!(7))),
            Err(TokenRefused::ClaimsRefused),
            "{name} as a number"
        );
    }
}

#[test]
fn a_member_that_comes_twice_is_refused() {
    let (header, claims) = (good_header().to_string(), good_claims().to_string());
    for (name, value) in [
        ("sub", "\"root\""),
        ("exp", "1700009999"),
        ("scope", "\"*\""),
        ("aud", "[\"x\"]"),
        ("s\\u0075b", "\"root\""),
    ] {
        let last = format!("{},\"{name}\":{value}}}", claims.trim_end_matches('}'));
        let first = format!("{{\"{name}\":{value},{}", claims.trim_start_matches('{'));
        for claims in [last, first] {
            assert_eq!(
                verify(&signed(&header, &claims)),
                Err(TokenRefused::ClaimsRefused),
                "{claims}"
            );
        }
    }
    for member in ["\"alg\":\"none\"", "\"kid\":\"x\"", "\"typ\":\"JWT\""] {
        let header = format!("{},{member}}}", header.trim_end_matches('}'));
        assert_eq!(
            verify(&signed(&header, &claims)),
            Err(TokenRefused::HeaderRefused),
            "{header}"
        );
    }
}

#[test]
fn what_is_not_one_json_object_is_refused() {
    let (header, claims) = (good_header().to_string(), good_claims().to_string());
    for other in [
        "",
        "null",
        "[]",
        "\"text\"",
        "{",
        &format!("{claims}x"),
        &format!("{claims}{claims}"),
        &format!("[{claims}]"),
        &format!("\u{feff}{claims}"),
    ] {
        assert_eq!(
            verify(&signed(&header, other)),
            Err(TokenRefused::ClaimsRefused),
            "{other}"
        );
    }
    for other in [
        "",
        "null",
        "{}",
        &format!("{header}{header}"),
        &format!("\u{feff}{header}"),
    ] {
        assert_eq!(
            verify(&signed(other, &claims)),
            Err(TokenRefused::HeaderRefused),
            "{other}"
        );
    }
}
