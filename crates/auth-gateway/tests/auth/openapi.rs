//! `openapi.json` is made of the parts in `openapi/` and describes exactly the routes of the router's table.
//!
//! A new endpoint is a line in the router's table and its description in a part; then this test writes the document anew.

use auth_gateway::http::router;
use serde_json::{Map, Value};
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
