//! PostgreSQL: every statement is a round trip, so there is one to read what a batch touches and one to write what it
//! changes. Rows go in as arrays, which keeps the text of a statement the same for any number of them.

mod load;
mod save;
mod statement;

pub(super) use load::load;
pub(super) use save::save;

use crate::database::{Database, Role};
use crate::error::Unavailable;
use crate::head::Head;
use sqlx::{PgConnection, raw_sql};

pub(super) async fn connect(database: &Database) -> Result<PgConnection, Unavailable> {
    let prepared = "PREPARE lock_head AS SELECT position, hash, rebuilds FROM log_head FOR UPDATE";
    database.connect_to_postgres(Role::Writer, prepared).await
}

/// Two statements in one round trip: the second one sees what those before it in the row's queue have committed.
pub(super) async fn begin(connection: &mut PgConnection) -> sqlx::Result<Head> {
    let rows = raw_sql("BEGIN; EXECUTE lock_head").fetch_all(connection).await?;
    Head::read(rows.first().ok_or(sqlx::Error::RowNotFound)?)
}
