//! Signs the log's state every now and then while the program serves, and hands it to a place outside the database.

use std::sync::Arc;
use std::time::Duration;

use event_store::checkpoint::KeepError;
use event_store::checkpointer::{Checkpointer, SignError};

use crate::clock::Clock;

/// Never ends by itself. A log that was tampered with, or that another key has signed, gets no signature, and none takes the
/// place of a kept one that it contradicts; the reason is logged each time.
pub(crate) async fn keep_signing(mut checkpointer: Checkpointer, every: Duration, clock: Arc<dyn Clock>) {
    let mut rounds = tokio::time::interval(every);
    loop {
        rounds.tick().await;
        match checkpointer.sign(clock.now()).await {
            Ok(Some(signed)) => tracing::debug!(size = signed.size, "the log has a signed checkpoint"),
            Ok(None) => {}
            Err(error) => report(&error),
        }
    }
}

fn report(error: &SignError) {
    match is_about_the_log(error) {
        true => tracing::error!(%error, "no checkpoint was signed"),
        false => tracing::warn!(%error, "no checkpoint was signed"),
    }
}

/// Somebody must look at the log: waiting mends nothing.
fn is_about_the_log(error: &SignError) -> bool {
    matches!(
        error,
        SignError::Tampered(_) | SignError::OtherKey { .. } | SignError::NotKept(KeepError::Contradicted { .. })
    )
}
