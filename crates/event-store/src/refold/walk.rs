//! Reads the log stream by stream and folds each. Memory depends neither on the log nor on the longest stream.

use sqlx::{AnyConnection, AssertSqlSafe, query};

use super::RefoldError;
use crate::event::{Event, Position};
use crate::fold::{Fold, Lookup};
use crate::plan::{StreamRow, lookups_digest};
use crate::row::{EVENT_COLUMNS, EventRow};
use crate::stream::StreamId;

/// Events read at a time.
const PAGE: usize = 2000;

/// Where a walk over all streams is, in the order of kind, id and version.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The last stream read, folded as far as it was read.
    unfinished: Option<(StreamId, StreamRow)>,
    ended: bool,
    /// Of the newest event read.
    pub(crate) position: Position,
    pub(crate) streams: u64,
}

impl Walk {
    /// The next streams; `None` after the last.
    pub(crate) async fn next(
        &mut self,
        connection: &mut AnyConnection,
        fold: &dyn Fold,
    ) -> Result<Option<Vec<(StreamId, StreamRow)>>, RefoldError> {
        if self.ended {
            return Ok(None);
        }
        let events = self.page(connection).await?;
        self.ended = events.len() < PAGE;
        let mut folded: Vec<(StreamId, StreamRow)> = Vec::new();
        for events in events.chunk_by(|event, next| event.stream == next.stream) {
            let former = self.unfinished.take();
            let former = former.and_then(|(stream, row)| match stream == events[0].stream {
                true => Some(row),
                false => {
                    folded.push((stream, row));
                    None
                }
            });
            let row = refold(events, former.as_ref(), fold)?;
            self.position = self.position.max(row.position);
            self.unfinished = Some((events[0].stream.clone(), row));
        }
        if self.ended {
            folded.extend(self.unfinished.take());
        }
        self.streams += folded.len() as u64;
        Ok(Some(folded))
    }

    async fn page(&self, connection: &mut AnyConnection) -> sqlx::Result<Vec<Event>> {
        let after = match self.unfinished {
            Some(_) => "WHERE (stream_kind, stream_id, version) > ($1, $2, $3) ",
            None => "",
        };
        let select = query(AssertSqlSafe(format!(
            "SELECT {EVENT_COLUMNS} FROM events {after}ORDER BY stream_kind, stream_id, version LIMIT {PAGE}"
        )));
        let select = match &self.unfinished {
            Some((stream, row)) => select
                .bind(stream.kind.to_string())
                .bind(stream.id.clone())
                .bind(row.version.cast_signed()),
            None => select,
        };
        let rows = select.fetch_all(connection).await?;
        rows.iter().map(|row| EventRow::read(row)?.into_event()).collect()
    }
}

/// The row of a stream after `events`, which follow `former`.
pub(crate) fn refold(events: &[Event], former: Option<&StreamRow>, fold: &dyn Fold) -> Result<StreamRow, RefoldError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Err(crate::error::Unavailable::Stopped.into());
    };
    let state = former.and_then(|row| row.state.as_deref());
    let folded = fold
        .fold(&first.stream, state, events)
        .map_err(|error| RefoldError::Unfoldable {
            stream: first.stream.clone(),
            error,
        })?;
    let mut lookups: Vec<Lookup> = folded.lookups;
    lookups.sort_unstable();
    lookups.dedup();
    Ok(StreamRow {
        version: last.version,
        position: last.position,
        state: folded.state,
        lookups_digest: lookups_digest(&lookups),
        lookups,
    })
}
