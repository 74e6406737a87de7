//! The JSON Schema of `auth.yaml`, for editors. `conf/auth.schema.json` is a copy: `auth-gateway schema > conf/auth.schema.json`.

use config_text::schema::complete;
use serde_json::Value;

use super::file;

/// Draft 2020-12.
pub(crate) fn schema() -> Value {
    complete(
        file::schema(),
        "urn:auth-gateway:schema:auth:1",
        "Configuration of auth-gateway",
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use config_text::environment::Environment;
    use config_text::page;

    use super::schema;

    fn in_repository(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
    }

    fn read(path: &str) -> String {
        fs::read_to_string(in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// `UPDATE_SCHEMA=1 cargo test -p auth-gateway committed_schema` writes it; so does the command at the top of the module.
    #[test]
    fn the_committed_schema_is_fresh() {
        let path = "conf/auth.schema.json";
        let fresh = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if Environment::from_process().get("UPDATE_SCHEMA").is_some() {
            fs::write(in_repository(path), &fresh).unwrap();
        }
        assert!(
            read(path) == fresh,
            "{path} is not what the program prints: run with UPDATE_SCHEMA=1"
        );
    }

    #[test]
    fn every_key_is_documented_with_its_default() {
        let page = read("docs/auth/configuration.md");
        assert_eq!(page::disagreements(&page, "auth.yaml", &schema()), [""; 0]);
    }
}
