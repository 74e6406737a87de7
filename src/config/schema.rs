//! JSON Schemas of both files, for editors.

use serde_json::{Value, json};

use super::{gateway_file, routes_file};

/// Of the route map.
pub(crate) fn schema() -> Value {
    titled(routes_file::schema(), "routes", "The platform's route map")
}

/// Of the daemon's file.
pub(crate) fn gateway_schema() -> Value {
    titled(gateway_file::schema(), "gateway", "The edge daemon")
}

fn titled(schema: Value, name: &str, title: &str) -> Value {
    let mut titled = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://lanonasis.com/schemas/{name}.schema.json"),
        "title": title,
    });
    if let (Value::Object(titled), Value::Object(schema)) = (&mut titled, schema) {
        titled.extend(schema);
    }
    titled
}
