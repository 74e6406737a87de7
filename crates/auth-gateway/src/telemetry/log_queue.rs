//! Log lines between those who write them and the thread that takes them to the log. A log that is not read costs lines,
//! which are counted, and never makes a request wait.

use std::io::Write;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, Registry};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that may wait.
const MOST: usize = 8192;
const NAME: &str = "auth_log_lines_dropped_total";
const HELP: &str = "Log lines lost because the log was not read fast enough";

/// Where lines are put down, and what takes them on until it is dropped: then it waits a moment for the rest.
pub(crate) fn queue(log: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(MOST)
        .thread_name("log")
        .finish(log)
}

/// Shows the lines that were dropped.
///
/// # Errors
/// Only if two metrics share a name.
pub(crate) fn count_dropped(lines: &NonBlocking, registry: &Registry) -> prometheus::Result<()> {
    let shown = IntCounter::new(NAME, HELP)?;
    let dropped = Dropped {
        lines: lines.error_counter(),
        shown,
    };
    registry.register(Box::new(dropped))
}

struct Dropped {
    lines: ErrorCounter,
    /// As of the last look.
    shown: IntCounter,
}

impl Collector for Dropped {
    fn desc(&self) -> Vec<&Desc> {
        self.shown.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let dropped = u64::try_from(self.lines.dropped_lines()).unwrap_or(u64::MAX);
        self.shown.reset();
        self.shown.inc_by(dropped);
        self.shown.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metric_is_documented() {
        let document = include_str!("../../../../docs/auth/metrics.md");
        let registry = Registry::new();
        let (lines, _guard) = queue(std::io::sink());
        count_dropped(&lines, &registry).expect("one metric");
        let families = registry.gather();
        let name = families[0].name();
        assert!(document.contains(&format!("| `{name}` |")), "{name}");
    }
}
