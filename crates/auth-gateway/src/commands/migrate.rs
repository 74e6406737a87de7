//! `migrate`: the database's tables as this program needs them.

use std::process::ExitCode;

use anyhow::Context as _;
use config_text::environment::Environment;
use event_store::Store;
use secrecy::ExposeSecret as _;

use super::Outcome;
use super::administer::with_settings;
use super::assemble::database_name;
use super::data_folder;
use crate::cli::Place;

pub(super) fn run(place: &Place, environment: &Environment) -> Outcome {
    with_settings(place, environment, async |settings| {
        data_folder::make(&settings)?;
        let database = database_name(&settings);
        Store::migrate(settings.database.kind.url().expose_secret())
            .await
            .with_context(|| database.clone())?;
        eprintln!("auth-gateway: {database} is up to date");
        Ok(ExitCode::SUCCESS)
    })
}
