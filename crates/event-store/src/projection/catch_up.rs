//! Brings a projection up to date once, for programs that do not run it.

use sqlx::Connection;

use super::Projection;
use super::catalog::{Live, enroll};
use super::step::{Step, Target};
use crate::database::Role;
use crate::error::Unavailable;
use crate::event::Position;
use crate::store::Store;

/// Events in one transaction at most.
const BATCH: u32 = 2000;

/// A projection was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    #[error("the projection has stopped: {0}")]
    Stopped(String),
    /// It must be rebuilt for this program, or needs another program.
    #[error("the projection's rows are of another version")]
    OtherVersion,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Store {
    /// Applies all events there are now to the live rows of `projection`, and returns the position of the last.
    ///
    /// # Errors
    /// When the projection has stopped or stops, or the database does not answer.
    pub async fn catch_up(&self, projection: &dyn Projection) -> Result<Position, CatchUpError> {
        let database = &self.inner.database;
        let mut connection = database.connect(Role::Deriver).await?;
        if enroll(&mut connection, &database.engine, projection).await? != Live::Current {
            return Err(CatchUpError::OtherVersion);
        }
        let live = Target { projection, prefix: "" };
        while let step = database
            .answered(live.step(&mut connection, &database.engine, BATCH))
            .await?
            && step != Step::CaughtUp
        {
            match step {
                Step::Applied(_) | Step::CaughtUp => {}
                Step::Poisoned { error, .. } => return Err(CatchUpError::Stopped(error)),
                Step::Stopped => {
                    let (_, error) = live
                        .lock(&mut connection, &database.engine)
                        .await
                        .map_err(Unavailable::from)?
                        .unwrap_or_default();
                    return Err(CatchUpError::Stopped(error.unwrap_or_default()));
                }
                Step::Gone => return Err(CatchUpError::OtherVersion),
            }
        }
        let end = live
            .lock(&mut connection, &database.engine)
            .await
            .map_err(Unavailable::from)?;
        connection.close().await.map_err(Unavailable::from)?;
        Ok(end.map_or(0, |(position, _)| position))
    }
}
