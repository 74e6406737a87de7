//! JSON Schemas of whole files, for editors.

use serde_json::{Map, Value, json};

/// Where a schema keeps what it refers to.
const VARIABLES: &str = "#/$defs/variables";

/// The schema of a file from that of its outermost record. `id` is a URN that names the file and its version.
pub fn complete(mut schema: Value, id: &str, title: &str) -> Value {
    admit_variables(&mut schema);
    let mut complete = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id,
        "title": title,
    });
    let variables = json!({
        "description": "A value that comes from the environment: ${VAR}, ${VAR:-default} or ${VAR:?message}.",
        "type": "string",
        "pattern": r"\$\{[A-Za-z_]",
    });
    if let (Value::Object(complete), Value::Object(schema)) = (&mut complete, schema) {
        complete.extend(schema);
        complete.insert("$defs".to_owned(), json!({ "variables": variables }));
    }
    complete
}

/// An editor sees the file before variables are filled in: `${PORT}` may stand where a number is wanted.
fn admit_variables(schema: &mut Value) {
    let Value::Object(schema) = schema else {
        return;
    };
    for key in ["items", "additionalProperties"] {
        schema.get_mut(key).into_iter().for_each(admit_variables);
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().for_each(admit_variables);
    }
    let reference = json!({ "$ref": VARIABLES });
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        let narrow = choices.iter().filter_map(Value::as_object).any(is_narrow_scalar);
        let wide = choices
            .iter()
            .filter(|choice| !choice.as_object().is_some_and(is_narrow_scalar));
        let admits_text = wide.clone().any(|choice| choice["type"] == "string");
        choices
            .iter_mut()
            .filter(|choice| !choice.as_object().is_some_and(is_narrow_scalar))
            .for_each(admit_variables);
        if narrow && !admits_text {
            choices.push(reference);
        }
    } else if is_narrow_scalar(schema) {
        let kept: Map<String, Value> = ["description", "default"]
            .into_iter()
            .filter_map(|key| schema.remove(key).map(|value| (key.to_owned(), value)))
            .collect();
        let narrow = Value::Object(std::mem::take(schema));
        schema.extend(kept);
        schema.insert("anyOf".to_owned(), json!([narrow, reference]));
    }
}

/// A schema of single values that does not admit every text.
fn is_narrow_scalar(schema: &Map<String, Value>) -> bool {
    let narrow_text = schema.contains_key("pattern") || schema.contains_key("enum") || schema.contains_key("const");
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number" | "boolean") => true,
        Some("string") | None => narrow_text,
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests;
