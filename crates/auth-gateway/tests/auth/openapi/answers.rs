//! Real answers held against the schemas of the document: nothing is missing, nothing is of another type, and nothing is
//! answered that the document does not tell.

use super::{FRAME, described_paths};
use crate::support::gateway::{Answer, PASSWORD, Person, answer, shared};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

/// What of `value` is not as `schema` has it, with its place.
fn deviations(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return deviations(&component(reference), value, place);
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(alternatives) = schema[word].as_array() {
            let each: Vec<_> = alternatives
                .iter()
                .map(|schema| deviations(schema, value, place))
                .collect();
            return each.into_iter().min_by_key(Vec::len).unwrap_or_default();
        }
    }
    let mut found = Vec::new();
    if schema.get("const").is_some_and(|only| only != value) {
        found.push(format!("{place}: {value} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        found.push(format!("{place}: {value} is none of {}", schema["enum"]));
    }
    if !is_of_type(&schema["type"], value) {
        found.push(format!("{place}: {value} is no {}", schema["type"]));
    }
    if let Some(object) = value.as_object() {
        found.extend(of_object(schema, object, place));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(deviations(&schema["items"], item, &format!("{place}/{index}")));
    }
    found
}

fn component(reference: &str) -> Value {
    let frame: Value = serde_json::from_str(FRAME).expect("JSON");
    let pointer = reference.strip_prefix('#').expect("in the document");
    frame.pointer(pointer).expect("it leads somewhere").clone()
}

fn is_of_type(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("null") => value.is_null(),
        _ => false,
    };
    match types {
        Value::Null => true,
        Value::Array(types) => types.iter().any(is),
        one => is(one),
    }
}

fn of_object(schema: &Value, object: &Map<String, Value>, place: &str) -> Vec<String> {
    let required = schema["required"].as_array().into_iter().flatten();
    let missing = required.filter(|name| !object.contains_key(name.as_str().expect("a name")));
    let mut found: Vec<String> = missing.map(|name| format!("{place}: {name} is missing")).collect();
    for (name, value) in object {
        let place = format!("{place}/{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Null) if schema["properties"].is_object() => {
                found.push(format!("{place} is not described"));
            }
            (Value::Null, others) => found.extend(deviations(others, value, &place)),
            (described, _) => found.extend(deviations(described, value, &place)),
        }
    }
    found
}

/// An answer's status stands in the document, and its body is as that says.
fn check(method: &str, path: &str, answer: &Answer) {
    let status = answer.status.as_u16().to_string();
    let responses = &described_paths()[path][method]["responses"];
    let response = match &responses[&status] {
        Value::Null => panic!("{method} {path}: {status} is not described: {}", answer.text),
        response => match response["$ref"].as_str() {
            Some(reference) => component(reference),
            None => response.clone(),
        },
    };
    let schema = &response["content"]["application/json"]["schema"];
    assert!(!schema.is_null(), "{method} {path}: {status} has no schema");
    let found = deviations(schema, &answer.body, "");
    assert!(
        found.is_empty(),
        "{method} {path} {status}: {found:#?}\n{}",
        answer.text
    );
}

type Dress<'d> = &'d dyn Fn(RequestBuilder) -> RequestBuilder;

/// Every kind of credential at every endpoint that takes one.
#[tokio::test]
async fn whoever_is_signed_in_is_told_what_the_document_describes() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let key = new_key(&person, "/api/v1/api-keys").await;
    let body = json!({"email": person.email, "password": PASSWORD});
    let by_cookie = person.client.post("/v1/auth/login", body).await;
    check("post", "/v1/auth/login", &by_cookie);
    let cookie = by_cookie.header("set-cookie").expect("a cookie").to_owned();
    let cookie = cookie.split(';').next().expect("a pair");
    let credentials: [(&str, Dress<'_>); 4] = [
        ("token", &|request| request.bearer_auth(&person.access_token)),
        ("cookie", &|request| request.header("cookie", cookie)),
        ("key", &|request| request.header("x-api-key", &key)),
        ("nobody", &|request| request),
    ];
    let endpoints = [
        (Method::GET, "/v1/auth/me"),
        (Method::GET, "/v1/auth/session"),
        (Method::GET, "/v1/auth/session/check"),
        (Method::GET, "/v1/auth/sessions"),
        (Method::POST, "/v1/auth/verify"),
        (Method::POST, "/v1/auth/verify-api-key"),
        (Method::GET, "/v1/auth/resolve"),
        (Method::POST, "/v1/auth/introspect"),
        (Method::GET, "/api/v1/api-keys"),
    ];
    for (name, dress) in credentials {
        for (method, path) in &endpoints {
            let answer = answer(dress(person.client.request(method.clone(), path))).await;
            let shown = format!("{name} at {path}: {}", answer.text);
            assert!([200, 400, 401, 403].contains(&answer.status.as_u16()), "{shown}");
            check(&method.as_str().to_lowercase(), path, &answer);
        }
    }
}

async fn new_key(person: &Person, path: &str) -> String {
    let made = person
        .post(path, json!({"name": format!("described {}", path.len())}))
        .await;
    check("post", path, &made);
    made.body["data"]["key"].as_str().expect("a key").to_owned()
}

#[tokio::test]
async fn what_is_asked_about_a_credential_is_answered_as_described() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let service = gateway.service("introspect");
    for credential in [person.access_token.as_str(), "lano_unknown", "a.b.c"] {
        check("post", "/v1/auth/introspect", &service.introspect(credential).await);
        let asked = person
            .client
            .post("/v1/auth/verify-token", json!({"token": credential}))
            .await;
        check("post", "/v1/auth/verify-token", &asked);
    }
    for token in [
        json!({}),
        json!({"refresh_token": "unknown"}),
        json!({"refresh_token": person.refresh_token}),
    ] {
        check(
            "post",
            "/v1/auth/refresh",
            &person.client.post("/v1/auth/refresh", token).await,
        );
    }
    let wrong = json!({"email": person.email, "password": "not the right one"});
    check(
        "post",
        "/v1/auth/login",
        &person.client.post("/v1/auth/login", wrong).await,
    );
    check(
        "post",
        "/v1/auth/login",
        &person.client.post("/v1/auth/login", json!({})).await,
    );
    let end = answer(person.request(Method::POST, "/v1/auth/logout")).await;
    check("post", "/v1/auth/logout", &end);
}

#[test]
fn a_deviation_is_found() {
    let schema = json!({
        "type": "object",
        "properties": {"id": {"type": "string"}, "kind": {"enum": ["a", "b"]}, "list": {"type": "array", "items": {"const": 1}}},
        "required": ["id"]
    });
    assert_eq!(
        deviations(&schema, &json!({"id": "x", "kind": "a", "list": [1]}), ""),
        [""; 0]
    );
    let wrong = json!({"id": null, "kind": "c", "list": [1, 2], "more": true});
    assert_eq!(deviations(&schema, &wrong, "").len(), 4);
    assert_eq!(deviations(&schema, &json!({}), ""), [": \"id\" is missing"]);
}
