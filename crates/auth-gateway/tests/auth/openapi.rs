//! `openapi.json` is made of the parts in `openapi/` and describes exactly the routes of the router's table.
//!
//! The parts may describe endpoints before they are served; `NOT_SERVED_YET` names those. A new endpoint is a line in the
//! router's table and one less here; then this test writes the document anew.

use crate::support::State;
use auth_gateway::http::router::table;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::Path;

const FRAME: &str = include_str!("../../openapi/frame.json");
const PARTS: [&str; 3] = [
    include_str!("../../openapi/service.json"),
    include_str!("../../openapi/auth.json"),
    include_str!("../../openapi/api-keys.json"),
];
const NOT_SERVED_YET: &[&str] = &[
    "POST /v1/auth/signup",
    "POST /v1/auth/login",
    "POST /v1/auth/logout",
    "GET /v1/auth/session",
    "GET /v1/auth/session/check",
    "GET /v1/auth/sessions",
    "GET /v1/auth/me",
    "POST /v1/auth/verify",
    "POST /v1/auth/verify-token",
    "POST /v1/auth/verify-api-key",
    "POST /v1/auth/introspect",
    "GET /v1/auth/resolve",
    "POST /v1/auth/refresh",
    "GET /oauth/jwks.json",
    "GET /api/v1/auth/api-keys",
    "POST /api/v1/auth/api-keys",
    "GET /api/v1/auth/api-keys/{id}",
    "PUT /api/v1/auth/api-keys/{id}",
    "DELETE /api/v1/auth/api-keys/{id}",
    "POST /api/v1/auth/api-keys/{id}/rotate",
    "POST /api/v1/auth/api-keys/{id}/revoke",
    "GET /api/v1/api-keys",
    "POST /api/v1/api-keys",
    "GET /api/v1/api-keys/{id}",
    "PUT /api/v1/api-keys/{id}",
    "DELETE /api/v1/api-keys/{id}",
    "POST /api/v1/api-keys/{id}/rotate",
    "POST /api/v1/api-keys/{id}/revoke",
];

fn served() -> BTreeSet<String> {
    let routes = table::<State>();
    routes
        .iter()
        .map(|route| format!("{} {}", route.method(), route.path()))
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
fn everything_described_is_served_or_named_as_coming() {
    let described = operations(&described_paths());
    let unserved: BTreeSet<String> = described.difference(&served()).cloned().collect();
    let expected: BTreeSet<String> = NOT_SERVED_YET.iter().map(|&operation| operation.to_owned()).collect();
    assert_eq!(
        unserved, expected,
        "left: described and not routed; right: NOT_SERVED_YET"
    );
}

#[test]
fn the_document_is_made_of_the_parts_that_are_served() {
    let served = served();
    let mut paths = described_paths();
    for (path, item) in &mut paths {
        let is_served =
            |key: &String| key == "parameters" || served.contains(&format!("{} {path}", key.to_uppercase()));
        item.as_object_mut().expect("an object").retain(|key, _| is_served(key));
    }
    paths.retain(|_, item| {
        item.as_object()
            .is_some_and(|item| item.keys().any(|key| key != "parameters"))
    });
    let mut document: Map<String, Value> = serde_json::from_str(FRAME).expect("JSON");
    document.insert("paths".to_owned(), Value::Object(paths));
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
