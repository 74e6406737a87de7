//! The table `projections`: which there are, how far each is, what stopped it.

use sqlx::{AnyConnection, Connection, Row, query};

use super::Projection;
use super::step::{begin, run};
use crate::database::{Engine, Role};
use crate::error::Unavailable;
use crate::event::Position;
use crate::store::Store;

/// How far a projection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionStatus {
    pub name: String,
    pub version: u32,
    /// Of the last event in its rows.
    pub position: Position,
    /// Events that are not in its rows yet.
    pub lag: u64,
    /// What stopped it. It stays there until it is resumed or rebuilt.
    pub error: Option<String>,
}

/// A projection could not be resumed.
#[derive(Debug, thiserror::Error)]
pub enum NoProjection {
    #[error("there is no projection {name}")]
    Unknown { name: String },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What of a projection is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Live {
    /// Its tables are as this version makes them.
    Current,
    /// They are of an earlier version.
    Older,
    /// They are of a version that this program doesn't know.
    Newer(u32),
}

impl Store {
    /// All projections there are in the database, by name; those being rebuilt too, as `rebuild_NAME`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn projections(&self) -> Result<Vec<ProjectionStatus>, Unavailable> {
        let select = || {
            query(
                "SELECT name, version, projections.position, log_head.position - projections.position, error \
                 FROM projections CROSS JOIN log_head ORDER BY name, version",
            )
        };
        let rows = self.inner.readers.fetch(select).await?;
        let status = |row: &sqlx::any::AnyRow| {
            Ok::<_, sqlx::Error>(ProjectionStatus {
                name: row.try_get(0)?,
                version: version(row.try_get(1)?),
                position: row.try_get::<i64, _>(2)?.cast_unsigned(),
                // Both numbers are of one moment, and no projection is ahead of the log.
                lag: row.try_get::<i64, _>(3)?.cast_unsigned(),
                error: row.try_get(4)?,
            })
        };
        Ok(rows.iter().map(status).collect::<sqlx::Result<_>>()?)
    }

    /// Lets a stopped projection try again, after what stopped it was mended. Does nothing to one that runs.
    ///
    /// # Errors
    /// When there is no such projection, or the database does not answer.
    pub async fn resume_projection(&self, name: &str) -> Result<(), NoProjection> {
        let mut connection = self.inner.database.connect(Role::Writer).await?;
        let update = query("UPDATE projections SET error = NULL WHERE name = $1").bind(name.to_owned());
        let updated = update.execute(&mut connection).await.map_err(Unavailable::from)?;
        connection.close().await.map_err(Unavailable::from)?;
        match updated.rows_affected() {
            0 => Err(NoProjection::Unknown { name: name.to_owned() }),
            _ => Ok(()),
        }
    }
}

/// Makes the tables of a projection that is not there yet. Several processes may do this at once.
pub(crate) async fn enroll(
    connection: &mut AnyConnection,
    engine: &Engine,
    projection: &dyn Projection,
) -> Result<Live, Unavailable> {
    begin(connection, engine).await?;
    if *engine == Engine::Postgres {
        run(connection, "LOCK TABLE projections IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    let select = query("SELECT MAX(version) FROM projections WHERE name = $1").bind(projection.name());
    let found: Option<i64> = select.fetch_one(&mut *connection).await?.try_get(0)?;
    let live = match found.map(version) {
        None => {
            for table in projection.tables() {
                table.create(connection, engine, "").await?;
            }
            insert(connection, projection.name().to_owned(), projection).await?;
            Live::Current
        }
        Some(found) if found == projection.version() => Live::Current,
        Some(found) if found > projection.version() => Live::Newer(found),
        Some(_) => Live::Older,
    };
    run(connection, "COMMIT").await?;
    Ok(live)
}

/// A row at position 0.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    row_name: String,
    projection: &dyn Projection,
) -> sqlx::Result<()> {
    let insert = query("INSERT INTO projections (name, version, position, error) VALUES ($1, $2, 0, NULL)");
    let insert = insert.bind(row_name).bind(i64::from(projection.version()));
    insert.execute(connection).await.map(drop)
}

fn version(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}
