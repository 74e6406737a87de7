//! A few connections that read.
//!
//! A connection is not tested before or after its use: one that was idle and fails is replaced, and the query repeated.

use crate::database::{Database, Role};
use crate::error::Unavailable;
use crate::many::AnyQuery;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Shared by everybody who reads.
#[derive(Debug)]
pub(crate) struct Readers {
    database: Database,
    idle: Mutex<Vec<AnyConnection>>,
    permits: Semaphore,
    patience: Duration,
}

/// Of the rows that a query finds.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    All,
    First,
}

impl Readers {
    pub(crate) fn new(database: Database, readers: u32, patience: Duration) -> Self {
        let readers = usize::try_from(readers.max(1)).expect("a usize has 32 bits");
        Self {
            database,
            idle: Mutex::new(Vec::with_capacity(readers)),
            permits: Semaphore::new(readers),
            patience,
        }
    }

    /// All rows of a query, which is made anew if it must be repeated.
    pub(crate) async fn fetch(&self, query: impl Fn() -> AnyQuery<'static>) -> Result<Vec<AnyRow>, Unavailable> {
        self.fetch_in_time(query, Wanted::All).await
    }

    /// The row of a query that finds one at most. SQLite's thread then wakes whoever asks once: not for the row, and again
    /// for the end of the statement.
    pub(crate) async fn fetch_one(&self, query: impl Fn() -> AnyQuery<'static>) -> Result<Option<AnyRow>, Unavailable> {
        Ok(self.fetch_in_time(query, Wanted::First).await?.pop())
    }

    async fn fetch_in_time(
        &self,
        query: impl Fn() -> AnyQuery<'static>,
        wanted: Wanted,
    ) -> Result<Vec<AnyRow>, Unavailable> {
        match timeout(self.patience, self.fetch_any_time(query, wanted)).await {
            Ok(rows) => rows,
            Err(_) => Err(Unavailable::Database("no answer in time".into())),
        }
    }

    async fn fetch_any_time(
        &self,
        query: impl Fn() -> AnyQuery<'static>,
        wanted: Wanted,
    ) -> Result<Vec<AnyRow>, Unavailable> {
        let _permit = self.permits.acquire().await.map_err(|_| Unavailable::Stopped)?;
        let idle = self.idle().pop();
        if let Some(mut connection) = idle {
            if let Ok(rows) = rows(query(), &mut connection, wanted).await {
                self.idle().push(connection);
                return Ok(rows);
            }
            // What broke this one broke the others.
            self.idle().clear();
        }
        let mut connection = self.database.connect(Role::Reader).await?;
        let rows = rows(query(), &mut connection, wanted).await?;
        self.idle().push(connection);
        Ok(rows)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<AnyConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn rows(query: AnyQuery<'static>, connection: &mut AnyConnection, wanted: Wanted) -> sqlx::Result<Vec<AnyRow>> {
    match wanted {
        Wanted::All => query.fetch_all(connection).await,
        Wanted::First => Ok(query.fetch_optional(connection).await?.into_iter().collect()),
    }
}
