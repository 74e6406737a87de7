//! An append-only, hash-chained event store on SQLite or PostgreSQL.
//!
//! Knows nothing of the domain: it keeps events in one gap-free order, the folded state of each stream, lookups, unique
//! claims, idempotency keys and short-lived records, and changes all of them in one transaction.

pub mod chain;
pub mod checkpoint;
mod command;
mod error;
mod event;
mod fold;
pub mod merkle;
mod options;
mod record;
mod state;
pub mod stored;
mod stream;
mod timestamp;
pub mod verify;

pub use command::{Append, ClaimChange, Command, Expected, Idempotency, Outcome};
pub use error::{AppendError, OpenError, Unavailable};
pub use event::{Context, Event, NewEvent, Position};
pub use fold::{Fold, FoldError, Folded, Lookup};
pub use options::Options;
pub use record::{Record, RecordChange};
pub use state::State;
pub use stream::StreamId;
pub use timestamp::Timestamp;
