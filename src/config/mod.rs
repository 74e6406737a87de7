//! Text to typed configuration, once.

mod ambiguity;
mod bounded;
pub(crate) mod decode;
pub(crate) mod environment;
mod files;
mod gateway_file;
mod load;
mod names;
mod routes_file;
mod schema;
pub(crate) mod settings;
mod substitution;
pub(crate) mod suggest;
pub(crate) mod units;
mod version;
mod written;
pub(crate) mod yaml;

pub(crate) use load::{load, load_settings};
pub(crate) use schema::{gateway_schema, schema};
pub(crate) use settings::{Configuration, GatewaySettings, RouteMap};
