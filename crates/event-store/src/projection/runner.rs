//! The tasks that keep projections up to date.

use std::sync::Arc;
use std::time::Duration;

use sqlx::AnyConnection;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::Projection;
use super::RebuildError;
use super::catalog::{Live, enroll};
use super::condition::Condition;
use super::step::{Step, Target};
use crate::database::Role;
use crate::error::Unavailable;
use crate::store::Store;

/// Events in one transaction at most.
const BATCH: u32 = 500;
/// Between news of events and looking at them, so that a transaction has more than one: SQLite has one writer at a time.
const BREATH: Duration = Duration::from_millis(20);
/// The same while news come one after the other: after each transaction of ours the appender reads its pages anew.
const LONG_BREATH: Duration = Duration::from_millis(200);

/// Projections kept up to date as long as this value lives.
#[derive(Debug)]
pub struct Projecting {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Projecting {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Store {
    /// Keeps `projections` up to date, each in a task of its own; one of another version is rebuilt first. Any number of
    /// processes may do this with one database.
    #[must_use]
    pub fn project(&self, projections: Vec<Arc<dyn Projection>>) -> Projecting {
        let spawn = |projection| {
            let runner = Runner {
                bell: self.inner.bell.subscribe(),
                store: self.clone(),
                projection,
                connection: None,
                enrolled: false,
                condition: Condition::Well,
            };
            tokio::spawn(runner.run())
        };
        Projecting {
            tasks: projections.into_iter().map(spawn).collect(),
        }
    }
}

struct Runner {
    store: Store,
    bell: watch::Receiver<()>,
    projection: Arc<dyn Projection>,
    /// `None` until it is needed, and after a failure.
    connection: Option<AnyConnection>,
    enrolled: bool,
    /// As the last step left it, and as it was logged.
    condition: Condition,
}

/// Why no step was made.
enum Failure {
    Unavailable(Unavailable),
    /// The same program will fail again.
    Stuck(String),
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Failure {
        Failure::Unavailable(unavailable)
    }
}

impl Runner {
    async fn run(mut self) {
        let poll = self.store.inner.options.poll;
        loop {
            self.bell.mark_unchanged();
            match self.step().await {
                Ok(Step::Applied(_)) => self.note(Condition::Well),
                Ok(Step::CaughtUp) => {
                    self.note(Condition::Well);
                    let since = Instant::now();
                    if timeout(poll, self.bell.changed()).await.is_ok() {
                        sleep(breath_after(since.elapsed())).await;
                    }
                }
                Ok(Step::Stopped | Step::Gone) => sleep(poll).await,
                Ok(Step::Poisoned { error, .. }) => {
                    log::error!("projection {} stopped: {error}", self.projection.name());
                }
                Err(failure) => {
                    self.connection = None;
                    self.note(match failure {
                        Failure::Unavailable(unavailable) => Condition::Unavailable(unavailable.to_string()),
                        Failure::Stuck(reason) => self.condition.stuck(reason, poll),
                    });
                    sleep(self.condition.pause(poll)).await;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Step, Failure> {
        let database = &self.store.inner.database;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => database.connect(Role::Deriver).await?,
        };
        let engine = &database.engine;
        if !self.enrolled {
            let projection = self.projection.as_ref();
            let enrolling = enroll(&mut connection, engine, projection);
            match database.answered(enrolling).await? {
                Live::Current => {}
                Live::Older => replace_older(&self.store, projection).await?,
                Live::Newer(found) => {
                    let known = projection.version();
                    return Err(Failure::Stuck(RebuildError::Newer { found, known }.to_string()));
                }
            }
            self.enrolled = true;
        }
        let target = Target {
            projection: self.projection.as_ref(),
            prefix: "",
        };
        let step = database.answered(target.step(&mut connection, engine, BATCH)).await?;
        // It may have been replaced by a newer version, or by us after a restore.
        self.enrolled = step != Step::Gone;
        self.connection = Some(connection);
        Ok(step)
    }

    /// Logs what is new.
    fn note(&mut self, condition: Condition) {
        let name = self.projection.name();
        if condition.is_news_after(&self.condition) {
            match &condition {
                Condition::Well => log::info!("projection {name} goes on"),
                Condition::Unavailable(reason) | Condition::Stuck { reason, .. } => {
                    log::error!("projection {name} waits: {reason}");
                }
            }
        }
        self.condition = condition;
    }
}

/// A lone event is not kept waiting.
fn breath_after(quiet: Duration) -> Duration {
    if quiet < LONG_BREATH { LONG_BREATH } else { BREATH }
}

async fn replace_older(store: &Store, projection: &dyn Projection) -> Result<(), Failure> {
    let (name, version) = (projection.name(), projection.version());
    log::info!("projection {name} is made anew for version {version}");
    match store.rebuild_projection(projection).await {
        Ok(_) => Ok(()),
        Err(RebuildError::Unavailable(unavailable)) => Err(unavailable.into()),
        // It need not be made anew again.
        Err(error @ RebuildError::EndedElsewhere) => Err(Unavailable::Database(error.to_string().into()).into()),
        Err(error @ (RebuildError::Poisoned(_) | RebuildError::Newer { .. })) => Err(Failure::Stuck(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_event_waits_less_than_one_of_many() {
        let lone = [200, 201, 5000].map(|quiet| breath_after(Duration::from_millis(quiet)));
        assert_eq!(lone, [BREATH; 3]);
        let many = [0, 1, 199].map(|quiet| breath_after(Duration::from_millis(quiet)));
        assert_eq!(many, [LONG_BREATH; 3]);
        assert!(BREATH < LONG_BREATH);
    }
}
