use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{admit_variables, gateway_schema, schema};
use crate::config::environment::Environment;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// `UPDATE_SCHEMA=1 cargo test --lib committed_schemas` writes them; so do the commands at the top of the module.
#[test]
fn the_committed_schemas_are_fresh() {
    let update = Environment::from_process().get("UPDATE_SCHEMA").is_some();
    for (path, schema) in [
        ("conf/routes.schema.json", schema()),
        ("conf/gateway.schema.json", gateway_schema()),
    ] {
        let fresh = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if update {
            fs::write(root().join(path), &fresh).unwrap();
        }
        assert!(
            read(path) == fresh,
            "{path} is not what the program prints: run with UPDATE_SCHEMA=1"
        );
    }
}

#[test]
fn a_variable_may_stand_for_everything_but_a_structure() {
    let variables = json!({ "$ref": "#/$defs/variables" });
    let cases = [
        (json!({ "type": "string" }), json!({ "type": "string" })),
        (json!({}), json!({})),
        (
            json!({ "type": "integer", "minimum": 0, "default": 3, "description": "d" }),
            json!({ "description": "d", "default": 3, "anyOf": [{ "type": "integer", "minimum": 0 }, variables] }),
        ),
        (
            json!({ "type": "array", "items": { "type": "boolean" } }),
            json!({ "type": "array", "items": { "anyOf": [{ "type": "boolean" }, variables] } }),
        ),
        (
            json!({ "anyOf": [{ "enum": ["all"] }, { "type": "array", "items": { "type": "string" } }] }),
            json!({ "anyOf": [{ "enum": ["all"] }, { "type": "array", "items": { "type": "string" } }, variables] }),
        ),
        (
            json!({ "anyOf": [{ "const": "none" }, { "type": "string" }] }),
            json!({ "anyOf": [{ "const": "none" }, { "type": "string" }] }),
        ),
        (
            json!({ "type": "object", "properties": { "a": { "const": 1 } }, "additionalProperties": { "const": 2 } }),
            json!({
                "type": "object",
                "properties": { "a": { "anyOf": [{ "const": 1 }, variables] } },
                "additionalProperties": { "anyOf": [{ "const": 2 }, variables] },
            }),
        ),
    ];
    for (mut schema, expected) in cases {
        admit_variables(&mut schema);
        assert_eq!(schema, expected);
    }
}

/// What a page or a schema says of one mapping: its keys, and the default of each where one is written.
type Keys = BTreeMap<String, Option<String>>;

/// The mappings of a schema by their path, such as `routes[].when`.
fn mappings(path: &str, schema: &Value, found: &mut BTreeMap<String, Keys>) {
    for choice in schema["anyOf"].as_array().into_iter().flatten() {
        mappings(path, choice, found);
    }
    if schema["items"].is_object() {
        mappings(&format!("{path}[]"), &schema["items"], found);
    }
    if schema["additionalProperties"].is_object() {
        mappings(&format!("{path}.<name>"), &schema["additionalProperties"], found);
    }
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    let keys = found.entry(path.to_owned()).or_default();
    keys.extend(
        properties
            .iter()
            .map(|(key, value)| (key.clone(), shown_default(value))),
    );
    for (key, value) in properties {
        let path = [path, key].join(".");
        mappings(path.trim_start_matches('.'), value, found);
    }
}

/// Lists and mappings are described in words.
fn shown_default(schema: &Value) -> Option<String> {
    match &schema["default"] {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The tables of a page. A heading that names mappings, in backticks, is about each of them; its rows begin with
/// the key and the default.
fn tables(page: &str) -> BTreeMap<String, Keys> {
    let mut found: BTreeMap<String, Keys> = BTreeMap::new();
    let mut about: Vec<String> = Vec::new();
    for line in page.lines() {
        if line.starts_with('#') {
            about = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", key, default, ..] = cells[..]
            && let Some(key) = in_backticks(key)
        {
            for path in &about {
                let keys = found.entry(path.clone()).or_default();
                assert_eq!(
                    keys.insert(key.to_owned(), in_backticks(default).map(str::to_owned)),
                    None,
                    "{key} twice"
                );
            }
        }
    }
    found
}

fn in_backticks(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

fn assert_documented(page: &str, top: &str, schema: &Value) {
    let mut expected = BTreeMap::new();
    mappings("", schema, &mut expected);
    let whole = expected.remove("").unwrap();
    expected.insert(top.to_owned(), whole);
    let documented = tables(&read(page));
    let paths = |of: &BTreeMap<String, Keys>| of.keys().cloned().collect::<BTreeSet<String>>();
    assert_eq!(
        paths(&documented),
        paths(&expected),
        "{page} has a table for each mapping"
    );
    for (path, keys) in &expected {
        let names = |keys: &Keys| keys.keys().cloned().collect::<BTreeSet<String>>();
        assert_eq!(
            names(&documented[path]),
            names(keys),
            "{page} explains the keys of {path}"
        );
        for (key, default) in keys.iter().filter(|(_, default)| default.is_some()) {
            assert_eq!(
                &documented[path][key], default,
                "{page} gives the default of {path}.{key}"
            );
        }
    }
}

#[test]
fn every_key_of_both_files_is_documented_with_its_default() {
    assert_documented("docs/routes.md", "routes.yaml", &schema());
    assert_documented("docs/gateway.md", "gateway.yaml", &gateway_schema());
}
