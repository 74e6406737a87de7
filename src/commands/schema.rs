//! `schema`: what an editor needs to check a configuration file while it is written.

use super::{Outcome, print};
use crate::cli::SchemaOf;
use crate::config;

pub(super) fn run(of: SchemaOf) -> Outcome {
    let schema = match of {
        SchemaOf::Routes => config::schema(),
        SchemaOf::Gateway => config::gateway_schema(),
    };
    print(&format!("{}\n", serde_json::to_string_pretty(&schema)?))
}
