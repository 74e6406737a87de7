//! The front door: one value to append to and read from.

use crate::appender::{Appender, Request};
use crate::bell;
use crate::command::{Command, Outcome};
use crate::database::{Database, Engine};
use crate::error::{AppendError, OpenError, Unavailable};
use crate::fold::Fold;
use crate::job::{Answer, Job, Swept};
use crate::options::Options;
use crate::readers::Readers;
use crate::record::{Record, RecordChange};
use crate::schema;
use crate::timestamp::Timestamp;
use crate::writer::SWEPT_AT_ONCE;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;

/// An event store. Cheap to clone; all clones share one writer and a few readers. Several stores, in one process or in
/// many, may use one database.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) fold: Arc<dyn Fold>,
    pub(crate) readers: Readers,
    pub(crate) options: Options,
    pub(crate) bell: watch::Sender<()>,
    requests: mpsc::Sender<Request>,
    /// Listens to PostgreSQL.
    listener: Option<AbortHandle>,
}

impl Store {
    /// Opens the database at `sqlite:PATH` or `postgres://…`, inside a tokio runtime, which then runs the store's tasks.
    ///
    /// # Errors
    /// If the URL is none of a database, the database is not there, or its tables are not those of this program.
    pub async fn open(url: &str, options: Options, fold: Arc<dyn Fold>) -> Result<Self, OpenError> {
        let database = Database::at(url, options.patience)?;
        if options.create {
            schema::migrate(&database).await?;
        }
        schema::check(&database).await?;
        let (requests, received) = mpsc::channel(options.queue.max(1));
        let bell = watch::Sender::new(());
        let appender = Appender::new(database.clone(), Arc::clone(&fold), &options, received, bell.clone());
        appender.start().map_err(OpenError::Thread)?;
        let listener = match database.engine {
            Engine::Sqlite { .. } => None,
            Engine::Postgres => {
                let listening = bell::listen(database.url.clone(), options.poll, bell.clone());
                Some(tokio::spawn(listening).abort_handle())
            }
        };
        let inner = Inner {
            readers: Readers::new(database.clone(), options.readers, options.patience),
            database,
            fold,
            options,
            bell,
            requests,
            listener,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Creates the tables, or brings them to what this program needs; a missing SQLite file is created. Does nothing to
    /// a current database.
    ///
    /// # Errors
    /// If the database cannot be reached or belongs to a newer program.
    pub async fn migrate(url: &str) -> Result<(), OpenError> {
        schema::migrate(&Database::at(url, Options::default().patience)?).await
    }

    /// Carries out a command: all of it, durably, or nothing.
    ///
    /// # Errors
    /// The command had no effect, except that after `Unavailable` it may have had it: with an idempotency key it can be
    /// repeated safely.
    pub async fn append(&self, command: Command) -> Result<Outcome, AppendError> {
        match self.ask(Job::command(command)?).await? {
            Answer::Outcome(outcome) => Ok(outcome),
            Answer::Changed | Answer::Counted(_) | Answer::Swept(_) => Err(Unavailable::Stopped.into()),
        }
    }

    /// Changes records, all or none.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn change_records(&self, changes: Vec<RecordChange>, now: Timestamp) -> Result<(), AppendError> {
        self.ask(Job::records(changes, now)?).await.map(drop)
    }

    /// Counts one more for each key, all at once, and returns the records in the order of `keys`. A record that does not
    /// exist or has expired begins at 1 with an empty value; each gets the new expiry.
    ///
    /// # Errors
    /// `Unavailable` or `Malformed`.
    pub async fn count_up(
        &self,
        kind: &str,
        keys: &[Vec<u8>],
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Record>, AppendError> {
        match self.ask(Job::count_up(kind, keys, expires, now)?).await? {
            Answer::Counted(records) => Ok(records),
            Answer::Changed | Answer::Outcome(_) | Answer::Swept(_) => Err(Unavailable::Stopped.into()),
        }
    }

    /// Deletes the records and idempotency keys that have expired, in transactions of a thousand rows.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, AppendError> {
        let mut total = Swept::default();
        while let Answer::Swept(swept) = self.ask(Job::Sweep { now }).await? {
            total.records += swept.records;
            total.idempotency_keys += swept.idempotency_keys;
            if swept.records < SWEPT_AT_ONCE.cast_unsigned() && swept.idempotency_keys < SWEPT_AT_ONCE.cast_unsigned() {
                break;
            }
        }
        Ok(total)
    }

    async fn ask(&self, job: Job) -> Result<Answer, AppendError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.inner.requests.try_send(Request { job, answer });
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::QueueFull,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Stopped,
        })?;
        let answered = async { answered.await.unwrap_or(Err(Unavailable::Stopped.into())) };
        match self.inner.database.engine {
            // Its calls cannot be interrupted, so that the appender does not know how late it is.
            Engine::Sqlite { .. } => self.inner.database.answered(answered).await,
            Engine::Postgres => answered.await,
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
    }
}
