//! How events become the state of their stream, inside the transaction that appends them.

use crate::event::Event;
use crate::stream::StreamId;
use std::borrow::Cow;

/// The domain's half of an append. It must be a pure function: the same events give the same state, always.
pub trait Fold: Send + Sync + 'static {
    /// The state of `stream` after `events`, where `state` is the one before them (`None` for a new stream).
    ///
    /// # Errors
    /// When the state cannot be read or the events do not follow from it; the command then fails alone.
    fn fold(&self, stream: &StreamId, state: Option<&str>, events: &[Event]) -> Result<Folded, FoldError>;
}

/// The new state of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    pub state: Option<String>,
    /// Everything the stream can be found by from now on: replaces the former set.
    pub lookups: Vec<Lookup>,
}

/// A key that a stream can be found by. Several streams may share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lookup {
    pub kind: Cow<'static, str>,
    pub key: Vec<u8>,
}

/// Why events could not be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FoldError(pub String);
