use std::fs;
use std::path::Path;

use config_text::environment::Environment;
use config_text::page;

use super::{gateway_schema, schema};

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
fn every_key_of_both_files_is_documented_with_its_default() {
    for (path, top, schema) in [
        ("docs/routes.md", "routes.yaml", schema()),
        ("docs/gateway.md", "gateway.yaml", gateway_schema()),
    ] {
        assert_eq!(page::disagreements(&read(path), top, &schema), [""; 0], "{path}");
    }
}
