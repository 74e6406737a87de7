//! The daemon's two files, to typed configuration, once.

mod ambiguity;
mod certificates;
pub(crate) mod code;
mod gateway_file;
mod load;
mod routes_file;
mod schema;
pub(crate) mod settings;

pub(crate) use load::{load, load_settings};
pub(crate) use schema::{gateway_schema, schema};
pub(crate) use settings::{Configuration, GatewaySettings, RouteMap};
