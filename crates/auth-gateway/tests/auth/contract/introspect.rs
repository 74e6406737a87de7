//! `POST /v1/auth/introspect` by a service: the envelope, its failures, and the assertion for upstreams.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{browser, claims, part, with_bearer};
use crate::support::gateway::{Answer, Client, ISSUER, Served, answer, fields, shared};

/// A service client's secret.
pub(super) fn service(gateway: &Served, id: &str, may: &str) -> String {
    let shown = gateway.command(&["clients", "create", id, "--may", may, "-o", "json"]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    shown["secret"].as_str().expect("a secret").to_owned()
}

pub(super) fn api_key(gateway: &Served, owner: &str, name: &str) -> (String, String) {
    let shown = gateway.command(&[
        "keys",
        "create",
        name,
        "--user",
        owner,
        "--scopes",
        "memories:read",
        "-o",
        "json",
    ]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let text = |field: &str| shown[field].as_str().expect("a text").to_owned();
    (text("id"), text("key"))
}

async fn ask(client: &Client, id: &str, secret: &str, question: Value) -> Answer {
    let request = client.request(Method::POST, "/v1/auth/introspect");
    answer(request.basic_auth(id, Some(secret)).json(&question)).await
}

/// The assertion's claims, after its signature was checked with the published key.
pub(super) fn verified(token: &str, keys: &Value) -> Value {
    let kid = &part(token, 0)["kid"];
    let key = keys["keys"]
        .as_array()
        .expect("keys")
        .iter()
        .find(|key| key["kid"] == *kid);
    let x = key.expect("a published key")["x"].as_str().expect("text");
    let public = UnparsedPublicKey::new(&ED25519, URL_SAFE_NO_PAD.decode(x).expect("base64url"));
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    public.verify(signed.as_bytes(), &signature).expect("our signature");
    claims(token)
}

#[tokio::test]
async fn a_service_learns_whose_a_credential_is_and_gets_an_assertion_for_its_upstream() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let secret = service(gateway, "introspecting-edge", "introspect");
    let client = gateway.client();
    let handle = browser(&client, &person.email).await;
    let (key_id, key) = api_key(gateway, &person.email, "for introspection");
    let audience = "https://memory.example.org";
    let keys = client.get("/oauth/jwks.json").await.body;
    let questions = [
        (json!({"token": person.access_token, "audience": audience}), "jwt"),
        (
            json!({"credential": person.access_token, "type": "jwt", "audience": audience}),
            "jwt",
        ),
        (
            json!({"credential": handle, "type": "session", "audience": audience}),
            "session",
        ),
        (
            json!({"credential": key, "type": "api_key", "audience": audience}),
            "api_key",
        ),
        (json!({"credential": key, "audience": audience}), "api_key"),
    ];
    for (question, source) in questions {
        let answer = ask(&client, "introspecting-edge", &secret, question).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(
            answer.fields(""),
            ["assertion", "cache_until", "error", "identity", "valid"]
        );
        assert_eq!(
            (&answer.body["valid"], &answer.body["error"]),
            (&json!(true), &Value::Null)
        );
        let identity = &answer.body["identity"];
        assert_eq!(
            (&identity["user_id"], &identity["auth_source"]),
            (&json!(person.id), &json!(source))
        );
        assert_eq!(identity["request_id"].as_str(), answer.header("x-request-id"));
        assert_eq!(fields(&answer.body["assertion"]), ["audience", "expires_at", "token"]);
        let token = answer.body["assertion"]["token"].as_str().expect("a token");
        assert_eq!(part(token, 0)["typ"], "identity-assertion+jwt");
        let claims = verified(token, &keys);
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!([audience])));
        assert_eq!((&claims["sub"], claims.get("email")), (&json!(person.id), None));
        let life = claims["exp"].as_u64().expect("a time") - claims["iat"].as_u64().expect("a time");
        assert_eq!(life, 300, "short");
        if source == "api_key" {
            assert_eq!(
                (&identity["api_key_id"], &claims["api_key_id"]),
                (&json!(key_id), &json!(key_id))
            );
            assert_eq!(identity["scopes"], json!(["memories:read"]));
        }
        // It is for upstreams, and opens nothing here.
        assert_eq!(
            with_bearer(&client, Method::GET, "/v1/auth/me", token).await.status,
            401
        );
        let asked = ask(&client, "introspecting-edge", &secret, json!({"token": token})).await;
        assert_eq!(
            (asked.status.as_u16(), &asked.body["error"]["code"]),
            (401, &json!("invalid_credential"))
        );
    }
}

#[tokio::test]
async fn a_service_is_told_of_failures_in_the_envelope() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let secret = service(gateway, "failing-edge", "introspect");
    let client = gateway.client();
    let hash: String = {
        let (_, key) = api_key(gateway, &person.email, "hashed");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let questions = [
        (json!({"token": "cli_1700000000000_x"}), 401, "invalid_credential"),
        (json!({"token": person.refresh_token}), 401, "invalid_credential"),
        (
            json!({"credential": hash, "type": "api_key"}),
            401,
            "invalid_credential",
        ),
        (json!({"credential": hash}), 401, "invalid_credential"),
        (json!({"token": "a.b.c"}), 401, "invalid_credential"),
        (json!({}), 400, "invalid_request"),
        (json!({"token": "x", "credential": "y"}), 400, "invalid_request"),
    ];
    for (question, status, code) in questions {
        let answer = ask(&client, "failing-edge", &secret, question.clone()).await;
        assert_eq!(answer.status, status, "{question}: {}", answer.text);
        assert_eq!(answer.fields(""), ["error", "identity", "valid"]);
        assert_eq!(
            (&answer.body["valid"], &answer.body["error"]["code"]),
            (&json!(false), &json!(code))
        );
        assert_eq!(answer.body["error"]["retryable"], false);
    }
    assert_eq!(
        answer(person.request(Method::POST, "/v1/auth/logout")).await.status,
        200
    );
    let ended = ask(&client, "failing-edge", &secret, json!({"token": person.access_token})).await;
    assert_eq!(
        (ended.status.as_u16(), &ended.body["error"]["code"]),
        (401, &json!("invalid_credential"))
    );
}

#[tokio::test]
async fn a_service_s_secret_and_leave_are_both_needed() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let (edge, feed) = (
        service(gateway, "leave-edge", "introspect"),
        service(gateway, "leave-feed", "feed"),
    );
    let client = gateway.client();
    let question = json!({"token": person.access_token});
    for (id, secret) in [
        ("leave-edge", feed.as_str()),
        ("leave-edge", ""),
        ("leave-feed", &feed),
        ("nobody", &edge),
        ("", &edge),
        (&person.id, &edge),
    ] {
        let answer = ask(&client, id, secret, question.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["error"]["code"]),
            (401, &json!("invalid_client")),
            "{id}"
        );
        assert!(!answer.text.contains(&person.id));
    }
    assert_eq!(ask(&client, "leave-edge", &edge, question.clone()).await.status, 200);
    gateway.command(&["clients", "disable", "leave-edge"]);
    assert_eq!(ask(&client, "leave-edge", &edge, question).await.status, 401, "at once");
}

#[tokio::test]
async fn who_asks_about_somebody_else_is_challenged_to_prove_itself_by_basic() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = gateway.client();
    let question = json!({"token": person.access_token});
    let without = client.post("/v1/auth/introspect", question.clone()).await;
    let wrong = ask(&client, "nobody", "wrong", question).await;
    for answer in [without, wrong] {
        let challenge = answer.header("www-authenticate");
        assert_eq!(
            (answer.status.as_u16(), challenge),
            (401, Some(r#"Basic realm="lanonasis", charset="UTF-8""#))
        );
    }
}

#[tokio::test]
async fn another_audience_s_token_is_not_reported_active() {
    let gateway = Served::start("tokens: { audience: [https://api.example.org, https://mcp.example.org] }");
    gateway.set_up().await;
    let person = gateway.admin().await;
    let client = gateway.client();
    let service = |id: &str, audience: &str| {
        let shown = gateway.command(&["clients", "create", id, "--audience", audience, "-o", "json"]);
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(shown["audiences"], json!(audience.split(',').collect::<Vec<_>>()));
        shown["secret"].as_str().expect("a secret").to_owned()
    };
    let secrets = [
        ("mcp", service("mcp", "https://mcp.example.org")),
        (
            "billing",
            service("billing", "https://billing.example.org,https://tax.example.org"),
        ),
        ("edge", self::service(&gateway, "edge", "introspect")),
    ];
    let binding = json!({"audiences": ["https://billing.example.org"]});
    let bound = person
        .post("/api/v1/api-keys", json!({"name": "bound", "binding": binding}))
        .await;
    let (bound, free) = (
        bound.body["data"]["key"].as_str().expect("a key").to_owned(),
        api_key(&gateway, &person.email, "free").1,
    );
    let handle = browser(&client, &person.email).await;
    let mcp = json!("https://mcp.example.org");
    let cases = [
        (json!({"credential": person.access_token}), [true, false, true]),
        (
            json!({"credential": person.access_token, "audience": mcp}),
            [true, false, true],
        ),
        (
            json!({"credential": person.access_token, "audience": "https://api.example.org"}),
            [false, false, true],
        ),
        (json!({"credential": handle, "type": "session"}), [true, false, true]),
        (json!({"credential": free}), [true, false, true]),
        (json!({"credential": bound}), [false, true, true]),
    ];
    for (question, expected) in cases {
        for ((id, secret), active) in secrets.iter().zip(expected) {
            let answer = ask(&client, id, secret, question.clone()).await;
            assert_eq!(answer.body["valid"], active, "{id} {question}: {}", answer.text);
            if !active {
                assert_eq!(answer.body["error"]["code"], "invalid_credential");
                assert!(!answer.text.contains(&person.id), "{}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn a_key_opens_what_a_key_may_and_nothing_that_needs_a_session() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let (id, key) = api_key(gateway, &person.email, "everyday");
    let client = gateway.client();
    let ask = |method: Method, path: &str| client.request(method, path).header("x-api-key", &key);
    let verified = answer(ask(Method::POST, "/v1/auth/verify-api-key")).await;
    assert_eq!(verified.status, 200, "{}", verified.text);
    assert_eq!(
        verified.fields(""),
        [
            "binding",
            "keyContext",
            "message",
            "permissions",
            "projectScope",
            "userId",
            "valid"
        ]
    );
    assert_eq!(
        (&verified.body["userId"], &verified.body["permissions"]),
        (&json!(person.id), &json!(["memories:read"]))
    );
    let verify = answer(ask(Method::POST, "/v1/auth/verify")).await;
    assert_eq!(
        (&verify.body["valid"], &verify.body["payload"]["auth_source"]),
        (&json!(true), &json!("api_key"))
    );
    let bearer = with_bearer(&client, Method::POST, "/v1/auth/verify", &key).await;
    assert_eq!(bearer.body, verify.body, "a key may come as a bearer token");
    let resolved = answer(ask(Method::GET, "/v1/auth/resolve")).await;
    assert_eq!(
        (resolved.header("x-api-key-id"), &resolved.body["apiKeyId"]),
        (Some(id.as_str()), &json!(id))
    );
    for (method, path) in [
        (Method::DELETE, "/v1/auth/sessions"),
        (Method::POST, "/v1/auth/password/change"),
    ] {
        assert_eq!(answer(ask(method, path)).await.status, 403, "{path}");
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.as_bytes());
    let hash: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    for text in [
        hash.as_str(),
        &format!("lano_{hash}"),
        &key[..key.len() - 1],
        &key.to_lowercase(),
    ] {
        let request = client
            .request(Method::POST, "/v1/auth/verify-api-key")
            .header("x-api-key", text);
        assert_eq!(answer(request).await.code(), "API_KEY_INVALID");
    }
}

#[tokio::test]
async fn a_disabled_user_s_sessions_and_keys_are_worth_nothing_at_once() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let handle = browser(&person.client, &person.email).await;
    let (_, key) = api_key(gateway, &person.email, "of somebody disabled");
    let by_key = async || {
        let request = person.client.request(Method::POST, "/v1/auth/verify-api-key");
        answer(request.header("x-api-key", &key)).await
    };
    let by_cookie = async || super::with_cookie(&person.client, Method::GET, "/v1/auth/session/check", &handle).await;
    for _ in 0..2 {
        assert_eq!(
            (
                by_key().await.status.as_u16(),
                person.get("/v1/auth/me").await.status.as_u16()
            ),
            (200, 200)
        );
        assert_eq!(by_cookie().await.body["authenticated"], true);
    }
    gateway.command(&["users", "disable", &person.email]);
    assert_eq!(super::refusal(&by_key().await), (401, "API_KEY_INVALID"));
    assert_eq!(
        super::refusal(&person.get("/v1/auth/me").await),
        (401, "SESSION_INVALID")
    );
    assert_eq!(by_cookie().await.body["authenticated"], false);
    let refresh = json!({"refresh_token": person.refresh_token});
    assert_eq!(person.client.post("/v1/auth/refresh", refresh).await.status, 401);
    let login = json!({"email": person.email, "password": crate::support::gateway::PASSWORD});
    let refused = gateway.client().post("/v1/auth/login", login).await;
    assert_eq!(super::refusal(&refused), (401, "AUTH_INVALID_CREDENTIALS"));
}

#[tokio::test]
async fn no_other_kind_of_credential_is_looked_for_than_the_one_that_was_said() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let (_, key) = api_key(gateway, &person.email, "typed");
    let edge = gateway.service("introspect");
    let ask = async |credential: &str, kind: &str| {
        let body = json!({"credential": credential, "type": kind});
        edge.introspect_with(body).await.body["valid"] == true
    };
    let of_key = ["auto", "api_key", "vendor_key", "bearer"];
    let of_token = ["auto", "jwt", "oauth_token", "bearer"];
    for kind in [
        "auto",
        "api_key",
        "vendor_key",
        "jwt",
        "oauth_token",
        "bearer",
        "session",
    ] {
        assert_eq!(ask(&key, kind).await, of_key.contains(&kind), "a key as {kind}");
        assert_eq!(
            ask(&person.access_token, kind).await,
            of_token.contains(&kind),
            "a token as {kind}"
        );
    }
}
