//! An event's row: the texts and numbers that the table holds and the chain covers.

use crate::chain::Hash;
use crate::event::{Event, Position};
use crate::record::Record;
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{ColumnIndex, Decode, Row, Type};
use std::io;
use uuid::Uuid;

/// In the order of `EventRow::read`.
pub(crate) const EVENT_COLUMNS: &str = "position, stream_kind, stream_id, version, id, kind, time, actor, client, \
     request_id, subject, payload, sealed, hash";

/// One row of `events`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EventRow {
    pub(crate) position: Position,
    pub(crate) stream: StreamId,
    pub(crate) version: u64,
    /// Lower case, with hyphens.
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) time: Timestamp,
    pub(crate) actor: String,
    pub(crate) client: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) subject: Option<String>,
    /// JSON text.
    pub(crate) payload: String,
    pub(crate) sealed: Option<Vec<u8>>,
    pub(crate) hash: Hash,
}

impl EventRow {
    /// From a row of [`EVENT_COLUMNS`].
    pub(crate) fn read(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            position: unsigned(row, 0)?,
            stream: StreamId::new(text(row, 1)?, text(row, 2)?),
            version: unsigned(row, 3)?,
            id: text(row, 4)?,
            kind: text(row, 5)?,
            time: Timestamp(row.try_get(6)?),
            actor: text(row, 7)?,
            client: row.try_get(8)?,
            request_id: row.try_get(9)?,
            subject: row.try_get(10)?,
            payload: text(row, 11)?,
            sealed: row.try_get(12)?,
            hash: digest(row, 13)?,
        })
    }

    /// The event the row holds; fails on a row that this program cannot have written.
    pub(crate) fn into_event(self) -> sqlx::Result<Event> {
        let id = Uuid::try_parse(&self.id).map_err(|error| undecodable("id", error))?;
        let payload = serde_json::from_str(&self.payload).map_err(|error| undecodable("payload", error))?;
        Ok(self.with(id, payload))
    }

    fn with(self, id: Uuid, payload: serde_json::Value) -> Event {
        Event {
            position: self.position,
            id,
            stream: self.stream,
            version: self.version,
            kind: self.kind,
            time: self.time,
            actor: self.actor,
            client: self.client,
            request_id: self.request_id,
            subject: self.subject,
            payload,
            sealed: self.sealed,
            hash: self.hash,
        }
    }
}

pub(crate) fn text(row: &AnyRow, column: usize) -> sqlx::Result<String> {
    row.try_get(column)
}

/// Of a column that holds no negative numbers.
pub(crate) fn unsigned<R: Row>(row: &R, column: usize) -> sqlx::Result<u64>
where
    usize: ColumnIndex<R>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let signed: i64 = row.try_get(column)?;
    u64::try_from(signed).map_err(|error| undecodable(column, error))
}

/// Of a column of 32 bytes.
pub(crate) fn digest<R: Row>(row: &R, column: usize) -> sqlx::Result<Hash>
where
    usize: ColumnIndex<R>,
    Vec<u8>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let bytes: Vec<u8> = row.try_get(column)?;
    let found = bytes.len();
    Hash::try_from(bytes).map_err(|_| undecodable(column, io::Error::other(format!("{found} bytes, not 32"))))
}

/// From the columns count, value and expires, of which `first` is the first.
pub(crate) fn record(row: &AnyRow, first: usize) -> sqlx::Result<Record> {
    let expires: Option<i64> = row.try_get(first + 2)?;
    Ok(Record {
        count: row.try_get(first)?,
        value: row.try_get(first + 1)?,
        expires: expires.map(Timestamp),
    })
}

/// Positions and versions count events; there is no disk for 2^63 of them.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).expect("fewer than 2^63 events")
}

fn undecodable(column: impl ToString, source: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_string(),
        source: Box::new(source),
    }
}
