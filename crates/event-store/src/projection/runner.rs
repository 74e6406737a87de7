//! The tasks that keep projections up to date.

use std::sync::Arc;
use std::time::Duration;

use sqlx::AnyConnection;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::Projection;
use super::catalog::{Live, enroll};
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
                failing: false,
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
    /// The last step failed, and that was logged.
    failing: bool,
}

impl Runner {
    async fn run(mut self) {
        let poll = self.store.inner.options.poll;
        loop {
            self.bell.mark_unchanged();
            match self.step().await {
                Ok(Step::Applied(_)) => self.note(None),
                Ok(Step::CaughtUp) => {
                    self.note(None);
                    let since = Instant::now();
                    if timeout(poll, self.bell.changed()).await.is_ok() {
                        sleep(breath_after(since.elapsed())).await;
                    }
                }
                Ok(Step::Stopped | Step::Gone) => sleep(poll).await,
                Ok(Step::Poisoned { error, .. }) => {
                    log::error!("projection {} stopped: {error}", self.projection.name());
                }
                Err(unavailable) => {
                    self.note(Some(&unavailable));
                    self.connection = None;
                    sleep(poll).await;
                }
            }
        }
    }

    async fn step(&mut self) -> Result<Step, Unavailable> {
        let database = &self.store.inner.database;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => database.connect(Role::Deriver).await?,
        };
        let engine = &database.engine;
        if !self.enrolled {
            match enroll(&mut connection, engine, self.projection.as_ref()).await? {
                Live::Current => {}
                Live::Older => replace_older(&self.store, self.projection.as_ref()).await?,
                Live::Newer(version) => {
                    let (name, known) = (self.projection.name(), self.projection.version());
                    log::error!("projection {name} is at version {version}, this program knows {known}");
                }
            }
            self.enrolled = true;
        }
        let target = Target {
            projection: self.projection.as_ref(),
            prefix: "",
        };
        let step = target.step(&mut connection, engine, BATCH).await?;
        // It may have been replaced by a newer version, or by us after a restore.
        self.enrolled = step != Step::Gone;
        self.connection = Some(connection);
        Ok(step)
    }

    /// Logs the first failure, and the end of failures.
    fn note(&mut self, unavailable: Option<&Unavailable>) {
        let name = self.projection.name();
        match unavailable {
            Some(unavailable) if !self.failing => log::error!("projection {name} waits: {unavailable}"),
            None if self.failing => log::info!("projection {name} goes on"),
            _ => {}
        }
        self.failing = unavailable.is_some();
    }
}

/// A lone event is not kept waiting.
fn breath_after(quiet: Duration) -> Duration {
    if quiet < LONG_BREATH { LONG_BREATH } else { BREATH }
}

async fn replace_older(store: &Store, projection: &dyn Projection) -> Result<(), Unavailable> {
    let (name, version) = (projection.name(), projection.version());
    log::info!("projection {name} is made anew for version {version}");
    match store.rebuild_projection(projection).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Unavailable::Database(error.to_string().into())),
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
