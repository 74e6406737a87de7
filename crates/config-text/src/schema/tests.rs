use serde_json::json;

use super::admit_variables;

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
