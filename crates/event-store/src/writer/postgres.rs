//! PostgreSQL: every statement is a round trip, so there is one to read what a batch touches and one to write what it
//! changes. Rows go in as arrays, which keeps the text of a statement the same for any number of them.

mod load;
mod save;
mod statement;

pub(super) use load::load;
pub(super) use save::save;
pub(crate) use save::save_at_once;

use crate::database::{Database, Role};
use crate::error::Unavailable;
use crate::head::Head;
use crate::row::signed;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use sqlx::{Error, PgConnection, Row as _, query, raw_sql};

pub(super) async fn connect(database: &Database) -> Result<PgConnection, Unavailable> {
    let prepared = "PREPARE lock_head AS SELECT position, hash, rebuilds FROM log_head FOR UPDATE";
    database.connect_to_postgres(Role::Writer, prepared).await
}

/// Two statements in one round trip: the second one sees what those before it in the row's queue have committed.
pub(super) async fn begin(connection: &mut PgConnection) -> sqlx::Result<Head> {
    let rows = raw_sql("BEGIN; EXECUTE lock_head").fetch_all(connection).await?;
    Head::read(rows.first().ok_or(Error::RowNotFound)?)
}

/// Whether the log leads through `head`: through no other log's.
pub(crate) async fn leads_through(connection: &mut PgConnection, head: Head) -> sqlx::Result<bool> {
    let found = query("SELECT hash FROM events WHERE position = $1").bind(signed(head.position));
    match found.fetch_optional(connection).await? {
        Some(row) => Ok(row.try_get::<&[u8], _>(0)? == head.hash),
        None => Ok(false),
    }
}

/// A row with the same key is there.
pub(crate) fn is_in_the_way(error: &Error) -> bool {
    error
        .as_database_error()
        .is_some_and(DatabaseError::is_unique_violation)
}

/// The server says that it refuses, and goes on: the statement has no effect.
pub(crate) fn is_refusal(error: &Error) -> bool {
    let error = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| error.severity() == PgSeverity::Error)
}
