//! Reads the rows that a batch touches.

use crate::job::Touched;
use crate::many::{Many, padded};
use crate::plan::{Rows, StreamRow, UsedKey};
use crate::row::{digest, record, text, unsigned};
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use std::borrow::Cow;

const STREAMS: Many = Many {
    before: "SELECT kind, id, version, position, state, lookups FROM streams WHERE (kind, id) IN (VALUES ",
    columns: 2,
    after: ")",
};
const CLAIMS: Many = Many {
    before: "SELECT kind, digest, owner FROM claims WHERE (kind, digest) IN (VALUES ",
    columns: 2,
    after: ")",
};
const RECORDS: Many = Many {
    before: "SELECT kind, key, count, value, expires FROM records WHERE (kind, key) IN (VALUES ",
    columns: 2,
    after: ")",
};
const COMMANDS: Many = Many {
    before: "SELECT key, request, response, expires FROM commands WHERE key IN (VALUES ",
    columns: 1,
    after: ")",
};

/// The rows as they are in the transaction.
pub(in crate::writer) async fn load(connection: &mut AnyConnection, touched: &Touched<'_>) -> sqlx::Result<Rows> {
    let mut rows = Rows::default();
    for list in padded(touched.streams.iter().copied()) {
        let found = list
            .iter()
            .fold(STREAMS.query_on(connection, list.len()), |query, stream| {
                query.bind(stream.kind.as_ref()).bind(stream.id.as_str())
            });
        for row in found.fetch_all(&mut *connection).await? {
            rows.streams
                .insert(StreamId::new(text(&row, 0)?, text(&row, 1)?), stream(&row)?);
        }
    }
    for list in padded(&touched.claims) {
        let found = list.iter().fold(CLAIMS.query(list.len()), |query, (kind, digest)| {
            query.bind(kind.as_ref()).bind(digest.as_slice())
        });
        for row in found.fetch_all(&mut *connection).await? {
            rows.claims
                .insert((Cow::Owned(text(&row, 0)?), digest(&row, 1)?), Some(text(&row, 2)?));
        }
    }
    for list in padded(&touched.records) {
        let found = list.iter().fold(RECORDS.query(list.len()), |query, (kind, key)| {
            query.bind(kind.as_ref()).bind(key.as_slice())
        });
        for row in found.fetch_all(&mut *connection).await? {
            rows.records
                .insert((Cow::Owned(text(&row, 0)?), row.try_get(1)?), Some(record(&row, 2)?));
        }
    }
    for list in padded(touched.commands.iter().copied()) {
        let found = list
            .iter()
            .fold(COMMANDS.query(list.len()), |query, key| query.bind(*key));
        for row in found.fetch_all(&mut *connection).await? {
            rows.commands.insert(text(&row, 0)?, used(&row)?);
        }
    }
    Ok(rows)
}

fn stream(row: &AnyRow) -> sqlx::Result<StreamRow> {
    let lookups: Option<Vec<u8>> = row.try_get(5)?;
    Ok(StreamRow {
        version: unsigned(row, 2)?,
        position: unsigned(row, 3)?,
        state: row.try_get(4)?,
        lookups_digest: lookups.map(|_| digest(row, 5)).transpose()?,
        lookups: Vec::new(),
    })
}

fn used(row: &AnyRow) -> sqlx::Result<UsedKey> {
    Ok(UsedKey {
        request: digest(row, 1)?,
        response: row.try_get(2)?,
        expires: Timestamp(row.try_get(3)?),
    })
}
