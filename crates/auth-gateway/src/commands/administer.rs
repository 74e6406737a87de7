//! What every command on users, keys and the log begins and ends with. The server may be serving meanwhile.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use config_text::environment::Environment;
use event_store::Store;

use super::assemble::{Assembled, Purpose, assemble_for_command, open_store};
use super::{Outcome, REFUSED_CONFIGURATION, block_on};
use crate::app::App;
use crate::cli::Place;
use crate::config::Settings;
use crate::telemetry::log;

/// A letter gets so long to leave before the command ends.
const MAIL_DRAIN: Duration = Duration::from_secs(30);

/// Runs `work` on the use cases, then waits for the letters it wrote.
pub(super) fn with_app(
    place: &Place,
    environment: &Environment,
    purpose: Purpose,
    work: impl AsyncFnOnce(Arc<App>) -> Outcome,
) -> Outcome {
    with_settings(place, environment, async |settings| {
        let Assembled { app, mail_worker } = assemble_for_command(settings, purpose).await?;
        let outcome = work(app).await;
        if tokio::time::timeout(MAIL_DRAIN, mail_worker).await.is_err() {
            bail!("it is done, but the letter about it could not be sent: see to `mail` in the configuration");
        }
        outcome
    })
}

/// Runs `work` on the store alone: for what must work when keys or states are broken.
pub(super) fn with_store(
    place: &Place,
    environment: &Environment,
    work: impl AsyncFnOnce(Store, Settings) -> Outcome,
) -> Outcome {
    with_settings(place, environment, async |settings| {
        let store = open_store(&settings, Purpose::Read).await?;
        work(store, settings).await
    })
}

/// Runs `work` on the configuration, if it is right.
pub(super) fn with_settings(
    place: &Place,
    environment: &Environment,
    work: impl AsyncFnOnce(Settings) -> Outcome,
) -> Outcome {
    let Some(settings) = super::settings(place, None, environment) else {
        return Ok(ExitCode::from(REFUSED_CONFIGURATION));
    };
    tracing::subscriber::set_global_default(log::subscriber("warn", std::io::stderr)?)?;
    block_on(work(settings))
}
