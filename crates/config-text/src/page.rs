//! Pages of documentation, held against the schema of the file that they describe.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What a page or a schema says of one mapping: its keys, and the default of each where one is written.
type Keys = BTreeMap<String, Option<String>>;

/// Where a page's tables and a schema differ, one sentence each; none when every mapping has a table with every key and
/// its default. `top` is how the page calls the file itself; other mappings go by their path, such as `routes[].when`.
///
/// A heading that names mappings, in backticks, is about each of them. The rows of its table begin with the key and the
/// default, both in backticks; a default that is described in words is not compared, nor is that of a list or mapping.
pub fn disagreements(page: &str, top: &str, schema: &Value) -> Vec<String> {
    let mut expected = BTreeMap::new();
    mappings("", schema, &mut expected);
    if let Some(whole) = expected.remove("") {
        expected.insert(top.to_owned(), whole);
    }
    let mut found = Vec::new();
    let documented = tables(page, &mut found);
    let paths: BTreeSet<&String> = documented.keys().chain(expected.keys()).collect();
    for path in paths {
        match (documented.get(path), expected.get(path)) {
            (Some(documented), Some(expected)) => compare(path, documented, expected, &mut found),
            (None, _) => found.push(format!("the page has no table for `{path}`")),
            (_, None) => found.push(format!("the page has a table for `{path}`, which does not exist")),
        }
    }
    found
}

fn compare(path: &str, documented: &Keys, expected: &Keys, found: &mut Vec<String>) {
    for key in documented.keys().filter(|key| !expected.contains_key(*key)) {
        found.push(format!("the page explains `{key}` of `{path}`, which does not exist"));
    }
    for (key, default) in expected {
        match documented.get(key) {
            None => found.push(format!("the page does not explain `{key}` of `{path}`")),
            Some(said) if default.is_some() && said != default => {
                let [said, default] = [said, default].map(|text| text.as_deref().unwrap_or("nothing"));
                let message = format!("the page gives `{said}` as the default of `{path}.{key}`, which is `{default}`");
                found.push(message);
            }
            Some(_) => {}
        }
    }
}

/// The mappings of a schema by their path.
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

fn tables(page: &str, found: &mut Vec<String>) -> BTreeMap<String, Keys> {
    let mut tables: BTreeMap<String, Keys> = BTreeMap::new();
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
                let keys = tables.entry(path.clone()).or_default();
                let default = in_backticks(default).map(str::to_owned);
                if keys.insert(key.to_owned(), default).is_some() {
                    found.push(format!("the page explains `{key}` of `{path}` twice"));
                }
            }
        }
    }
    tables
}

fn in_backticks(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::disagreements;

    const PAGE: &str = "\
## The file: `a.yaml`
| key | default | meaning |
| --- | --- | --- |
| `version` | required | One. |
| `limits` | below | [Bounds](#limits). |

## Limits: `limits`
| key | default | meaning |
| --- | --- | --- |
| `body` | `1MiB` | The largest body. |
";

    #[test]
    fn a_page_agrees_when_it_has_every_key_and_its_default() {
        let limits = json!({ "properties": { "body": { "default": "1MiB" } } });
        let schema = json!({ "properties": { "version": {}, "limits": limits } });
        assert_eq!(disagreements(PAGE, "a.yaml", &schema), [""; 0]);
    }

    #[test]
    fn every_difference_is_named() {
        let limits = json!({ "properties": { "body": { "default": "2MiB" }, "time": {} } });
        let users = json!({ "items": { "properties": { "name": {} } } });
        let schema = json!({ "properties": { "limits": limits, "users": users } });
        let expected = [
            "the page explains `version` of `a.yaml`, which does not exist",
            "the page does not explain `users` of `a.yaml`",
            "the page gives `1MiB` as the default of `limits.body`, which is `2MiB`",
            "the page does not explain `time` of `limits`",
            "the page has no table for `users[]`",
        ];
        assert_eq!(disagreements(PAGE, "a.yaml", &schema), expected);
    }
}
