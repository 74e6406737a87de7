//! What can be asked of a store without changing it. Every answer is one statement, so it is of one moment.

use crate::error::Unavailable;
use crate::event::{Event, Position};
use crate::record::Record;
use crate::row::{EVENT_COLUMNS, EventRow, record, text, unsigned};
use crate::state::State;
use crate::store::Store;
use crate::stream::StreamId;
use crate::timestamp::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row, query};
use std::fmt::Write as _;

/// Streams that a lookup finds at most.
const MOST_FOUND: i64 = 1000;

/// Of a record as `row::record` reads it.
const RECORD_COLUMNS: usize = 3;

impl Store {
    /// The state of one stream; `None` if it has no events.
    ///
    /// # Errors
    /// If the database does not answer; so for all that follow.
    pub async fn state(&self, stream: &StreamId) -> Result<Option<State>, Unavailable> {
        let sql = "SELECT kind, id, version, state FROM streams WHERE kind = $1 AND id = $2";
        let row = || query(sql).bind(stream.kind.as_ref()).bind(stream.id.as_str());
        let row = self.inner.readers.fetch_one(row).await?;
        Ok(row.as_ref().map(state).transpose()?)
    }

    /// The streams with this lookup, those with the newest events first, at most 1000.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn find(&self, lookup_kind: &str, key: &[u8]) -> Result<Vec<State>, Unavailable> {
        let sql = "SELECT s.kind, s.id, s.version, s.state FROM lookups l \
                   JOIN streams s ON s.kind = l.stream_kind AND s.id = l.stream_id \
                   WHERE l.kind = $1 AND l.key = $2 ORDER BY s.position DESC LIMIT $3";
        let rows = || query(sql).bind(lookup_kind).bind(key).bind(MOST_FOUND);
        states(&self.inner.readers.fetch(rows).await?)
    }

    /// All streams with this lookup, those with the newest events first, however many: read a thousand at a time, so not of
    /// one moment. A stream that moves meanwhile may be missing or stand twice; who decides on all of them guards against that.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn find_all(&self, lookup_kind: &str, key: &[u8]) -> Result<Vec<State>, Unavailable> {
        let sql = "SELECT s.kind, s.id, s.version, s.state, s.position FROM lookups l \
                   JOIN streams s ON s.kind = l.stream_kind AND s.id = l.stream_id \
                   WHERE l.kind = $1 AND l.key = $2 AND s.position < $3 ORDER BY s.position DESC LIMIT $4";
        let (mut found, mut before) = (Vec::new(), i64::MAX);
        loop {
            let page = || query(sql).bind(lookup_kind).bind(key).bind(before).bind(MOST_FOUND);
            let rows = self.inner.readers.fetch(page).await?;
            found.extend(states(&rows)?);
            match rows.last() {
                Some(last) if i64::try_from(rows.len()).is_ok_and(|found| found >= MOST_FOUND) => {
                    before = last.try_get(4)?;
                }
                _ => return Ok(found),
            }
        }
    }

    /// The streams of a kind in the order of their ids, from the first id greater than `after`.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn states(&self, kind: &str, after: Option<&str>, limit: u32) -> Result<Vec<State>, Unavailable> {
        let sql = "SELECT kind, id, version, state FROM streams WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3";
        // No stream has an empty id that a page could begin after.
        let after = after.unwrap_or_default();
        let rows = || query(sql).bind(kind).bind(after).bind(i64::from(limit));
        states(&self.inner.readers.fetch(rows).await?)
    }

    /// Who holds a claim.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn claim(&self, kind: &str, digest: &[u8; 32]) -> Result<Option<String>, Unavailable> {
        let sql = "SELECT owner FROM claims WHERE kind = $1 AND digest = $2";
        let row = || query(sql).bind(kind).bind(digest.as_slice());
        let row = self.inner.readers.fetch_one(row).await?;
        Ok(row.map(|row| text(&row, 0)).transpose()?)
    }

    /// The stream of a kind whose id holds a claim.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn claimant(
        &self,
        kind: &str,
        digest: &[u8; 32],
        stream_kind: &str,
    ) -> Result<Option<State>, Unavailable> {
        let sql = "SELECT s.kind, s.id, s.version, s.state FROM claims c \
                   JOIN streams s ON s.kind = $3 AND s.id = c.owner WHERE c.kind = $1 AND c.digest = $2";
        let row = || query(sql).bind(kind).bind(digest.as_slice()).bind(stream_kind);
        let row = self.inner.readers.fetch_one(row).await?;
        Ok(row.as_ref().map(state).transpose()?)
    }

    /// A record that is alive at `now`.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn record(&self, kind: &str, key: &[u8], now: Timestamp) -> Result<Option<Record>, Unavailable> {
        let sql = "SELECT count, value, expires FROM records WHERE kind = $1 AND key = $2";
        let row = || query(sql).bind(kind).bind(key);
        let row = self.inner.readers.fetch_one(row).await?;
        let found = row.map(|row| record(&row, 0)).transpose()?;
        Ok(found.filter(|found| found.is_alive(now)))
    }

    /// Records by kind and key, in the order asked for; `None` for each that is not alive at `now`.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn records<const N: usize>(
        &self,
        keys: [(&str, &[u8]); N],
        now: Timestamp,
    ) -> Result<[Option<Record>; N], Unavailable> {
        const { assert!(0 < N && N <= 8, "a row of a few records") };
        let sql = in_one_row(N);
        let row = || {
            keys.iter()
                .fold(query(AssertSqlSafe(sql.clone())), |query, (kind, key)| {
                    query.bind(*kind).bind(*key)
                })
        };
        let row = self.inner.readers.fetch_one(row).await?;
        let row = row.ok_or(sqlx::Error::RowNotFound)?;
        let mut found = [const { None }; N];
        for (place, found) in found.iter_mut().enumerate() {
            *found = record_or_none(&row, place * RECORD_COLUMNS)?.filter(|record| record.is_alive(now));
        }
        Ok(found)
    }

    /// The position of the last event, 0 without any: what every commit before this call is covered by.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn head(&self) -> Result<Position, Unavailable> {
        let row = || query("SELECT position FROM log_head");
        let row = self
            .inner
            .readers
            .fetch_one(row)
            .await?
            .ok_or(sqlx::Error::RowNotFound)?;
        Ok(unsigned(&row, 0)?)
    }

    /// Up to `limit` events after a position, in order.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn events_after(&self, position: Position, limit: u32) -> Result<Vec<Event>, Unavailable> {
        let sql = format!("SELECT {EVENT_COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT $2");
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let rows = || query(AssertSqlSafe(sql.clone())).bind(position).bind(i64::from(limit));
        events(&self.inner.readers.fetch(rows).await?)
    }

    /// Which streams changed after a position, and where: up to `limit` events, in order. Fewer tell that the log ends there.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn changes_after(
        &self,
        position: Position,
        limit: u32,
    ) -> Result<Vec<(Position, StreamId)>, Unavailable> {
        let sql = "SELECT position, stream_kind, stream_id FROM events WHERE position > $1 ORDER BY position LIMIT $2";
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let rows = || query(sql).bind(position).bind(i64::from(limit));
        let rows = self.inner.readers.fetch(rows).await?;
        let change = |row: &AnyRow| Ok((unsigned(row, 0)?, StreamId::new(text(row, 1)?, text(row, 2)?)));
        Ok(rows.iter().map(change).collect::<sqlx::Result<_>>()?)
    }

    /// Up to `limit` events of a stream from a version on, in order.
    ///
    /// # Errors
    /// As [`Store::state`].
    pub async fn stream_events(
        &self,
        stream: &StreamId,
        from_version: u64,
        limit: u32,
    ) -> Result<Vec<Event>, Unavailable> {
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM events WHERE stream_kind = $1 AND stream_id = $2 AND version >= $3 \
             ORDER BY version LIMIT $4"
        );
        let from = i64::try_from(from_version).unwrap_or(i64::MAX);
        let rows = || {
            let query = query(AssertSqlSafe(sql.clone()))
                .bind(stream.kind.as_ref())
                .bind(stream.id.as_str());
            query.bind(from).bind(i64::from(limit))
        };
        events(&self.inner.readers.fetch(rows).await?)
    }
}

/// One row with as many records side by side; NULL where there is none.
fn in_one_row(records: usize) -> String {
    let (mut columns, mut joins) = (Vec::with_capacity(records), String::new());
    for number in 0..records {
        columns.push(format!("r{number}.count, r{number}.value, r{number}.expires"));
        let (kind, key) = (2 * number + 1, 2 * number + 2);
        // Writing to a String cannot fail.
        let _ = write!(
            joins,
            " LEFT JOIN records r{number} ON r{number}.kind = ${kind} AND r{number}.key = ${key}"
        );
    }
    format!("SELECT {} FROM (SELECT 1) AS one{joins}", columns.join(", "))
}

fn record_or_none(row: &AnyRow, first: usize) -> sqlx::Result<Option<Record>> {
    let count: Option<i64> = row.try_get(first)?;
    count.map(|_| record(row, first)).transpose()
}

fn state(row: &AnyRow) -> sqlx::Result<State> {
    Ok(State {
        stream: StreamId::new(text(row, 0)?, text(row, 1)?),
        version: unsigned(row, 2)?,
        state: row.try_get(3)?,
    })
}

fn states(rows: &[AnyRow]) -> Result<Vec<State>, Unavailable> {
    Ok(rows.iter().map(state).collect::<sqlx::Result<_>>()?)
}

fn events(rows: &[AnyRow]) -> Result<Vec<Event>, Unavailable> {
    let event = |row| EventRow::read(row)?.into_event();
    Ok(rows.iter().map(event).collect::<sqlx::Result<_>>()?)
}
