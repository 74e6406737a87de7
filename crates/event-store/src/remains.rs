//! What deleted rows leave in the files of a database, and its removal.

use sqlx::{AnyConnection, Connection as _, Row as _, raw_sql};

use crate::database::{Engine, Role};
use crate::error::Unavailable;
use crate::store::Store;

/// What became of the bytes of deleted rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// They are gone from where they were looked for.
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
        let Engine::Sqlite { .. } = self.inner.database.engine else {
            return Ok(Remains::LeftToServer);
        };
        let mut connection = self.inner.database.connect(Role::Writer).await?;
        raw_sql("VACUUM").execute(&mut connection).await?;
        empty_write_ahead_log(connection).await
    }

    /// Empties SQLite's write-ahead log, in which former pages lie until it is overwritten: for who stops using the store.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn empty_write_ahead_log(&self) -> Result<Remains, Unavailable> {
        let Engine::Sqlite { .. } = self.inner.database.engine else {
            return Ok(Remains::LeftToServer);
        };
        empty_write_ahead_log(self.inner.database.connect(Role::Writer).await?).await
    }
}

pub(crate) async fn empty_write_ahead_log(mut connection: AnyConnection) -> Result<Remains, Unavailable> {
    let emptied = raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection);
    let is_busy = emptied.await?.try_get::<i64, _>(0)? != 0;
    connection.close().await?;
    Ok(if is_busy { Remains::InLog } else { Remains::Gone })
}
