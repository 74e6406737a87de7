//! A statement that is put together with its arguments.

use sqlx::postgres::{PgArguments, PgHasArrayType};
use sqlx::query::Query;
use sqlx::{Arguments, AssertSqlSafe, Encode, Error, Postgres, Type, query_with};
use std::fmt::Write as _;

#[derive(Default)]
pub(super) struct Statement {
    text: String,
    arguments: PgArguments,
}

impl Statement {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn push(&mut self, sql: &str) {
        self.text.push_str(sql);
    }

    /// What goes between two parts, if there is one already.
    pub(super) fn separate(&mut self, separator: &str) {
        if !self.is_empty() {
            self.push(separator);
        }
    }

    /// A parameter.
    pub(super) fn bind<'a, T>(&mut self, value: T) -> sqlx::Result<()>
    where
        T: Encode<'a, Postgres> + Type<Postgres>,
    {
        self.arguments.add(value).map_err(Error::Encode)?;
        // Writing to a String cannot fail.
        let _ = write!(self.text, "${}", self.arguments.len());
        Ok(())
    }

    /// One more array in a list of them, with a value for each row.
    pub(super) fn column<'a, T>(&mut self, values: impl Iterator<Item = T>) -> sqlx::Result<()>
    where
        T: Encode<'a, Postgres> + Type<Postgres> + PgHasArrayType,
    {
        if !self.text.ends_with('(') {
            self.push(", ");
        }
        self.bind(values.collect::<Vec<T>>())
    }

    /// The elements of one more array, in a list of them: each row takes one of each. PostgreSQL then hands row after row
    /// on; of functions in FROM it writes the rows down first.
    pub(super) fn elements<'a, T>(&mut self, values: impl Iterator<Item = T>) -> sqlx::Result<()>
    where
        T: Encode<'a, Postgres> + Type<Postgres> + PgHasArrayType,
    {
        self.push(if self.text.ends_with(')') {
            ", unnest("
        } else {
            "unnest("
        });
        self.bind(values.collect::<Vec<T>>())?;
        self.push(")");
        Ok(())
    }

    pub(super) fn query<'q>(self) -> Query<'q, Postgres, PgArguments> {
        query_with(AssertSqlSafe(self.text), self.arguments)
    }
}
