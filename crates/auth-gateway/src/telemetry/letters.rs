//! Letters by what became of them, for metrics.

use prometheus::IntCounterVec;

/// Counts letters by name and fate.
#[derive(Clone, Debug)]
pub(crate) struct Letters(pub(super) IntCounterVec);

impl Letters {
    pub(super) const LABELS: [&'static str; 2] = ["letter", "outcome"];

    /// Both are words of the program.
    pub(crate) fn count(&self, letter: &'static str, outcome: &'static str) {
        self.0.with_label_values(&[letter, outcome]).inc();
    }
}
