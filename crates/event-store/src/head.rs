//! The end of the log: one row, whose lock orders all writers.

use crate::chain::Hash;
use crate::database::Engine;
use crate::event::Position;
use crate::row::{digest, unsigned};
use sqlx::{AnyConnection, ColumnIndex, Decode, Row, Type, raw_sql};

/// The last event's place and hash, and which making of the streams' rows is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) position: Position,
    pub(crate) hash: Hash,
    /// Moves when a rebuild replaces streams and lookups, which no event does.
    pub(crate) rebuilds: u64,
}

impl Head {
    /// From a row of its columns in this order.
    pub(crate) fn read<R: Row>(row: &R) -> sqlx::Result<Self>
    where
        usize: ColumnIndex<R>,
        i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
        Vec<u8>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    {
        Ok(Self {
            position: unsigned(row, 0)?,
            hash: digest(row, 1)?,
            rebuilds: unsigned(row, 2)?,
        })
    }
}

/// Begins a transaction, after every other writer's that has begun.
pub(crate) async fn begin(connection: &mut AnyConnection, engine: &Engine) -> sqlx::Result<Head> {
    let begin = match engine {
        Engine::Sqlite { .. } => "BEGIN IMMEDIATE; SELECT position, hash, rebuilds FROM log_head",
        // Two statements: the second one sees what those before it in the row's queue have committed.
        Engine::Postgres => "BEGIN; SELECT position, hash, rebuilds FROM log_head FOR UPDATE",
    };
    let rows = raw_sql(begin).fetch_all(connection).await?;
    Head::read(rows.first().ok_or(sqlx::Error::RowNotFound)?)
}
