//! How the store fails.

use crate::fold::FoldError;
use crate::stream::StreamId;
use std::borrow::Cow;
use std::sync::Arc;

/// The store cannot answer now. Nothing is known to have happened; a command with an idempotency key may be repeated.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unavailable {
    /// The database is down, out of space, or broke the connection.
    #[error("the database does not answer: {0}")]
    Database(Arc<str>),
    /// More commands wait than the queue holds.
    #[error("too many commands wait for the database")]
    QueueFull,
    /// The runtime of the store has ended.
    #[error("the store has stopped")]
    Stopped,
}

impl From<sqlx::Error> for Unavailable {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string().into())
    }
}

/// A command had no effect at all.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// `actual` is 0 for a stream without events.
    #[error("stream {stream} is at version {actual}")]
    WrongVersion { stream: StreamId, actual: u64 },
    #[error("the {kind} is taken by {owner}")]
    ClaimTaken { kind: Cow<'static, str>, owner: String },
    /// The record to consume does not exist, has expired or was consumed before.
    #[error("the {kind} is gone")]
    RecordGone { kind: Cow<'static, str> },
    /// A record has been counted up more often than the command allows.
    #[error("the {kind} was counted too often")]
    CountedOften { kind: Cow<'static, str> },
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A row that is derived from the log, of a stream or a lookup, does not tell of an event that is there.
    #[error("what is derived from the log contradicts it: rebuild the states")]
    Inconsistent,
    #[error("the events do not fold: {0}")]
    Unfoldable(#[from] FoldError),
    /// No database would take it: says what is wrong.
    #[error("malformed command: {0}")]
    Malformed(&'static str),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Names the scheme alone: the rest may hold a password.
    #[error("invalid database URL ({scheme}:…): {reason}")]
    InvalidUrl { scheme: String, reason: &'static str },
    #[error("the database does not exist")]
    NotFound,
    /// The file can be neither looked for nor made.
    #[error("the database's file cannot be reached")]
    NotReached(#[from] std::io::Error),
    #[error("the thread that appends cannot be started")]
    Thread(#[source] std::io::Error),
    /// A PostgreSQL database that cannot hold every text.
    #[error(
        "the database's encoding is {found}, and must be UTF8: make one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`"
    )]
    Encoding { found: String },
    /// An SQLite file that has tables, and none of this program's.
    #[error("the file is another program's database, with a table {table}: name another file")]
    Foreign { table: String },
    /// The tables are missing or older than this program.
    #[error("the database is at schema version {found}, this program needs {needed}: migrate it first")]
    NotMigrated { found: i64, needed: i64 },
    /// Another, newer program has been here.
    #[error("the database is at schema version {found}, this program knows {known}: use the newer program")]
    TooNew { found: i64, known: i64 },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
