//! Makes the rows of a projection anew from the whole log, beside the live ones, and replaces those in one transaction.

use sqlx::{AnyConnection, Connection, Row, query};

use super::catalog::{Live, enroll, insert};
use super::step::{Step, Target, begin, events_after, run};
use super::{ApplyError, Projection, Tables};
use crate::chain::{Hash, sha256};
use crate::database::{Engine, Role};
use crate::error::Unavailable;
use crate::event::Position;
use crate::store::Store;

const PREFIX: &str = "rebuild_";
/// Events in one transaction.
const BATCH: u32 = 2000;
/// Fewer than this are left for the transaction that replaces the rows.
const NEARLY_THERE: u64 = 1000;

impl Target<'_> {
    /// Inside a transaction: all events up to `head`, which is there.
    async fn apply_until(
        &self,
        connection: &mut AnyConnection,
        mut position: Position,
        head: Position,
    ) -> Result<(), RebuildError> {
        while position < head {
            let left = u32::try_from(head - position).unwrap_or(BATCH).min(BATCH);
            let events = events_after(connection, position, left).await?;
            // Before the head are no gaps.
            position = events.last().map_or(head, |event| event.position);
            let mut tables = Tables::new(connection, self.prefix);
            self.projection.apply(&mut tables, &events).await?;
        }
        Ok(self.move_to(connection, head).await?)
    }
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    pub name: &'static str,
    pub version: u32,
    /// Of the last event in the rows.
    pub position: Position,
    pub rows: u64,
    /// Of the new rows; their order does not count.
    pub checksum: Hash,
    /// Of the live rows until then, the same unless they were wrong; `None` if those were of another version or had stopped at an error.
    pub replaced: Option<Hash>,
}

/// A rebuild ended early; the live rows are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// At the same event the live ones will stop or have stopped.
    #[error("the rebuild stopped: {0}")]
    Poisoned(String),
    /// Another process rebuilt it at the same time and was faster.
    #[error("another process ended the rebuild")]
    EndedElsewhere,
    /// A newer program has made the rows.
    #[error("the rows are of version {found}, this program knows {known}")]
    Newer { found: u32, known: u32 },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<ApplyError> for RebuildError {
    fn from(error: ApplyError) -> RebuildError {
        match error {
            ApplyError::Refused(reason) => RebuildError::Poisoned(reason),
            ApplyError::Database(error) => error.into(),
        }
    }
}

impl From<sqlx::Error> for RebuildError {
    fn from(error: sqlx::Error) -> RebuildError {
        RebuildError::Unavailable(error.into())
    }
}

impl Store {
    /// Makes the rows of `projection` anew from the whole log while the live ones are read and kept up to date, then
    /// replaces those in one transaction if they differ. Does not hold up appends on PostgreSQL; on SQLite while it replaces.
    ///
    /// # Errors
    /// When an event can't be applied, or the database does not answer.
    pub async fn rebuild_projection(&self, projection: &dyn Projection) -> Result<Rebuilt, RebuildError> {
        self.make_anew(projection, Then::Replace).await
    }

    /// As [`Store::rebuild_projection`], but leaves the live rows as they are: `replaced` is what they would have been
    /// compared by.
    ///
    /// # Errors
    /// As a rebuild.
    pub async fn compare_projection(&self, projection: &dyn Projection) -> Result<Rebuilt, RebuildError> {
        self.make_anew(projection, Then::Forget).await
    }

    async fn make_anew(&self, projection: &dyn Projection, then: Then) -> Result<Rebuilt, RebuildError> {
        let database = &self.inner.database;
        let mut connection = database.connect(Role::Deriver).await?;
        if let Live::Newer(found) = enroll(&mut connection, &database.engine, projection).await? {
            let known = projection.version();
            return Err(RebuildError::Newer { found, known });
        }
        let rebuild = Rebuild {
            then,
            engine: &database.engine,
            live: Target { projection, prefix: "" },
            new: Target {
                projection,
                prefix: PREFIX,
            },
        };
        let rebuilt = rebuild.run(self, &mut connection).await;
        // Whatever transaction was open ends with it.
        let _ = connection.close().await;
        rebuilt
    }
}

/// What becomes of the new rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Replace,
    Forget,
}

struct Rebuild<'p> {
    then: Then,
    engine: &'p Engine,
    live: Target<'p>,
    new: Target<'p>,
}

impl Rebuild<'_> {
    async fn run(&self, store: &Store, connection: &mut AnyConnection) -> Result<Rebuilt, RebuildError> {
        begin(connection, self.engine).await?;
        self.clear(connection).await?;
        for table in self.new.projection.tables() {
            table.create(connection, self.engine, PREFIX).await?;
        }
        insert(connection, self.new.row_name(), self.new.projection).await?;
        run(connection, "COMMIT").await?;
        self.advance(store, connection, NEARLY_THERE).await?;
        begin(connection, self.engine).await?;
        let rebuilt = match self.replace(connection).await {
            Err(RebuildError::Poisoned(error)) => {
                run(connection, "ROLLBACK").await?;
                // Finds and names the event.
                self.advance(store, connection, 0).await?;
                return Err(self.give_up(connection, error).await);
            }
            rebuilt => rebuilt?,
        };
        run(connection, "COMMIT").await?;
        Ok(rebuilt)
    }

    /// Applies events to the new rows, one transaction after the other, until at most about `left` are left.
    async fn advance(&self, store: &Store, connection: &mut AnyConnection, left: u64) -> Result<(), RebuildError> {
        loop {
            let step = self.new.step(connection, self.engine, BATCH);
            match store.inner.database.answered(step).await? {
                Step::Applied(position) if left == 0 || position + left <= store.head().await? => continue,
                Step::Applied(_) | Step::CaughtUp => return Ok(()),
                Step::Gone => return Err(RebuildError::EndedElsewhere),
                Step::Poisoned { error, .. } => return Err(self.give_up(connection, error).await),
                Step::Stopped => return Err(self.give_up(connection, "stopped elsewhere".to_owned()).await),
            }
        }
    }

    async fn give_up(&self, connection: &mut AnyConnection, error: String) -> RebuildError {
        let cleared = async {
            begin(connection, self.engine).await?;
            self.clear(connection).await?;
            run(connection, "COMMIT").await
        };
        match cleared.await {
            Ok(()) => RebuildError::Poisoned(error),
            Err(unavailable) => unavailable.into(),
        }
    }

    /// Removes what a rebuild leaves behind.
    async fn clear(&self, connection: &mut AnyConnection) -> sqlx::Result<()> {
        for table in self.new.projection.tables() {
            table.drop_if_exists(connection, PREFIX).await?;
        }
        let delete = query("DELETE FROM projections WHERE name = $1").bind(self.new.row_name());
        delete.execute(connection).await.map(drop)
    }

    /// Inside a transaction. Whoever would move the live rows waits for our lock on their row of `projections`.
    async fn replace(&self, connection: &mut AnyConnection) -> Result<Rebuilt, RebuildError> {
        let live = self.live.lock(connection, self.engine).await?;
        let Some((from, _)) = self.new.lock(connection, self.engine).await? else {
            return Err(RebuildError::EndedElsewhere);
        };
        let head: i64 = query("SELECT position FROM log_head")
            .fetch_one(&mut *connection)
            .await?
            .try_get(0)?;
        let head = head.cast_unsigned();
        self.new.apply_until(connection, from, head).await?;
        let comparable = live.as_ref().filter(|(_, error)| error.is_none());
        let replaced = match comparable {
            Some((position, _)) => {
                self.live.apply_until(connection, *position, head).await?;
                Some(self.checksum(connection, "").await?.1)
            }
            None => None,
        };
        let (rows, checksum) = self.checksum(connection, PREFIX).await?;
        let rebuilt = Rebuilt {
            name: self.live.projection.name(),
            version: self.live.projection.version(),
            position: head,
            rows,
            checksum,
            replaced,
        };
        if self.then == Then::Forget {
            run(connection, "ROLLBACK").await?;
            begin(connection, self.engine).await?;
            self.clear(connection).await?;
            return Ok(rebuilt);
        }
        if replaced != Some(checksum) {
            self.replace_rows(connection, live.is_none()).await?;
        }
        self.clear(connection).await?;
        let delete = query("DELETE FROM projections WHERE name = $1").bind(self.live.row_name());
        delete.execute(&mut *connection).await?;
        insert(connection, self.live.row_name(), self.live.projection).await?;
        self.live.move_to(connection, head).await?;
        Ok(rebuilt)
    }

    async fn replace_rows(&self, connection: &mut AnyConnection, other_version: bool) -> sqlx::Result<()> {
        for table in self.new.projection.tables() {
            if other_version {
                // Perhaps with other columns.
                table.drop_if_exists(connection, "").await?;
                table.create(connection, self.engine, "").await?;
            }
            table.replace_from(connection, PREFIX).await?;
        }
        Ok(())
    }

    /// Over all tables.
    async fn checksum(&self, connection: &mut AnyConnection, prefix: &str) -> sqlx::Result<(u64, Hash)> {
        let (mut rows, mut all) = (0, Vec::new());
        for table in self.new.projection.tables() {
            let (count, sum) = table.checksum(connection, prefix).await?;
            rows += count;
            all.extend(count.to_be_bytes());
            all.extend(sum);
        }
        Ok((rows, sha256(&all)))
    }
}
