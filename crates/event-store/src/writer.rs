//! The connection that appends. Each engine has its own way to read and write a batch in few steps.

pub(crate) mod postgres;
mod sqlite;

use crate::database::{Database, Engine};
use crate::error::Unavailable;
use crate::head::Head;
use crate::job::{Swept, Touched};
use crate::plan::{Plan, Rows};
use sqlx::{Connection as _, PgConnection, raw_sql};

/// Most expired rows of a table that one transaction deletes.
pub(crate) const SWEPT_AT_ONCE: i64 = 1000;

const SWEEP_RECORDS: &str = "DELETE FROM records WHERE (kind, key) IN \
     (SELECT kind, key FROM records WHERE expires <= $1 ORDER BY expires LIMIT $2)";
const SWEEP_COMMANDS: &str = "DELETE FROM commands WHERE key IN \
     (SELECT key FROM commands WHERE expires <= $1 ORDER BY expires LIMIT $2)";

pub(crate) enum Writer {
    Sqlite(rusqlite::Connection),
    Postgres(PgConnection),
}

/// What a database answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
}

impl From<WriteError> for Unavailable {
    fn from(error: WriteError) -> Self {
        Self::Database(error.to_string().into())
    }
}

impl WriteError {
    /// Whether a row stands in the way: of a constraint, or of the trigger that keeps events from being replaced.
    pub(crate) fn violates_constraint(&self) -> bool {
        const IN_THE_WAY: [i32; 3] = [
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE,
            rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
            rusqlite::ffi::SQLITE_CONSTRAINT_TRIGGER,
        ];
        match self {
            Self::Sqlite(error) => error
                .sqlite_error()
                .is_some_and(|error| IN_THE_WAY.contains(&error.extended_code)),
            Self::Postgres(error) => postgres::is_in_the_way(error),
        }
    }
}

impl Writer {
    /// Where a round trip is dear.
    pub(crate) fn as_postgres(&mut self) -> Option<&mut PgConnection> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(connection) => Some(connection),
        }
    }

    pub(crate) async fn connect(database: &Database) -> Result<Self, Unavailable> {
        match &database.engine {
            Engine::Sqlite { file } => Ok(Self::Sqlite(sqlite::connect(database, file).map_err(WriteError::from)?)),
            Engine::Postgres => postgres::connect(database).await.map(Self::Postgres),
        }
    }

    /// Begins a transaction, after every other writer's that has begun.
    pub(crate) async fn begin(&mut self) -> Result<Head, WriteError> {
        match self {
            Self::Sqlite(connection) => Ok(sqlite::begin(connection)?),
            Self::Postgres(connection) => Ok(postgres::begin(connection).await?),
        }
    }

    /// The rows as they are in the transaction.
    pub(crate) async fn load(&mut self, touched: &Touched<'_>) -> Result<Rows, WriteError> {
        match self {
            Self::Sqlite(connection) => Ok(sqlite::load(connection, touched)?),
            Self::Postgres(connection) => Ok(postgres::load(connection, touched).await?),
        }
    }

    /// Writes the rows of a plan. The head is where the plan left it only after [`Self::commit`].
    pub(crate) async fn save(&mut self, plan: &Plan<'_>) -> Result<Swept, WriteError> {
        match self {
            Self::Sqlite(connection) => Ok(sqlite::save(connection, plan)?),
            Self::Postgres(connection) => Ok(postgres::save(connection, plan).await?),
        }
    }

    /// With the head, if it moved. If this fails nobody knows whether the transaction took effect.
    pub(crate) async fn commit(&mut self, moved: Option<Head>) -> Result<(), WriteError> {
        match self {
            Self::Sqlite(connection) => Ok(sqlite::commit(connection, moved)?),
            // It moved with the events.
            Self::Postgres(connection) => Ok(raw_sql("COMMIT").execute(connection).await.map(drop)?),
        }
    }

    pub(crate) async fn roll_back(&mut self) -> Result<(), WriteError> {
        match self {
            Self::Sqlite(connection) => Ok(sqlite::roll_back(connection)?),
            Self::Postgres(connection) => Ok(raw_sql("ROLLBACK").execute(connection).await.map(drop)?),
        }
    }

    pub(crate) async fn close(self) -> Result<(), WriteError> {
        match self {
            Self::Sqlite(connection) => Ok(connection.close().map_err(|(_, error)| error)?),
            Self::Postgres(connection) => Ok(connection.close().await?),
        }
    }
}
