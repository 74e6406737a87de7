//! An append-only, hash-chained event store on SQLite or PostgreSQL.
//!
//! Knows nothing of the domain: it keeps events in one gap-free order, the folded state of each stream, lookups, unique
//! claims, idempotency keys and short-lived records, and changes all of them in one transaction.

mod appender;
pub mod backup;
mod bell;
pub mod chain;
pub mod checkpoint;
pub mod checkpointer;
mod command;
mod database;
mod error;
mod event;
mod export;
mod fold;
mod head;
mod job;
mod known;
mod many;
pub mod merkle;
mod options;
mod pending;
mod plan;
pub mod projection;
mod read;
mod readers;
mod record;
mod refold;
mod remains;
mod row;
mod schema;
mod snapshot;
mod state;
mod store;
pub mod stored;
mod stream;
mod subscription;
mod timestamp;
pub mod verify;
mod writer;

pub use command::{Append, ClaimChange, Command, Expected, Idempotency, Outcome};
pub use error::{AppendError, OpenError, Unavailable};
pub use event::{Context, Event, NewEvent, Position};
pub use export::ExportError;
pub use fold::{Fold, FoldError, Folded, Lookup};
pub use job::Swept;
pub use options::Options;
pub use record::{Record, RecordChange};
pub use refold::{RefoldError, Refolded};
pub use remains::Remains;
pub use state::State;
pub use store::Store;
pub use stream::StreamId;
pub use subscription::Subscription;
pub use timestamp::Timestamp;
