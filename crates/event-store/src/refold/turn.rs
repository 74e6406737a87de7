//! Which rebuild may write: the one that began last, in whichever process. They share their tables.

use sqlx::{AnyConnection, Row, query};

use super::RefoldError;

/// What `log_head` says as long as no other rebuild has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn(i64);

impl Turn {
    /// Inside a transaction that holds the head: ends every other rebuild.
    pub(super) async fn take(connection: &mut AnyConnection) -> sqlx::Result<Turn> {
        pass(connection).await?;
        now(connection).await
    }

    /// Inside a transaction that has written to the tables of the rebuild, which nobody else can replace until it ends, or
    /// that holds the head.
    pub(super) async fn check(self, connection: &mut AnyConnection) -> Result<(), RefoldError> {
        match now(connection).await? == self {
            true => Ok(()),
            false => Err(RefoldError::EndedElsewhere),
        }
    }
}

/// Inside a transaction that holds the head: it is nobody's turn, and no appender knows the streams' rows any more.
pub(super) async fn pass(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let pass = query("UPDATE log_head SET rebuilds = rebuilds + 1");
    pass.execute(connection).await.map(drop)
}

async fn now(connection: &mut AnyConnection) -> sqlx::Result<Turn> {
    let row = query("SELECT rebuilds FROM log_head").fetch_one(connection).await?;
    Ok(Turn(row.try_get(0)?))
}
