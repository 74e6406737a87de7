//! What the store keeps of a stream beside its events.

use crate::stream::StreamId;

/// The fold of a stream's events, as of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub stream: StreamId,
    /// Of the stream's last event.
    pub version: u64,
    /// What the `Fold` made of the events, usually JSON.
    pub state: Option<String>,
}
