//! Compares streams and lookups with the log without writing anything, in one snapshot.

use std::collections::BTreeMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row, query};

use super::{RefoldError, Refolded, Walk};
use crate::fold::Lookup;
use crate::plan::StreamRow;
use crate::row::{digest, text, unsigned};
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::stream::StreamId;

type Rows = BTreeMap<StreamId, StreamRow>;

impl Store {
    /// Whether streams and lookups hold what the fold makes of the events; appending goes on.
    ///
    /// # Errors
    /// When a stream does not fold, or the database does not answer.
    pub async fn compare_states(&self) -> Result<Refolded, RefoldError> {
        let mut snapshot = Snapshot::take(&self.inner.database).await?;
        let mut walk = Walk::default();
        let (mut differs, mut from) = (None, None);
        while let Some(folded) = walk.next(&mut snapshot.connection, self.inner.fold.as_ref()).await? {
            let Some((last, _)) = folded.last() else { continue };
            let last = last.clone();
            let live = live_rows(&mut snapshot.connection, from.as_ref(), Some(&last)).await?;
            differs = differs.or_else(|| first_difference(&folded.into_iter().collect(), &live));
            from = Some(last);
        }
        let rest = live_rows(&mut snapshot.connection, from.as_ref(), None).await?;
        differs = differs.or_else(|| first_difference(&Rows::new(), &rest));
        snapshot.end().await?;
        Ok(Refolded {
            position: walk.position,
            streams: walk.streams,
            differs,
        })
    }
}

/// The live rows after `from` up to `to`. A lookup of a stream that has no row makes one up, which no fold makes.
async fn live_rows(
    connection: &mut AnyConnection,
    from: Option<&StreamId>,
    to: Option<&StreamId>,
) -> sqlx::Result<Rows> {
    let columns = "kind, id, version, position, state, lookups";
    let streams = between(
        connection,
        &format!("SELECT {columns} FROM streams"),
        "kind, id",
        from,
        to,
    )
    .await?;
    let mut rows = Rows::new();
    for row in &streams {
        let has_lookups: Option<Vec<u8>> = row.try_get(5)?;
        let live = StreamRow {
            version: unsigned(row, 2)?,
            position: unsigned(row, 3)?,
            state: row.try_get(4)?,
            lookups_digest: has_lookups.map(|_| digest(row, 5)).transpose()?,
            lookups: Vec::new(),
        };
        rows.insert(StreamId::new(text(row, 0)?, text(row, 1)?), live);
    }
    let columns = "stream_kind, stream_id, kind, key";
    let order = "stream_kind, stream_id";
    for row in between(connection, &format!("SELECT {columns} FROM lookups"), order, from, to).await? {
        let stream = StreamId::new(text(&row, 0)?, text(&row, 1)?);
        let lookup = Lookup {
            kind: text(&row, 2)?.into(),
            key: row.try_get(3)?,
        };
        rows.entry(stream).or_insert_with(no_row).lookups.push(lookup);
    }
    rows.values_mut().for_each(|row| row.lookups.sort_unstable());
    Ok(rows)
}

fn no_row() -> StreamRow {
    StreamRow {
        version: 0,
        position: 0,
        state: None,
        lookups_digest: None,
        lookups: Vec::new(),
    }
}

async fn between(
    connection: &mut AnyConnection,
    select: &str,
    columns: &str,
    from: Option<&StreamId>,
    to: Option<&StreamId>,
) -> sqlx::Result<Vec<AnyRow>> {
    // Nothing is before the empty kind, which no stream has.
    let mut sql = format!("{select} WHERE ({columns}) > ($1, $2)");
    if to.is_some() {
        sql += &format!(" AND ({columns}) <= ($3, $4)");
    }
    let from = from.cloned().unwrap_or_else(|| StreamId::new("", ""));
    let bounds = [Some(from), to.cloned()].into_iter().flatten();
    let statement = bounds.fold(query(AssertSqlSafe(sql)), |query, stream| {
        query.bind(stream.kind.into_owned()).bind(stream.id)
    });
    statement.fetch_all(connection).await
}

fn first_difference(folded: &Rows, live: &Rows) -> Option<StreamId> {
    let differs = |stream: &&StreamId| folded.get(*stream) != live.get(*stream);
    folded.keys().chain(live.keys()).filter(differs).min().cloned()
}
