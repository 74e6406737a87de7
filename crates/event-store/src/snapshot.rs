//! One unchanging view of all tables while others write: what verification, export and backup read.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row, query, raw_sql};

use crate::database::{Database, Engine, Role};
use crate::error::Unavailable;
use crate::many::AnyQuery;
use crate::row::EVENT_COLUMNS;
use crate::stored::StoredEvent;

/// Rows read at a time.
pub(crate) const PAGE: usize = 1000;

/// A read transaction on a connection of its own. SQLite can't recycle its write-ahead log while one lives.
pub(crate) struct Snapshot {
    database: Database,
    pub(crate) connection: AnyConnection,
}

impl Snapshot {
    pub(crate) async fn take(database: &Database) -> Result<Snapshot, Unavailable> {
        let mut connection = database.connect(Role::Reader).await?;
        // The view is that of the first read.
        let begin = match database.engine {
            Engine::Sqlite { .. } => "BEGIN; SELECT position FROM log_head",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT position FROM log_head",
        };
        let beginning = async { Ok::<_, Unavailable>(raw_sql(begin).fetch_all(&mut connection).await?) };
        database.answered(beginning).await?;
        let database = database.clone();
        Ok(Snapshot { database, connection })
    }

    /// Position and hash of the last event, as the database has them; `None` if it has no such row.
    pub(crate) async fn head(&mut self) -> Result<Option<(i64, Vec<u8>)>, Unavailable> {
        let head = query("SELECT position, hash FROM log_head");
        let head = self
            .fetch(head)
            .await?
            .first()
            .map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?)));
        Ok(head.transpose()?)
    }

    /// The next rows after position `after`, at most [`PAGE`]; fewer at the end of the log.
    pub(crate) async fn events(&mut self, after: i64) -> Result<Vec<StoredEvent>, Unavailable> {
        self.database.answered(events_after(&mut self.connection, after)).await
    }

    /// Positions and hashes of the next rows after position `after` and before `before`, at most [`PAGE`].
    pub(crate) async fn hashes(&mut self, after: i64, before: i64) -> Result<Vec<(i64, Vec<u8>)>, Unavailable> {
        let select = format!(
            "SELECT position, hash FROM events WHERE position > $1 AND position < $2 ORDER BY position LIMIT {PAGE}"
        );
        let select = query(AssertSqlSafe(select)).bind(after).bind(before);
        let rows = self.fetch(select).await?;
        let hashes: sqlx::Result<_> = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect();
        Ok(hashes?)
    }

    /// A page of rows.
    pub(crate) async fn fetch(&mut self, page: AnyQuery<'_>) -> Result<Vec<AnyRow>, Unavailable> {
        let fetching = async { Ok(page.fetch_all(&mut self.connection).await?) };
        self.database.answered(fetching).await
    }

    pub(crate) async fn end(self) -> Result<(), Unavailable> {
        Ok(self.connection.close().await?)
    }
}

/// The next rows after position `after`, at most [`PAGE`]; fewer at the end of the log.
pub(crate) async fn events_after(connection: &mut AnyConnection, after: i64) -> Result<Vec<StoredEvent>, Unavailable> {
    let select = format!("SELECT {EVENT_COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT {PAGE}");
    let rows = query(AssertSqlSafe(select)).bind(after).fetch_all(connection).await?;
    let events: sqlx::Result<Vec<StoredEvent>> = rows.iter().map(stored_event).collect();
    Ok(events?)
}

/// From a row of `EVENT_COLUMNS`.
pub(crate) fn stored_event(row: &AnyRow) -> sqlx::Result<StoredEvent> {
    Ok(StoredEvent {
        position: row.try_get(0)?,
        stream_kind: row.try_get(1)?,
        stream_id: row.try_get(2)?,
        version: row.try_get(3)?,
        id: row.try_get(4)?,
        kind: row.try_get(5)?,
        time: row.try_get(6)?,
        actor: row.try_get(7)?,
        client: row.try_get(8)?,
        request_id: row.try_get(9)?,
        subject: row.try_get(10)?,
        payload: row.try_get(11)?,
        sealed: row.try_get(12)?,
        hash: row.try_get(13)?,
    })
}
