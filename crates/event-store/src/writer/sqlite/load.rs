//! Reads the rows that a batch touches.

use super::{digest, for_each, unsigned};
use crate::job::Touched;
use crate::plan::{Rows, StreamRow, UsedKey};
use crate::record::Record;
use crate::timestamp::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row};

const STREAM: &str = "SELECT version, position, state, lookups FROM streams WHERE kind = ? AND id = ?";
const CLAIM: &str = "SELECT owner FROM claims WHERE kind = ? AND digest = ?";
const RECORD: &str = "SELECT count, value, expires FROM records WHERE kind = ? AND key = ?";
const COMMAND: &str = "SELECT request, response, expires FROM commands WHERE key = ?";

/// The rows as they are in the transaction.
pub(in crate::writer) fn load(connection: &Connection, touched: &Touched<'_>) -> Result<Rows> {
    let mut rows = Rows::default();
    for_each(connection, STREAM, &touched.streams, |find, stream| {
        let row = find.query_row((stream.kind.as_ref(), stream.id.as_str()), stream_row);
        rows.streams.extend(row.optional()?.map(|row| ((*stream).clone(), row)));
        Ok(())
    })?;
    for_each(connection, CLAIM, &touched.claims, |find, claim| {
        let (kind, digest) = claim;
        let owner = find.query_row((kind.as_ref(), digest.as_slice()), |row| row.get(0));
        rows.claims
            .extend(owner.optional()?.map(|owner| (claim.clone(), Some(owner))));
        Ok(())
    })?;
    for_each(connection, RECORD, &touched.records, |find, record| {
        let (kind, key) = record;
        let found = find.query_row((kind.as_ref(), key.as_slice()), record_row);
        rows.records
            .extend(found.optional()?.map(|found| (record.clone(), Some(found))));
        Ok(())
    })?;
    for_each(connection, COMMAND, &touched.commands, |find, &key| {
        let used = find.query_row([key], used_key);
        rows.commands
            .extend(used.optional()?.map(|used| (key.to_owned(), used)));
        Ok(())
    })?;
    Ok(rows)
}

fn stream_row(row: &Row<'_>) -> Result<StreamRow> {
    let lookups: Option<Vec<u8>> = row.get(3)?;
    Ok(StreamRow {
        version: unsigned(row, 0)?,
        position: unsigned(row, 1)?,
        state: row.get(2)?,
        lookups_digest: lookups.map(|_| digest(row, 3)).transpose()?,
        lookups: Vec::new(),
    })
}

fn record_row(row: &Row<'_>) -> Result<Record> {
    let expires: Option<i64> = row.get(2)?;
    Ok(Record {
        count: row.get(0)?,
        value: row.get(1)?,
        expires: expires.map(Timestamp),
    })
}

fn used_key(row: &Row<'_>) -> Result<UsedKey> {
    Ok(UsedKey {
        request: digest(row, 0)?,
        response: row.get(1)?,
        expires: Timestamp(row.get(2)?),
    })
}
