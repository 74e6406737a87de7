//! Makes streams and lookups anew beside the live ones and replaces those in one transaction.

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row, query, raw_sql};

use super::turn::{self, Turn};
use super::walk::refold;
use super::{RefoldError, Refolded, Target, Walk, save};
use crate::database::{Engine, Role};
use crate::event::{Event, Position};
use crate::head;
use crate::plan::StreamRow;
use crate::projection::{begin, events_after, run};
use crate::row::{digest, unsigned};
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::stream::StreamId;

/// Fewer events than this are left for the transaction that holds up appends.
const NEARLY_THERE: u64 = 500;
/// Events in one transaction that follows the log.
const BATCH: u32 = 2000;

impl Store {
    /// Folds the whole log again beside the live rows, then replaces those in one transaction if they differ. Appends wait
    /// for that last transaction alone, and for the tables to be made. A rebuild that is under way ends when another begins.
    ///
    /// # Errors
    /// When a stream does not fold, another rebuild has begun, or the database does not answer.
    pub async fn rebuild_states(&self) -> Result<Refolded, RefoldError> {
        let engine = &self.inner.database.engine;
        let mut connection = self.inner.database.connect(Role::Deriver).await?;
        head::begin(&mut connection, engine).await?;
        let turn = Turn::take(&mut connection).await?;
        create(&mut connection, engine).await?;
        run(&mut connection, "COMMIT").await?;
        let rebuilt = self.refold_beside(&mut connection, turn).await;
        // What was open, if anything, ends with the connection.
        let _ = connection.close().await;
        match rebuilt {
            Ok(refolded) => Ok(refolded),
            Err(error) => self.tidy_up(turn).await.and(Err(error)),
        }
    }

    /// Leaves nothing behind. What another rebuild has made is that one's.
    async fn tidy_up(&self, turn: Turn) -> Result<(), RefoldError> {
        let database = &self.inner.database;
        let mut connection = database.connect(Role::Deriver).await?;
        head::begin(&mut connection, &database.engine).await?;
        turn.check(&mut connection).await?;
        drop_tables(&mut connection).await?;
        run(&mut connection, "COMMIT").await?;
        let _ = connection.close().await;
        Ok(())
    }

    async fn refold_beside(&self, connection: &mut AnyConnection, turn: Turn) -> Result<Refolded, RefoldError> {
        let engine = &self.inner.database.engine;
        let mut position = self.refold_snapshot(connection, turn).await?;
        while position + NEARLY_THERE < self.head().await? {
            begin(connection, engine).await?;
            position = self.follow(connection, position).await?;
            commit(connection, turn).await?;
        }
        let head = head::begin(connection, engine).await?.position;
        turn.check(connection).await?;
        while position < head {
            position = self.follow(connection, position).await?;
        }
        let refolded = replace(connection, head).await?;
        run(connection, "COMMIT").await?;
        Ok(refolded)
    }

    /// Folds the log as it is now, and returns the position of its last event.
    async fn refold_snapshot(&self, connection: &mut AnyConnection, turn: Turn) -> Result<Position, RefoldError> {
        let (database, fold) = (&self.inner.database, self.inner.fold.as_ref());
        let mut snapshot = Snapshot::take(database).await?;
        let head = snapshot.head().await?;
        let (mut walk, mut folded) = (Walk::default(), Vec::new());
        loop {
            // The next streams are read and folded while the former ones are written.
            let writing = write(connection, &database.engine, &folded, turn);
            let (next, written) = tokio::join!(walk.next(&mut snapshot.connection, fold), writing);
            written?;
            match next? {
                Some(next) => folded = next,
                None => break,
            }
        }
        snapshot.end().await?;
        Ok(head.map_or(0, |(position, _)| position.cast_unsigned()))
    }

    /// Inside a transaction: folds the next events into the new rows, and returns the position of the last.
    async fn follow(&self, connection: &mut AnyConnection, after: Position) -> Result<Position, RefoldError> {
        let mut events = events_after(connection, after, BATCH).await?;
        let last = events.last().map_or(after, |event| event.position);
        events.sort_by(|one, other| (&one.stream, one.version).cmp(&(&other.stream, other.version)));
        for events in events.chunk_by(|event, next| event.stream == next.stream) {
            let folded = self.follow_stream(connection, events).await?;
            save(connection, Target::REBUILD, &[folded]).await?;
        }
        Ok(last)
    }

    async fn follow_stream(
        &self,
        connection: &mut AnyConnection,
        events: &[Event],
    ) -> Result<(StreamId, StreamRow), RefoldError> {
        let stream = events[0].stream.clone();
        let select = "SELECT version, position, state, lookups FROM rebuild_streams WHERE kind = $1 AND id = $2";
        let select = query(select).bind(stream.kind.to_string()).bind(stream.id.clone());
        let former = match select.fetch_optional(&mut *connection).await? {
            None => None,
            Some(row) => {
                let has_lookups: Option<Vec<u8>> = row.try_get(3)?;
                Some(StreamRow {
                    version: unsigned(&row, 0)?,
                    position: unsigned(&row, 1)?,
                    state: row.try_get(2)?,
                    lookups_digest: has_lookups.map(|_| digest(&row, 3)).transpose()?,
                    lookups: Vec::new(),
                })
            }
        };
        let row = refold(events, former.as_ref(), self.inner.fold.as_ref())?;
        let delete = query("DELETE FROM rebuild_lookups WHERE stream_kind = $1 AND stream_id = $2");
        let delete = delete.bind(stream.kind.to_string()).bind(stream.id.clone());
        delete.execute(connection).await?;
        Ok((stream, row))
    }
}

async fn write(
    connection: &mut AnyConnection,
    engine: &Engine,
    folded: &[(StreamId, StreamRow)],
    turn: Turn,
) -> Result<(), RefoldError> {
    if folded.is_empty() {
        return Ok(());
    }
    begin(connection, engine).await?;
    save(connection, Target::REBUILD, folded).await?;
    commit(connection, turn).await
}

/// What was written to the tables of another rebuild is not.
async fn commit(connection: &mut AnyConnection, turn: Turn) -> Result<(), RefoldError> {
    turn.check(connection).await?;
    Ok(run(connection, "COMMIT").await?)
}

async fn create(connection: &mut AnyConnection, engine: &Engine) -> Result<(), RefoldError> {
    drop_tables(connection).await?;
    // The order of the rows must be that of the live ones, the checks need not be repeated.
    let (integer, text, bytes, end) = match engine {
        Engine::Sqlite { .. } => ("INTEGER", "TEXT", "BLOB", ") STRICT"),
        Engine::Postgres => ("BIGINT", "TEXT COLLATE \"C\"", "BYTEA", ")"),
    };
    let sql = format!(
        "CREATE TABLE rebuild_streams (kind {text} NOT NULL, id {text} NOT NULL, version {integer} NOT NULL, \
         position {integer} NOT NULL, state TEXT, lookups {bytes}, PRIMARY KEY (kind, id){end}; \
         CREATE TABLE rebuild_lookups (stream_kind {text} NOT NULL, stream_id {text} NOT NULL, kind {text} NOT NULL, \
         key {bytes} NOT NULL, PRIMARY KEY (stream_kind, stream_id, kind, key){end}"
    );
    raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

async fn drop_tables(connection: &mut AnyConnection) -> Result<(), RefoldError> {
    let drop = "DROP TABLE IF EXISTS rebuild_streams; DROP TABLE IF EXISTS rebuild_lookups";
    Ok(run(connection, drop).await?)
}

/// Inside a transaction that holds the head.
async fn replace(connection: &mut AnyConnection, head: Position) -> Result<Refolded, RefoldError> {
    let streams = query("SELECT COUNT(*) FROM rebuild_streams")
        .fetch_one(&mut *connection)
        .await?;
    let differs = first_difference(connection).await?;
    if differs.is_some() {
        let replace = "DELETE FROM lookups; DELETE FROM streams; \
             INSERT INTO streams (kind, id, version, position, state, lookups) \
             SELECT kind, id, version, position, state, lookups FROM rebuild_streams; \
             INSERT INTO lookups (kind, key, stream_kind, stream_id) \
             SELECT kind, key, stream_kind, stream_id FROM rebuild_lookups";
        run(connection, replace).await?;
        turn::pass(connection).await?;
    }
    drop_tables(connection).await?;
    Ok(Refolded {
        position: head,
        streams: streams.try_get::<i64, _>(0)?.cast_unsigned(),
        differs,
    })
}

async fn first_difference(connection: &mut AnyConnection) -> Result<Option<StreamId>, RefoldError> {
    let streams = "kind, id, version, position, state, lookups";
    let lookups = "stream_kind, stream_id, kind, key";
    let only = |columns: &str, first: &str, second: &str, key: &str| {
        format!("SELECT {key} FROM (SELECT {columns} FROM {first} EXCEPT SELECT {columns} FROM {second}) AS one")
    };
    let differences = [
        only(streams, "streams", "rebuild_streams", "kind AS a, id AS b"),
        only(streams, "rebuild_streams", "streams", "kind AS a, id AS b"),
        only(
            lookups,
            "lookups",
            "rebuild_lookups",
            "stream_kind AS a, stream_id AS b",
        ),
        only(
            lookups,
            "rebuild_lookups",
            "lookups",
            "stream_kind AS a, stream_id AS b",
        ),
    ];
    let select = format!(
        "SELECT a, b FROM ({}) AS found ORDER BY a, b LIMIT 1",
        differences.join(" UNION ALL ")
    );
    let row = query(AssertSqlSafe(select)).fetch_optional(connection).await?;
    let stream = row.map(|row| {
        Ok::<_, sqlx::Error>(StreamId::new(
            row.try_get::<String, _>(0)?,
            row.try_get::<String, _>(1)?,
        ))
    });
    Ok(stream.transpose()?)
}
