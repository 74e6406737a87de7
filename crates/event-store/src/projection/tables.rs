//! What a projection may do: change the rows of its own tables, inside the transaction that also moves its position.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, query};
use std::fmt::Write as _;

use super::table::{Table, Value};
use crate::many::{AnyQuery, pieces};

/// The tables of one projection, the live ones or those of a rebuild.
pub struct Tables<'t> {
    connection: &'t mut AnyConnection,
    prefix: &'static str,
}

/// Why events could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The projection does not know what to do with an event.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl<'t> Tables<'t> {
    pub(crate) fn new(connection: &'t mut AnyConnection, prefix: &'static str) -> Tables<'t> {
        Tables { connection, prefix }
    }

    /// Inserts rows, each with a value for every column.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn insert(&mut self, table: &Table, rows: &[Vec<Value>]) -> Result<(), ApplyError> {
        // SQLite looks every numbered parameter up among all of a statement.
        let plain = self.connection.backend_name() == "SQLite";
        for piece in pieces(rows) {
            let mut insert = format!(
                "INSERT INTO {}{} ({}) VALUES ",
                self.prefix,
                table.name,
                table.column_names()
            );
            let columns = table.columns.len();
            for parameter in 0..piece.len() * columns {
                insert.push_str(match parameter {
                    0 => "(",
                    _ if parameter.is_multiple_of(columns) => "),(",
                    _ => ",",
                });
                match plain {
                    true => insert.push('?'),
                    // Writing to a String cannot fail.
                    false => drop(write!(insert, "${}", parameter + 1)),
                }
            }
            insert.push(')');
            let insert = query(AssertSqlSafe(insert));
            let insert = piece
                .iter()
                .flatten()
                .cloned()
                .fold(insert, |query, value| value.bind(query));
            insert.execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Executes a statement that both databases understand, with parameters `$1`, `$2` …; a table's name is written
    /// `{name}`. Returns how many rows it changed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, ApplyError> {
        let done = self.statement(sql, values).execute(&mut *self.connection).await?;
        Ok(done.rows_affected())
    }

    /// The rows of a query, written as for [`Tables::execute`].
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn fetch(&mut self, sql: &str, values: Vec<Value>) -> Result<Vec<AnyRow>, ApplyError> {
        Ok(self.statement(sql, values).fetch_all(&mut *self.connection).await?)
    }

    fn statement(&self, sql: &str, values: Vec<Value>) -> AnyQuery<'static> {
        let sql = sql.replace('{', self.prefix).replace('}', "");
        let statement = query(AssertSqlSafe(sql));
        values.into_iter().fold(statement, |query, value| value.bind(query))
    }
}
