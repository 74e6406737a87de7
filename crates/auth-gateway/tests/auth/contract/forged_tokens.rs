//! Tokens that nobody here signed, or that are meant for something else: refused everywhere, and nothing they name is
//! fetched.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{part, with_bearer};
use crate::support::gateway::{Person, shared};

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn mac(key: &[u8], signed: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()))
}

/// Nobody believes `token`: not by any endpoint that takes tokens.
async fn is_refused(person: &Person, token: &str, what: &str) {
    for (method, path) in [
        (Method::GET, "/v1/auth/me"),
        (Method::POST, "/v1/auth/verify"),
        (Method::GET, "/v1/auth/resolve"),
        (Method::POST, "/v1/auth/introspect"),
        (Method::GET, "/v1/auth/sessions"),
    ] {
        let answer = with_bearer(&person.client, method, path, token).await;
        let status = answer.status.as_u16();
        assert!([400, 401].contains(&status), "{what}: {path}: {status} {}", answer.text);
        assert!(!answer.text.contains(&person.id), "{what}: {path}");
    }
    let asked = person
        .client
        .post("/v1/auth/verify-token", json!({"token": token}))
        .await;
    assert_eq!(asked.body["valid"], false, "{what}: {}", asked.text);
}

#[tokio::test]
async fn no_other_algorithm_is_believed() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let (header, claims) = (part(&person.access_token, 0), part(&person.access_token, 1));
    let keys = gateway.client().get("/oauth/jwks.json").await;
    let key = keys.body["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .find(|key| key["kid"] == header["kid"]);
    let x = key.expect("our key")["x"].as_str().expect("text").to_owned();
    let public = URL_SAFE_NO_PAD.decode(&x).expect("base64url");
    let pem = [b"0*0\x05\x06\x03+ep\x03!\x00".as_slice(), &public].concat();
    let real = person.access_token.rsplit_once('.').expect("three parts").1.to_owned();

    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let mut other = header.clone();
        other["alg"] = json!(alg);
        let signed = format!("{}.{}", encoded(&other), encoded(&claims));
        is_refused(&person, &format!("{signed}."), alg).await;
        is_refused(&person, &format!("{signed}.{real}"), alg).await;
    }
    for alg in ["HS256", "EdDSA", "RS256", "ES256", "Ed25519"] {
        let mut other = header.clone();
        other["alg"] = json!(alg);
        let signed = format!("{}.{}", encoded(&other), encoded(&claims));
        for secret in [
            public.as_slice(),
            pem.as_slice(),
            x.as_bytes(),
            keys.text.as_bytes(),
            b"",
        ] {
            is_refused(&person, &format!("{signed}.{}", mac(secret, &signed)), alg).await;
        }
    }
}

#[tokio::test]
async fn an_altered_token_is_no_token() {
    let gateway = shared().await;
    let (person, victim) = (gateway.user().await, gateway.user().await);
    let parts: Vec<&str> = person.access_token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts")
    };
    let claims = part(&person.access_token, 1);
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        format!("{header}.{}.{signature}", encoded(&claims))
    };
    let other = victim.access_token.rsplit_once('.').expect("three parts").1;
    let forged = [
        with("sub", json!(victim.id)),
        with("sid", part(&victim.access_token, 1)["sid"].clone()),
        with("exp", json!(9_999_999_999_u64)),
        with("exp", json!("9999999999")),
        with("aud", json!("*")),
        with("scope", json!("*")),
        with("role", json!("admin")),
        format!("{header}.{payload}.{other}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!(".{payload}.{signature}"),
        person.access_token[..person.access_token.len() - 1].to_owned(),
        "x".repeat(8 * 1024),
    ];
    for token in forged {
        is_refused(&person, &token, &token).await;
    }
    assert_eq!(person.get("/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn a_key_is_not_taken_from_the_token_nor_fetched_for_it() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/keys", listener.local_addr().expect("bound"));
    let claims = part(&person.access_token, 1);
    let kid = part(&person.access_token, 0)["kid"].clone();
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("attacker"), "kid": kid});
    let lures = [
        json!({"jku": url, "kid": kid}),
        json!({"x5u": url, "kid": kid}),
        json!({"jwk": jwk, "kid": kid}),
        json!({"x5c": ["MIIB"], "kid": kid}),
        json!({"crit": ["x"], "x": 1, "kid": kid}),
        json!({"kid": url}),
        json!({"kid": "../../../../dev/null"}),
        json!({"kid": "' OR 1=1 --"}),
        json!({"kid": "x' UNION SELECT 'attacker"}),
        json!({"kid": ""}),
        json!({"kid": null}),
        json!({"kid": ["a"]}),
        json!({}),
    ];
    for lure in lures {
        for alg in ["EdDSA", "HS256"] {
            let mut header = json!({"alg": alg, "typ": "at+jwt"});
            let members = lure.as_object().expect("an object").clone();
            header.as_object_mut().expect("an object").extend(members);
            let signed = format!("{}.{}", encoded(&header), encoded(&claims));
            for secret in [b"attacker".as_slice(), b""] {
                is_refused(
                    &person,
                    &format!("{signed}.{}", mac(secret, &signed)),
                    &header.to_string(),
                )
                .await;
            }
        }
    }
    // Nobody came: an accept that is still pending has seen no connection.
    let came = futures_util::FutureExt::now_or_never(listener.accept());
    assert!(came.is_none(), "the gateway went to fetch a key");
}

#[tokio::test]
async fn a_token_of_another_type_opens_nothing() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let real = person.access_token.rsplit_once('.').expect("three parts").1.to_owned();
    for typ in [
        "JWT",
        "jwt",
        "identity-assertion+jwt",
        "logout+jwt",
        "application/at+jwt",
        "",
    ] {
        let mut header = part(&person.access_token, 0);
        header["typ"] = json!(typ);
        let token = format!(
            "{}.{}.{real}",
            encoded(&header),
            encoded(&part(&person.access_token, 1))
        );
        is_refused(&person, &token, typ).await;
    }
}
