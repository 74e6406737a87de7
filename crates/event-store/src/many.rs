//! One statement for many rows.
//!
//! A connection keeps a hundred prepared statements, so the number of rows in one is a power of two.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, query};
use std::fmt::Write as _;

/// Keeps the number of parameters below what the databases take.
const MOST_ROWS: usize = 256;

pub(crate) type AnyQuery<'q> = Query<'q, Any, AnyArguments>;

/// A statement with a list of rows of parameters in its middle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Many {
    pub(crate) before: &'static str,
    /// Parameters of a row.
    pub(crate) columns: usize,
    pub(crate) after: &'static str,
}

/// How a parameter is written.
#[derive(Debug, Clone, Copy)]
enum Placeholders {
    /// `$1`: PostgreSQL.
    Numbered,
    /// `?`: SQLite.
    Plain,
}

impl Many {
    /// For a list of `rows` rows, to be bound in order; made for the engine of a connection: SQLite looks every numbered
    /// parameter up among all.
    pub(crate) fn query_on<'q>(self, connection: &AnyConnection, rows: usize) -> AnyQuery<'q> {
        let placeholders = match connection.backend_name() {
            "SQLite" => Placeholders::Plain,
            _ => Placeholders::Numbered,
        };
        query(AssertSqlSafe(self.text(rows, placeholders)))
    }

    fn text(self, rows: usize, placeholders: Placeholders) -> String {
        let mut text = String::with_capacity(self.before.len() + self.after.len() + rows * self.columns * 5);
        text.push_str(self.before);
        for parameter in 0..rows * self.columns {
            text.push_str(match parameter {
                0 => "(",
                _ if parameter % self.columns == 0 => "),(",
                _ => ",",
            });
            match placeholders {
                Placeholders::Plain => text.push('?'),
                // Writing to a String cannot fail.
                Placeholders::Numbered => drop(write!(text, "${}", parameter + 1)),
            }
        }
        text.push(')');
        text.push_str(self.after);
        text
    }
}

/// The rows in pieces whose sizes are powers of two.
pub(crate) fn pieces<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = MOST_ROWS.min(1 << rest.len().checked_ilog2()?);
        let (piece, others) = rest.split_at(size);
        rest = others;
        Some(piece)
    })
}

#[cfg(test)]
mod tests;
