//! What follows the log while the program serves: tables derived from it, and its signed checkpoints.

use std::sync::Arc;

use event_store::projection::{Activity, Projecting};

use super::{App, Refusal, audit};

impl App {
    /// Derives the audit index and the activity counts; ends when dropped.
    pub(crate) fn follow_up(&self) -> Projecting {
        self.store.project(vec![Arc::new(audit::index()), Arc::new(Activity)])
    }

    /// For what shows keys or signs: another gateway or a command may have changed them a moment ago.
    pub(crate) async fn keys_are_current(&self) -> Result<(), Refusal> {
        let as_of = self.freshness.current().await?;
        self.keys.follow(&self.freshness, as_of, self.clock.now()).await
    }
}
