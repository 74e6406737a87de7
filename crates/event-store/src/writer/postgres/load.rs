//! Reads the rows that a batch touches, of all tables in one statement.

use super::statement::Statement;
use crate::job::Touched;
use crate::plan::{Rows, StreamRow, UsedKey};
use crate::record::Record;
use crate::row::{digest, unsigned};
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::borrow::Cow;

/// The rows of all tables have the same columns: the table, two texts, a long text, two byte strings, two numbers.
const OF_STREAMS: &str = "SELECT 's', kind, id, state, NULL::bytea, lookups, version, position FROM streams";
const OF_CLAIMS: &str = "SELECT 'c', kind, owner, NULL, digest, NULL, NULL, NULL FROM claims";
const OF_RECORDS: &str = "SELECT 'r', kind, NULL, NULL, key, value, count, expires FROM records";
const OF_COMMANDS: &str = "SELECT 'k', key, NULL, NULL, request, response, expires, NULL FROM commands";

/// The rows as they are in the transaction.
pub(in crate::writer) async fn load(connection: &mut PgConnection, touched: &Touched<'_>) -> sqlx::Result<Rows> {
    let mut rows = Rows::default();
    let select = select(touched)?;
    if !select.is_empty() {
        for row in select.query().fetch_all(connection).await? {
            take(&row, &mut rows)?;
        }
    }
    Ok(rows)
}

/// Of the tables that are touched.
fn select(touched: &Touched<'_>) -> sqlx::Result<Statement> {
    let mut select = Statement::default();
    let Touched {
        streams,
        claims,
        records,
        commands,
    } = touched;
    if !streams.is_empty() {
        select.separate(" UNION ALL ");
        select.push(OF_STREAMS);
        select.push(" JOIN unnest(");
        select.column(streams.iter().map(|stream| stream.kind.as_ref()))?;
        select.column(streams.iter().map(|stream| stream.id.as_str()))?;
        select.push(") AS touched (kind, id) USING (kind, id)");
    }
    if !claims.is_empty() {
        select.separate(" UNION ALL ");
        select.push(OF_CLAIMS);
        select.push(" JOIN unnest(");
        select.column(claims.iter().map(|(kind, _)| kind.as_ref()))?;
        select.column(claims.iter().map(|(_, digest)| digest.as_slice()))?;
        select.push(") AS touched (kind, digest) USING (kind, digest)");
    }
    if !records.is_empty() {
        select.separate(" UNION ALL ");
        select.push(OF_RECORDS);
        select.push(" JOIN unnest(");
        select.column(records.iter().map(|(kind, _)| kind.as_ref()))?;
        select.column(records.iter().map(|(_, key)| key.as_slice()))?;
        select.push(") AS touched (kind, key) USING (kind, key)");
    }
    if !commands.is_empty() {
        select.separate(" UNION ALL ");
        select.push(OF_COMMANDS);
        select.push(" JOIN unnest(");
        select.column(commands.iter().copied())?;
        select.push(") AS touched (key) USING (key)");
    }
    Ok(select)
}

fn take(row: &PgRow, rows: &mut Rows) -> sqlx::Result<()> {
    match row.try_get(0)? {
        "s" => {
            let stream = StreamId::new(row.try_get::<String, _>(1)?, row.try_get::<String, _>(2)?);
            rows.streams.insert(stream, stream_row(row)?);
        }
        "c" => {
            let claim = (Cow::Owned(row.try_get(1)?), digest(row, 4)?);
            rows.claims.insert(claim, Some(row.try_get(2)?));
        }
        "r" => {
            let record = (Cow::Owned(row.try_get(1)?), row.try_get(4)?);
            rows.records.insert(record, Some(record_row(row)?));
        }
        _ => {
            rows.commands.insert(row.try_get(1)?, used_key(row)?);
        }
    }
    Ok(())
}

fn stream_row(row: &PgRow) -> sqlx::Result<StreamRow> {
    let lookups: Option<&[u8]> = row.try_get(5)?;
    Ok(StreamRow {
        version: unsigned(row, 6)?,
        position: unsigned(row, 7)?,
        state: row.try_get(3)?,
        lookups_digest: lookups.map(|_| digest(row, 5)).transpose()?,
        lookups: Vec::new(),
    })
}

fn record_row(row: &PgRow) -> sqlx::Result<Record> {
    let expires: Option<i64> = row.try_get(7)?;
    Ok(Record {
        count: row.try_get(6)?,
        value: row.try_get(5)?,
        expires: expires.map(Timestamp),
    })
}

fn used_key(row: &PgRow) -> sqlx::Result<UsedKey> {
    Ok(UsedKey {
        request: digest(row, 4)?,
        response: row.try_get(5)?,
        expires: Timestamp(row.try_get(6)?),
    })
}
