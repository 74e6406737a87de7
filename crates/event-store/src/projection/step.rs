//! One step of a projection: the next events, their rows and the new position, in one transaction.

use sqlx::{AnyConnection, AssertSqlSafe, Row, query, raw_sql};

use super::{ApplyError, Projection, Tables};
use crate::database::Engine;
use crate::error::Unavailable;
use crate::event::{Event, Position};
use crate::row::{EVENT_COLUMNS, EventRow};

/// The tables that a step changes, and the row of `projections` that says how far they are.
#[derive(Clone, Copy)]
pub(crate) struct Target<'p> {
    pub(crate) projection: &'p dyn Projection,
    /// Before the names of its tables and its row: empty for the live ones.
    pub(crate) prefix: &'static str,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Up to this position; there may be more.
    Applied(Position),
    /// All that there was.
    CaughtUp,
    /// Before, by an error that is still there.
    Stopped,
    /// Now, by this event.
    Poisoned { position: Position, error: String },
    /// Another version is live, or the rebuild was ended by another.
    Gone,
}

/// Why nothing was applied.
enum Failed {
    /// By these events.
    Poison(String),
    Unavailable(Unavailable),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Failed {
        match is_about_the_data(&error) {
            true => Failed::Poison(error.to_string()),
            false => Failed::Unavailable(error.into()),
        }
    }
}

impl From<ApplyError> for Failed {
    fn from(error: ApplyError) -> Failed {
        match error {
            ApplyError::Refused(reason) => Failed::Poison(reason),
            ApplyError::Database(error) => error.into(),
        }
    }
}

/// Whether the same statement would fail again on a database in good health.
fn is_about_the_data(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| match code.len() {
            // PostgreSQL: data exceptions, violated constraints, mistakes in SQL.
            5 => ["22", "23", "42"].iter().any(|class| code.starts_with(class)),
            // SQLite: error, too big, constraint, mismatch, misuse, range; extended codes have these in their low byte.
            _ => code
                .parse::<u32>()
                .is_ok_and(|code| [1, 18, 19, 20, 21, 25].contains(&(code & 0xff))),
        }),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => true,
        _ => false,
    }
}

impl Target<'_> {
    pub(crate) fn row_name(&self) -> String {
        format!("{}{}", self.prefix, self.projection.name())
    }

    pub(crate) fn version(&self) -> i64 {
        i64::from(self.projection.version())
    }

    /// Applies the next events, at most `most`. If they can't be applied together, finds the one that is to blame, stops
    /// before it and says so in the projection's row.
    pub(crate) async fn step(
        &self,
        connection: &mut AnyConnection,
        engine: &Engine,
        most: u32,
    ) -> Result<Step, Unavailable> {
        let mut most = most;
        loop {
            begin(connection, engine).await?;
            let failed = match self.apply_next(connection, engine, most).await {
                Ok(step) => {
                    run(connection, "COMMIT").await?;
                    return Ok(step);
                }
                Err(failed) => failed,
            };
            run(connection, "ROLLBACK").await?;
            match failed {
                Failed::Unavailable(unavailable) => return Err(unavailable),
                Failed::Poison(error) if most == 1 => return self.stop(connection, engine, error).await,
                // What goes well before the bad event is kept.
                Failed::Poison(_) => most /= 2,
            }
        }
    }

    /// Inside a transaction.
    async fn apply_next(&self, connection: &mut AnyConnection, engine: &Engine, most: u32) -> Result<Step, Failed> {
        let Some((position, error)) = self.lock(connection, engine).await? else {
            return Ok(Step::Gone);
        };
        if error.is_some() {
            return Ok(Step::Stopped);
        }
        let events = events_after(connection, position, most).await?;
        let Some(last) = events.last().map(|event| event.position) else {
            return Ok(Step::CaughtUp);
        };
        let mut tables = Tables::new(connection, self.prefix);
        self.projection.apply(&mut tables, &events).await?;
        self.move_to(connection, last).await?;
        let is_full = u32::try_from(events.len()).is_ok_and(|applied| applied >= most);
        Ok(if is_full { Step::Applied(last) } else { Step::CaughtUp })
    }

    /// Position and error of the row, which nobody else moves until the transaction ends.
    pub(crate) async fn lock(
        &self,
        connection: &mut AnyConnection,
        engine: &Engine,
    ) -> sqlx::Result<Option<(Position, Option<String>)>> {
        let select = match engine {
            Engine::Sqlite { .. } => "SELECT position, error FROM projections WHERE name = $1 AND version = $2",
            Engine::Postgres => "SELECT position, error FROM projections WHERE name = $1 AND version = $2 FOR UPDATE",
        };
        let select = query(select).bind(self.row_name()).bind(self.version());
        let row = select.fetch_optional(connection).await?;
        let read = |row: sqlx::any::AnyRow| Ok((row.try_get::<i64, _>(0)?.cast_unsigned(), row.try_get(1)?));
        row.map(read).transpose()
    }

    pub(crate) async fn move_to(&self, connection: &mut AnyConnection, position: Position) -> sqlx::Result<()> {
        let update = query("UPDATE projections SET position = $1 WHERE name = $2 AND version = $3");
        let update = update
            .bind(position.cast_signed())
            .bind(self.row_name())
            .bind(self.version());
        update.execute(connection).await.map(drop)
    }

    async fn stop(&self, connection: &mut AnyConnection, engine: &Engine, error: String) -> Result<Step, Unavailable> {
        begin(connection, engine).await?;
        let stopped = self.lock(connection, engine).await?;
        let position = stopped.map_or(0, |(position, _)| position) + 1;
        let error = format!("event at position {position}: {error}");
        let update = query("UPDATE projections SET error = $1 WHERE name = $2 AND version = $3");
        let update = update.bind(error.clone()).bind(self.row_name()).bind(self.version());
        update.execute(&mut *connection).await?;
        run(connection, "COMMIT").await?;
        Ok(Step::Poisoned { position, error })
    }
}

/// The next events, decoded.
pub(crate) async fn events_after(
    connection: &mut AnyConnection,
    after: Position,
    most: u32,
) -> sqlx::Result<Vec<Event>> {
    let select = format!("SELECT {EVENT_COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT $2");
    let select = query(AssertSqlSafe(select))
        .bind(after.cast_signed())
        .bind(i64::from(most));
    let rows = select.fetch_all(connection).await?;
    rows.iter().map(|row| EventRow::read(row)?.into_event()).collect()
}

/// Begins a transaction that will write.
pub(crate) async fn begin(connection: &mut AnyConnection, engine: &Engine) -> Result<(), Unavailable> {
    let begin = match engine {
        Engine::Sqlite { .. } => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN",
    };
    run(connection, begin).await
}

pub(crate) async fn run(connection: &mut AnyConnection, sql: &'static str) -> Result<(), Unavailable> {
    raw_sql(sql).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
