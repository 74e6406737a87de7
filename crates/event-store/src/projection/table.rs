//! A projection's table, described so that either database can make it, copy it and compare it.

use std::fmt::Write as _;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row, query, raw_sql};

use crate::chain::{Hash, sha256};
use crate::database::Engine;
use crate::many::AnyQuery;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// 64 bits, signed.
    Integer,
    /// Compared byte by byte.
    Text,
    OptionalText,
    Bytes,
}

/// What one column of one row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Integer(i64),
    Text(String),
    OptionalText(Option<String>),
    Bytes(Vec<u8>),
}

/// A table: all names are lower-case letters, digits and `_`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Column)],
    /// Columns of the primary key.
    pub key: &'static [&'static str],
    /// Columns of each further index.
    pub indexes: &'static [&'static [&'static str]],
}

impl Value {
    pub(crate) fn bind(self, query: AnyQuery<'_>) -> AnyQuery<'_> {
        match self {
            Value::Integer(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::OptionalText(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        }
    }
}

impl Column {
    fn type_name(self, engine: &Engine) -> &'static str {
        match (self, engine) {
            (Column::Integer, Engine::Sqlite { .. }) => "INTEGER NOT NULL",
            (Column::Integer, Engine::Postgres) => "BIGINT NOT NULL",
            (Column::Text, Engine::Sqlite { .. }) => "TEXT NOT NULL",
            (Column::Text, Engine::Postgres) => "TEXT COLLATE \"C\" NOT NULL",
            (Column::OptionalText, Engine::Sqlite { .. }) => "TEXT",
            (Column::OptionalText, Engine::Postgres) => "TEXT COLLATE \"C\"",
            (Column::Bytes, Engine::Sqlite { .. }) => "BLOB NOT NULL",
            (Column::Bytes, Engine::Postgres) => "BYTEA NOT NULL",
        }
    }

    /// The bytes of a value, `None` for NULL.
    fn bytes(self, row: &AnyRow, index: usize) -> sqlx::Result<Option<Vec<u8>>> {
        Ok(match self {
            Column::Integer => Some(row.try_get::<i64, _>(index)?.to_be_bytes().to_vec()),
            Column::Text => Some(row.try_get::<String, _>(index)?.into_bytes()),
            Column::OptionalText => row.try_get::<Option<String>, _>(index)?.map(String::into_bytes),
            Column::Bytes => Some(row.try_get(index)?),
        })
    }
}

impl Table {
    /// Its columns' names, for a statement.
    pub(crate) fn column_names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// Makes the empty table under its name after `prefix`; only a table without a prefix has the further indexes.
    pub(crate) async fn create(
        &self,
        connection: &mut AnyConnection,
        engine: &Engine,
        prefix: &str,
    ) -> sqlx::Result<()> {
        let name = self.name;
        let mut sql = format!("CREATE TABLE {prefix}{name} (");
        for (column, kind) in self.columns {
            // Writing to a String cannot fail.
            let _ = write!(sql, "{column} {}, ", kind.type_name(engine));
        }
        let _ = write!(sql, "PRIMARY KEY ({}))", self.key.join(", "));
        if matches!(engine, Engine::Sqlite { .. }) {
            sql.push_str(" STRICT");
        }
        for columns in self.indexes.iter().filter(|_| prefix.is_empty()) {
            let (index, columns) = (columns.join("_"), columns.join(", "));
            let _ = write!(sql, "; CREATE INDEX {name}_by_{index} ON {name} ({columns})");
        }
        run(connection, sql).await
    }

    pub(crate) async fn drop_if_exists(&self, connection: &mut AnyConnection, prefix: &str) -> sqlx::Result<()> {
        run(connection, format!("DROP TABLE IF EXISTS {prefix}{}", self.name)).await
    }

    /// Replaces the rows of the table by those of the one named after `prefix`.
    pub(crate) async fn replace_from(&self, connection: &mut AnyConnection, prefix: &str) -> sqlx::Result<()> {
        let (name, columns) = (self.name, self.column_names());
        let sql = format!("DELETE FROM {name}; INSERT INTO {name} ({columns}) SELECT {columns} FROM {prefix}{name}");
        run(connection, sql).await
    }

    /// How many rows there are, and a digest of them in which their order does not count.
    pub(crate) async fn checksum(&self, connection: &mut AnyConnection, prefix: &str) -> sqlx::Result<(u64, Hash)> {
        let order = self.key.join(", ");
        let (mut rows, mut sum) = (0, [0; 32]);
        // In pages, so that memory does not grow with the table.
        loop {
            let select = format!(
                "SELECT {} FROM {prefix}{} ORDER BY {order} LIMIT {CHECKSUM_PAGE} OFFSET {rows}",
                self.column_names(),
                self.name
            );
            let page = query(AssertSqlSafe(select)).fetch_all(&mut *connection).await?;
            for row in &page {
                let digest = self.row_digest(row)?;
                sum.iter_mut()
                    .zip(digest)
                    .for_each(|(sum, byte): (&mut u8, u8)| *sum ^= byte);
            }
            rows += page.len() as u64;
            if page.len() < CHECKSUM_PAGE {
                return Ok((rows, sum));
            }
        }
    }

    fn row_digest(&self, row: &AnyRow) -> sqlx::Result<Hash> {
        let mut bytes = Vec::new();
        for (index, (_, column)) in self.columns.iter().enumerate() {
            let value = column.bytes(row, index)?;
            let length = value.as_ref().map_or(u64::MAX, |value| value.len() as u64);
            bytes.extend(length.to_be_bytes());
            bytes.extend(value.unwrap_or_default());
        }
        Ok(sha256(&bytes))
    }
}

const CHECKSUM_PAGE: usize = 50_000;

async fn run(connection: &mut AnyConnection, sql: String) -> sqlx::Result<()> {
    raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
