//! Signs the log's state every now and then while the program serves, and hands it to a place outside the database.

use std::sync::Arc;
use std::time::Duration;

use event_store::checkpointer::{Checkpointer, SignError};

use crate::clock::Clock;

/// Never ends by itself. A log that was tampered with, or that another key has signed, gets no signature, and the reason is
/// logged each time.
pub(crate) async fn keep_signing(mut checkpointer: Checkpointer, every: Duration, clock: Arc<dyn Clock>) {
    let mut rounds = tokio::time::interval(every);
    loop {
        rounds.tick().await;
        match checkpointer.sign(clock.now()).await {
            Ok(Some(signed)) => tracing::debug!(size = signed.size, "the log has a signed checkpoint"),
            Ok(None) => {}
            Err(error @ (SignError::Tampered(_) | SignError::OtherKey { .. })) => {
                tracing::error!(%error, "no checkpoint was signed");
            }
            Err(error) => tracing::warn!(%error, "no checkpoint was signed"),
        }
    }
}
