//! The one task that writes: takes what waits, makes one transaction of it, answers everybody.

use crate::database::{Database, Role};
use crate::error::{AppendError, Unavailable};
use crate::fold::Fold;
use crate::job::{Answer, Job, Touched};
use crate::load::{begin, load};
use crate::options::Options;
use crate::plan::Plan;
use crate::save::{commit, save};
use sqlx::{AnyConnection, Connection, raw_sql};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::yield_now;
use tokio::time::timeout;

type Answered = Result<Answer, AppendError>;

/// A job and who waits for it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) job: Job,
    pub(crate) answer: oneshot::Sender<Answered>,
}

/// The state of the task.
pub(crate) struct Appender {
    database: Database,
    fold: Arc<dyn Fold>,
    /// Jobs in one transaction at most.
    batch: usize,
    /// For one transaction.
    limit: Duration,
    requests: mpsc::Receiver<Request>,
    /// `None` until the first job, and after a failure.
    connection: Option<AnyConnection>,
    /// Rung after each commit of events.
    bell: watch::Sender<()>,
    /// The last transaction failed, and that was logged.
    failing: bool,
}

/// A transaction that did not come to its end.
enum Broken {
    /// It has no effect.
    Undone(sqlx::Error),
    /// There was no answer to COMMIT, or none in time.
    Unknown(Unavailable),
    /// There is no connection.
    Unreachable(Unavailable),
}

impl Appender {
    pub(crate) fn new(
        database: Database,
        fold: Arc<dyn Fold>,
        options: &Options,
        requests: mpsc::Receiver<Request>,
        bell: watch::Sender<()>,
    ) -> Self {
        Self {
            database,
            fold,
            batch: options.batch.max(1),
            limit: options.patience * 2,
            requests,
            connection: None,
            bell,
            failing: false,
        }
    }

    /// Until nobody can ask any more.
    pub(crate) async fn run(mut self) {
        loop {
            let mut batch = Vec::new();
            if self.requests.recv_many(&mut batch, self.batch).await == 0 {
                break;
            }
            self.gather(&mut batch).await;
            self.serve(batch).await;
        }
        if let Some(connection) = self.connection.take() {
            close(connection).await;
        }
    }

    /// Lets those who were just answered ask again, as long as they do: without waiting for any time to pass.
    async fn gather(&mut self, batch: &mut Vec<Request>) {
        loop {
            let before = batch.len();
            yield_now().await;
            while batch.len() < self.batch
                && let Ok(request) = self.requests.try_recv()
            {
                batch.push(request);
            }
            if batch.len() == before || batch.len() == self.batch {
                return;
            }
        }
    }

    async fn serve(&mut self, batch: Vec<Request>) {
        let (jobs, waiting): (Vec<Job>, Vec<_>) =
            batch.into_iter().map(|request| (request.job, request.answer)).unzip();
        let answers = self.answer(&jobs).await;
        for (waiting, answer) in waiting.into_iter().zip(answers) {
            // Who does not wait any more does not want to know.
            let _ = waiting.send(answer);
        }
    }

    /// An answer to each job, in order. When one of them asks for what the database refuses, it is found by halving.
    async fn answer(&mut self, jobs: &[Job]) -> Vec<Answered> {
        let mut answers = Vec::with_capacity(jobs.len());
        let mut parts = vec![jobs];
        while let Some(part) = parts.pop() {
            match self.settle(part).await {
                Some(answered) => answers.extend(answered),
                None if part.len() == 1 => answers.push(Err(AppendError::EventExists)),
                None => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        answers
    }

    /// An answer to each job, or `None` if a constraint was violated and nothing was done.
    async fn settle(&mut self, jobs: &[Job]) -> Option<Vec<Answered>> {
        let reused = self.connection.is_some();
        let mut attempt = self.attempt(jobs).await;
        if reused && matches!(&attempt, Err(Broken::Undone(error)) if !violates_constraint(error)) {
            // The server may have been restarted since the connection was last used.
            attempt = self.attempt(jobs).await;
        }
        let unavailable = match attempt {
            Ok(answers) => {
                self.note(None);
                return Some(answers);
            }
            Err(Broken::Undone(error)) if violates_constraint(&error) => return None,
            Err(Broken::Undone(error)) => error.into(),
            Err(Broken::Unknown(unavailable) | Broken::Unreachable(unavailable)) => unavailable,
        };
        self.note(Some(&unavailable));
        Some(jobs.iter().map(|_| Err(unavailable.clone().into())).collect())
    }

    /// Logs the first failure, and the end of failures.
    fn note(&mut self, unavailable: Option<&Unavailable>) {
        match unavailable {
            Some(unavailable) if !self.failing => log::error!("nothing can be appended: {unavailable}"),
            None if self.failing => log::info!("appending again"),
            _ => {}
        }
        self.failing = unavailable.is_some();
    }

    /// One transaction. A connection that broke is not used again: closing it rolls back.
    async fn attempt(&mut self, jobs: &[Job]) -> Result<Vec<Answered>, Broken> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.connect(Role::Writer).await.map_err(Broken::Unreachable)?,
        };
        let late = || Broken::Unknown(Unavailable::Database("no answer in time".into()));
        let transaction = timeout(self.limit, self.transact(&mut connection, jobs)).await;
        match transaction.map_err(|_| late()).flatten() {
            Ok(answers) => {
                self.connection = Some(connection);
                Ok(answers)
            }
            Err(Broken::Undone(error)) if violates_constraint(&error) => {
                self.roll_back(connection).await;
                Err(Broken::Undone(error))
            }
            Err(broken) => {
                close(connection).await;
                Err(broken)
            }
        }
    }

    /// After an error that says nothing bad about the connection.
    async fn roll_back(&mut self, mut connection: AnyConnection) {
        match timeout(self.limit, raw_sql("ROLLBACK").execute(&mut connection)).await {
            Ok(Ok(_)) => self.connection = Some(connection),
            Ok(Err(_)) | Err(_) => close(connection).await,
        }
    }

    async fn transact(&mut self, connection: &mut AnyConnection, jobs: &[Job]) -> Result<Vec<Answered>, Broken> {
        let head = begin(connection, &self.database.engine).await.map_err(Broken::Undone)?;
        let rows = load(connection, &Touched::by(jobs)).await.map_err(Broken::Undone)?;
        let mut plan = Plan::new(head, rows);
        let mut answers: Vec<Answered> = jobs.iter().map(|job| plan.add(job, &*self.fold)).collect();
        if !plan.is_empty() {
            let swept = save(connection, &plan).await.map_err(Broken::Undone)?;
            for answer in answers.iter_mut().flatten() {
                if let Answer::Swept(answer) = answer {
                    *answer = swept;
                }
            }
        }
        let committed = commit(connection, &self.database.engine, &plan).await;
        committed.map_err(|error| Broken::Unknown(error.into()))?;
        if !plan.events.is_empty() {
            self.bell.send_replace(());
        }
        Ok(answers)
    }
}

/// Whether a row stands in the way: of a constraint, or of the trigger that keeps events from being replaced.
fn violates_constraint(error: &sqlx::Error) -> bool {
    /// SQLITE_CONSTRAINT_TRIGGER.
    const TRIGGER: &str = "1811";
    error
        .as_database_error()
        .is_some_and(|error| error.is_unique_violation() || (error.code().as_deref() == Some(TRIGGER)))
}

/// Without waiting long for a server that may be gone.
async fn close(connection: AnyConnection) {
    // Whatever happens, the connection is not used any more.
    let _ = timeout(Duration::from_secs(1), connection.close()).await;
}
