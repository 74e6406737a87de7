//! The connection that appends. Each engine has its own way to read and write a batch in few steps.

mod postgres;
mod sqlite;

use crate::database::{Database, Engine, Role};
use crate::error::Unavailable;
use crate::head::Head;
use crate::job::{Swept, Touched};
use crate::plan::{Plan, Rows};
use sqlx::{AnyConnection, Connection, PgConnection, raw_sql};

/// Most expired rows of a table that one transaction deletes.
pub(crate) const SWEPT_AT_ONCE: i64 = 1000;

const SWEEP_RECORDS: &str = "DELETE FROM records WHERE (kind, key) IN \
     (SELECT kind, key FROM records WHERE expires <= $1 ORDER BY expires LIMIT $2)";
const SWEEP_COMMANDS: &str = "DELETE FROM commands WHERE key IN \
     (SELECT key FROM commands WHERE expires <= $1 ORDER BY expires LIMIT $2)";

pub(crate) enum Writer {
    Sqlite(AnyConnection),
    Postgres(PgConnection),
}

impl Writer {
    pub(crate) async fn connect(database: &Database) -> Result<Self, Unavailable> {
        match database.engine {
            Engine::Sqlite { .. } => database.connect(Role::Writer).await.map(Self::Sqlite),
            Engine::Postgres => postgres::connect(database).await.map(Self::Postgres),
        }
    }

    /// Begins a transaction, after every other writer's that has begun.
    pub(crate) async fn begin(&mut self) -> sqlx::Result<Head> {
        match self {
            Self::Sqlite(connection) => sqlite::begin(connection).await,
            Self::Postgres(connection) => postgres::begin(connection).await,
        }
    }

    /// The rows as they are in the transaction.
    pub(crate) async fn load(&mut self, touched: &Touched<'_>) -> sqlx::Result<Rows> {
        match self {
            Self::Sqlite(connection) => sqlite::load(connection, touched).await,
            Self::Postgres(connection) => postgres::load(connection, touched).await,
        }
    }

    /// Writes the rows of a plan. The head is where the plan left it only after [`Self::commit`].
    pub(crate) async fn save(&mut self, plan: &Plan) -> sqlx::Result<Swept> {
        match self {
            Self::Sqlite(connection) => sqlite::save(connection, plan).await,
            Self::Postgres(connection) => postgres::save(connection, plan).await,
        }
    }

    /// With the head, if it moved. If this fails nobody knows whether the transaction took effect.
    pub(crate) async fn commit(&mut self, moved: Option<Head>) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(connection) => sqlite::commit(connection, moved).await,
            // It moved with the events.
            Self::Postgres(connection) => raw_sql("COMMIT").execute(connection).await.map(drop),
        }
    }

    pub(crate) async fn roll_back(&mut self) -> sqlx::Result<()> {
        let back = raw_sql("ROLLBACK");
        match self {
            Self::Sqlite(connection) => back.execute(connection).await.map(drop),
            Self::Postgres(connection) => back.execute(connection).await.map(drop),
        }
    }

    pub(crate) async fn close(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }
}
