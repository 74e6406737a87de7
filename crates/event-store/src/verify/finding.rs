//! What can be wrong with a log, and where.

use std::fmt;

use crate::event::Position;

/// The first thing that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The first position at which the log is not, or may not be, what it was.
    pub position: Position,
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The row is not what was hashed.
    Edited,
    /// The row that belongs here stands elsewhere.
    Reordered { found_at: i64 },
    /// No row has this position; the next one there is has position `next`.
    Missing { next: i64 },
    /// There is a row at a position that no event has.
    Surplus { position: i64 },
    /// The log ends before this position, but `witness` knows of `known` events.
    Truncated { known: Position, witness: Witness },
    /// The chain is whole, but somewhere from this position to `until` it is another chain than the one `witness` saw.
    Rehashed { until: Position, witness: Witness },
    /// The log's head is not its last row.
    HeadDiffers,
    /// A checkpoint in the database is not signed by the log's key.
    ForgedCheckpoint { reason: String },
}

/// Who knows how the log was, least credible first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// The head's row in the database.
    Head,
    /// A checkpoint in the database.
    Stored,
    /// A checkpoint kept elsewhere.
    Outside,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "position {}: {}", self.position, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Edited => write!(f, "edited: the row, or the hash before it, is not what was hashed"),
            Problem::Reordered { found_at } => {
                write!(f, "reordered: the row that belongs here is at position {found_at}")
            }
            Problem::Missing { next } => write!(f, "missing: the next row is at position {next}"),
            Problem::Surplus { position } => write!(f, "surplus: a row at position {position}, which no event has"),
            Problem::Truncated { known, witness } => {
                write!(f, "truncated: {witness} knows of {known} events")
            }
            Problem::Rehashed { until, witness } => {
                write!(
                    f,
                    "re-hashed: up to position {until} this is not the log that {witness} saw"
                )
            }
            Problem::HeadDiffers => write!(f, "the log's head is not its last row"),
            Problem::ForgedCheckpoint { reason } => write!(f, "forged checkpoint in the database: {reason}"),
        }
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Witness::Head => "the log's head",
            Witness::Stored => "a checkpoint in the database",
            Witness::Outside => "the checkpoint kept elsewhere",
        })
    }
}
