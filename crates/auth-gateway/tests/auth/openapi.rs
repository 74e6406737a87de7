//! `openapi.json` is made of the parts in `openapi/` and describes exactly the routes of the router's table.
//!
//! A new endpoint is a line in the router's table and its description in a part; then this test writes the document anew.

mod answers;

use crate::support::gateway::{Answer, PASSWORD, new_address, shared};
use auth_gateway::http::router;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const FRAME: &str = include_str!("../../openapi/frame.json");
const PARTS: [&str; 5] = [
    include_str!("../../openapi/service.json"),
    include_str!("../../openapi/account.json"),
    include_str!("../../openapi/auth.json"),
    include_str!("../../openapi/audit.json"),
    include_str!("../../openapi/api-keys.json"),
];
fn served() -> BTreeSet<String> {
    router::served()
        .iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect()
}

fn described_paths() -> Map<String, Value> {
    let parts = PARTS.map(|part| serde_json::from_str::<Map<String, Value>>(part).expect("JSON"));
    parts.into_iter().flatten().collect()
}

/// `METHOD path` of each operation.
fn operations(paths: &Map<String, Value>) -> BTreeSet<String> {
    let of_path = |(path, item): (&String, &Value)| {
        let methods: Vec<String> = item.as_object().expect("an object").keys().cloned().collect();
        let methods = methods.into_iter().filter(|key| key != "parameters");
        let path = path.clone();
        methods
            .map(move |method| format!("{} {path}", method.to_uppercase()))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn every_route_is_described() {
    let described = operations(&described_paths());
    let missing: Vec<_> = served().difference(&described).cloned().collect();
    assert!(missing.is_empty(), "describe these in a part: {missing:?}");
}

#[test]
fn everything_described_is_served() {
    let described = operations(&described_paths());
    let unserved: Vec<_> = described.difference(&served()).cloned().collect();
    assert!(unserved.is_empty(), "route these: {unserved:?}");
}

#[test]
fn the_document_is_made_of_the_parts() {
    let mut document: Map<String, Value> = serde_json::from_str(FRAME).expect("JSON");
    document.insert("paths".to_owned(), Value::Object(described_paths()));
    let made = serde_json::to_string_pretty(&document).expect("JSON") + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::fs::read_to_string(&file).ok().as_deref() != Some(&made) {
        std::fs::write(&file, made).expect("the file can be written");
        panic!("openapi.json was out of date and has been written anew: look at it, build again and commit it");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_id() {
    let frame: Value = serde_json::from_str(FRAME).expect("JSON");
    let mut ids = BTreeSet::new();
    for part in PARTS.into_iter().chain([FRAME]) {
        for piece in part.split(r##""$ref": "#"##).skip(1) {
            let pointer = piece.split('"').next().expect("a text");
            assert!(frame.pointer(pointer).is_some(), "{pointer}");
        }
        for piece in part.split(r#""operationId": ""#).skip(1) {
            let id = piece.split('"').next().expect("a text");
            assert!(ids.insert(id.to_owned()), "{id} twice");
        }
    }
}

/// The schema of a field in the JSON body of a POST.
fn field(path: &str, name: &str) -> Value {
    let body = &described_paths()[path]["post"]["requestBody"]["content"]["application/json"];
    body["schema"]["properties"][name].clone()
}

/// A request with a text of so many characters.
type Body<'b> = &'b dyn Fn(usize) -> Value;

fn longest(schema: &Value) -> usize {
    let longest = schema["maxLength"]
        .as_u64()
        .unwrap_or_else(|| panic!("a bound: {schema}"));
    usize::try_from(longest).expect("small")
}

#[tokio::test]
async fn texts_are_as_long_as_it_says_and_no_longer() {
    let (gateway, keys) = (shared().await, "/api/v1/api-keys");
    let person = gateway.user().await;
    let with_services = format!("{keys}/with-services");
    let ask = async |path: &str, body: Value| -> Answer { person.post(path, body).await };
    let address = |length: usize| {
        let domain = format!(".{}", "d".repeat(60)).repeat(3);
        let rest = length - "a@example.org".len() - domain.len();
        format!("{}@example{domain}.org", "a".repeat(rest + 1))
    };
    let password = |length: usize| format!("{PASSWORD}{}", "x".repeat(length - PASSWORD.len()));
    let sign_up = "/v1/auth/signup";
    let cases: [(&str, Value, Body<'_>); 7] = [
        (
            sign_up,
            field(sign_up, "name"),
            &|length| json!({"email": new_address(), "password": PASSWORD, "name": "n".repeat(length)}),
        ),
        (
            sign_up,
            field(sign_up, "password"),
            &|length| json!({"email": new_address(), "password": password(length)}),
        ),
        (
            sign_up,
            field(sign_up, "email"),
            &|length| json!({"email": address(length), "password": PASSWORD}),
        ),
        (
            "/v1/auth/login",
            field("/v1/auth/login", "project_scope"),
            &|length| json!({"email": person.email, "password": PASSWORD, "project_scope": "p".repeat(length)}),
        ),
        (keys, field(keys, "name"), &|length| json!({"name": "n".repeat(length)})),
        (
            keys,
            field(keys, "description"),
            &|length| json!({"name": format!("described {length}"), "description": "d".repeat(length)}),
        ),
        (
            &with_services,
            field(&with_services, "service_keys")["items"].clone(),
            &|length| json!({"name": format!("of {length}"), "service_type": "specific", "service_keys": ["s".repeat(length)]}),
        ),
    ];
    for (path, schema, body) in cases {
        let most = longest(&schema);
        let accepted = ask(path, body(most)).await;
        assert!(accepted.status.is_success(), "{path} {most}: {}", accepted.text);
        assert_eq!(ask(path, body(most + 1)).await.status, 400, "{path} {}", most + 1);
    }
}
