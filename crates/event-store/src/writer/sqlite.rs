//! SQLite: a library that runs in the appender's own thread, so that a statement for each row costs no more than its work.

mod load;
mod save;

pub(super) use load::load;
pub(super) use save::save;

use crate::chain::Hash;
use crate::database::{Database, Role};
use crate::head::Head;
use crate::row::signed;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OpenFlags, Result, Row, Statement};
use std::path::Path;

/// More than the appender has different ones.
const STATEMENTS: usize = 32;

pub(super) fn connect(database: &Database, file: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(&database.setting_up(Role::Writer))?;
    Ok(connection)
}

pub(super) fn begin(connection: &Connection) -> Result<Head> {
    run(connection, "BEGIN IMMEDIATE")?;
    let mut head = connection.prepare_cached("SELECT position, hash, rebuilds FROM log_head")?;
    head.query_row([], |row| {
        Ok(Head {
            position: unsigned(row, 0)?,
            hash: digest(row, 1)?,
            rebuilds: unsigned(row, 2)?,
        })
    })
}

pub(super) fn commit(connection: &Connection, moved: Option<Head>) -> Result<()> {
    if let Some(Head { position, hash, .. }) = moved {
        let mut move_head = connection.prepare_cached("UPDATE log_head SET position = ?, hash = ?")?;
        move_head.execute((signed(position), hash.as_slice()))?;
    }
    run(connection, "COMMIT")
}

pub(super) fn roll_back(connection: &Connection) -> Result<()> {
    run(connection, "ROLLBACK")
}

/// A statement is prepared only for rows that there are.
fn for_each<Item, Done>(
    connection: &Connection,
    statement: &str,
    rows: impl IntoIterator<Item = Item>,
    mut run: impl FnMut(&mut Statement<'_>, Item) -> Result<Done>,
) -> Result<()> {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_some() {
        let mut statement = connection.prepare_cached(statement)?;
        rows.try_for_each(|row| run(&mut statement, row).map(drop))?;
    }
    Ok(())
}

fn run(connection: &Connection, statement: &str) -> Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}

/// Of a column that holds no negative numbers.
fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

/// Of a column of 32 bytes.
fn digest(row: &Row<'_>, column: usize) -> Result<Hash> {
    let bytes: Vec<u8> = row.get(column)?;
    Hash::try_from(bytes).map_err(|bytes| {
        Error::FromSqlConversionFailure(column, Type::Blob, format!("{} bytes, not 32", bytes.len()).into())
    })
}
