//! `migrate`: the database's tables as this program needs them.

use anyhow::Context as _;
use config_text::environment::Environment;
use event_store::Store;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::administer::with_settings;
use super::assemble::database_name;
use super::data_folder;
use super::{Outcome, output};
use crate::cli::{Format, Place};

pub(super) fn run(place: &Place, environment: &Environment, format: Format) -> Outcome {
    with_settings(place, environment, async |settings| {
        data_folder::make(&settings)?;
        let database = database_name(&settings);
        Store::migrate(settings.database.kind.url().expose_secret())
            .await
            .with_context(|| database.clone())?;
        output::done(format, &format!("{database} is up to date"), &json!({"migrated": true}))
    })
}
