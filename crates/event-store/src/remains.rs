//! What deleted rows leave in the files of a database, and its removal.

use sqlx::{Connection as _, Row as _, raw_sql};

use crate::database::{Engine, Role};
use crate::error::Unavailable;
use crate::store::Store;

/// What became of the bytes of deleted rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// No file of the database holds any.
    Gone,
    /// The write-ahead log could not be emptied: somebody still reads what it holds.
    InLog,
    /// PostgreSQL removes them in its own time.
    LeftToServer,
}

impl Store {
    /// Writes an SQLite database anew, without the free parts of its pages, and empties its write-ahead log. That takes as
    /// long as copying the file, and as much room; appends wait meanwhile, reading goes on.
    ///
    /// # Errors
    /// The database is not written anew: appends left it no time to begin, or there is no room.
    pub async fn remove_remains(&self) -> Result<Remains, Unavailable> {
        let database = &self.inner.database;
        match database.engine {
            Engine::Postgres => return Ok(Remains::LeftToServer),
            Engine::Sqlite { .. } => {}
        }
        let mut connection = database.connect(Role::Writer).await?;
        raw_sql("VACUUM").execute(&mut connection).await?;
        let emptied = raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection);
        let is_busy = emptied.await?.try_get::<i64, _>(0)? != 0;
        connection.close().await?;
        Ok(if is_busy { Remains::InLog } else { Remains::Gone })
    }
}
