//! Folds the whole log again: compares what streams and lookups hold with what the events say, or replaces it.

mod compare;
mod replace;
mod save;
mod turn;
mod walk;

pub(crate) use save::{Target, save};
pub(crate) use walk::Walk;

use crate::error::Unavailable;
use crate::event::Position;
use crate::fold::FoldError;
use crate::stream::StreamId;

/// What folding the log again showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refolded {
    /// Of the last event that was folded.
    pub position: Position,
    pub streams: u64,
    /// The first stream, by kind and id, whose row or lookups are not what its events say.
    pub differs: Option<StreamId>,
}

/// The log was not folded to its end; streams and lookups are as they were.
#[derive(Debug, thiserror::Error)]
pub enum RefoldError {
    #[error("stream {stream} does not fold: {error}")]
    Unfoldable { stream: StreamId, error: FoldError },
    /// The later one goes on in its place.
    #[error("another rebuild of the states has begun meanwhile")]
    EndedElsewhere,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for RefoldError {
    fn from(error: sqlx::Error) -> RefoldError {
        RefoldError::Unavailable(error.into())
    }
}
