//! JSON Schemas of both files, for editors. `conf/` has a copy of each:
//! `onasis-gateway schema > conf/routes.schema.json`, `onasis-gateway schema gateway > conf/gateway.schema.json`.

use config_text::schema::complete;
use serde_json::Value;

use super::{gateway_file, routes_file};

/// Of the route map.
pub(crate) fn schema() -> Value {
    let id = "urn:onasis-gateway:schema:routes:1";
    complete(routes_file::schema(), id, "Route map of onasis-gateway")
}

/// Of the daemon's file.
pub(crate) fn gateway_schema() -> Value {
    let id = "urn:onasis-gateway:schema:gateway:1";
    complete(gateway_file::schema(), id, "Daemon configuration of onasis-gateway")
}

#[cfg(test)]
mod tests;
