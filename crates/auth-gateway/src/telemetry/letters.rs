//! Letters by what became of them, for metrics.

use prometheus::IntCounterVec;

use crate::mail::queue::Fate;

/// Counts letters by name and fate.
#[derive(Clone, Debug)]
pub(crate) struct Letters(pub(super) IntCounterVec);

impl Letters {
    pub(super) const LABELS: [&'static str; 2] = ["letter", "outcome"];

    pub(crate) fn count(&self, letter: &str, fate: Fate) {
        let outcome = match fate {
            Fate::Sent => "sent",
            Fate::Failed(_) => "failed",
            Fate::GivenUp(_) => "given_up",
            Fate::Dropped => "dropped",
        };
        self.0.with_label_values(&[letter, outcome]).inc();
    }
}
