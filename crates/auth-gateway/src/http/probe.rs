//! Whether the program could serve: asks what it depends on, at most once a second however often it is asked itself.

use async_trait::async_trait;
use http::StatusCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tokio::time::Instant;

pub(crate) const SERVICE: &str = "auth-gateway";
/// A dependency that says nothing for so long counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);
const MAX_AGE: Duration = Duration::from_secs(1);

/// What one dependency says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    Pass,
    /// Not there, and not needed.
    NotConfigured,
    /// Why, in words for anybody: no address, no name of a server.
    Fail(&'static str),
}

impl Check {
    pub(crate) fn is_healthy(self) -> bool {
        !matches!(self, Self::Fail(_))
    }

    pub(crate) fn error(self) -> Option<&'static str> {
        match self {
            Self::Pass | Self::NotConfigured => None,
            Self::Fail(why) => Some(why),
        }
    }
}

/// What the program depends on.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// The configured issuer.
    fn issuer(&self) -> Option<String>;
    /// Reached, of the right schema, and writable.
    async fn database(&self) -> Check;
    /// Sessions can be read.
    async fn sessions(&self) -> Check;
    /// There is a key to sign with.
    async fn signing_keys(&self) -> Check;
    /// Mail can be handed over. Its failure does not make the program unready.
    async fn mail(&self) -> Check;
    /// The program is about to stop.
    fn draining(&self) -> bool;
}

/// Answers of all dependencies at one time.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) issuer: Option<String>,
    pub(crate) database: Check,
    pub(crate) sessions: Check,
    pub(crate) signing_keys: Check,
    pub(crate) mail: Check,
    draining: bool,
    at: SystemTime,
    pub(crate) latency: Duration,
}

impl Report {
    pub(crate) fn issuer_check(&self) -> Check {
        match self.issuer {
            Some(_) => Check::Pass,
            None => Check::Fail("no issuer is configured"),
        }
    }

    /// The names of what makes the program unready, as in `checks`.
    pub(crate) fn failures(&self) -> Vec<&'static str> {
        let needed = [
            ("issuer", self.issuer_check()),
            ("postgres", self.database),
            ("sharedState", self.database),
            ("session", self.sessions),
            ("signingKeys", self.signing_keys),
        ];
        let failed = needed
            .into_iter()
            .filter(|(_, check)| !check.is_healthy())
            .map(|(name, _)| name);
        failed.chain(self.draining.then_some("draining")).collect()
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.failures().is_empty() {
            true => StatusCode::OK,
            false => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// When it was asked: RFC 3339, UTC, milliseconds.
    pub(crate) fn time(&self) -> String {
        humantime::format_rfc3339_millis(self.at).to_string()
    }
}

/// Asks, and remembers for a moment.
pub struct Probe {
    readiness: Arc<dyn Readiness>,
    max_age: Duration,
    last: Mutex<Option<(Instant, Report)>>,
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").finish_non_exhaustive()
    }
}

impl Probe {
    pub fn new(readiness: Arc<dyn Readiness>) -> Self {
        Self {
            readiness,
            max_age: MAX_AGE,
            last: Mutex::new(None),
        }
    }

    pub(crate) async fn report(&self) -> Report {
        let mut last = self.last.lock().await;
        let draining = self.readiness.draining();
        match &*last {
            Some((asked, report)) if asked.elapsed() < self.max_age && report.draining == draining => report.clone(),
            _ => {
                let report = self.ask(draining).await;
                *last = Some((Instant::now(), report.clone()));
                report
            }
        }
    }

    async fn ask(&self, draining: bool) -> Report {
        let began = Instant::now();
        let (database, sessions, signing_keys, mail) = tokio::join!(
            patiently(self.readiness.database()),
            patiently(self.readiness.sessions()),
            patiently(self.readiness.signing_keys()),
            patiently(self.readiness.mail()),
        );
        Report {
            issuer: self.readiness.issuer(),
            database,
            sessions,
            signing_keys,
            mail,
            draining,
            at: SystemTime::now(),
            latency: began.elapsed(),
        }
    }
}

async fn patiently(check: impl Future<Output = Check>) -> Check {
    let answered = tokio::time::timeout(PATIENCE, check).await;
    answered.unwrap_or(Check::Fail("no answer in time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Counted {
        asked: AtomicUsize,
    }

    #[async_trait]
    impl Readiness for Counted {
        fn issuer(&self) -> Option<String> {
            None
        }

        async fn database(&self) -> Check {
            self.asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Check::Pass
        }

        async fn sessions(&self) -> Check {
            Check::Pass
        }

        async fn signing_keys(&self) -> Check {
            Check::Pass
        }

        async fn mail(&self) -> Check {
            Check::NotConfigured
        }

        fn draining(&self) -> bool {
            false
        }
    }

    async fn asked_by_many(max_age: Duration) -> usize {
        let counted = Arc::new(Counted::default());
        let probe = Probe {
            max_age,
            ..Probe::new(Arc::clone(&counted) as Arc<dyn Readiness>)
        };
        futures_util::future::join_all((0..20).map(|_| probe.report())).await;
        counted.asked.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn dependencies_are_asked_once_for_many_probes_at_a_time() {
        assert_eq!(asked_by_many(Duration::MAX).await, 1);
        assert_eq!(asked_by_many(Duration::ZERO).await, 20);
    }
}
