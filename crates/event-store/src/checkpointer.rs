//! Makes checkpoints of a growing log. Only rows that were seen to continue the last checkpoint are signed, so that a
//! log rewritten behind a running program's back gets no new signature.

use std::io;
use std::sync::Arc;

use sqlx::{Connection, Row, query};

use crate::chain::{GENESIS, Hash};
use crate::checkpoint::{Checkpoint, Former, KeepError, NoteError, Signer, Sink};
use crate::database::{Database, Role};
use crate::error::Unavailable;
use crate::event::Position;
use crate::merkle::CompactRange;
use crate::projection::{begin, run};
use crate::row::unsigned;
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::timestamp::Timestamp;
use crate::verify::{Finding, Problem, Verifier, Witness, walk};

/// A checkpoint that was signed and is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Events in the log.
    pub size: Position,
    pub note: String,
}

/// No checkpoint was made, or it is not kept everywhere.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Nothing is signed until someone has looked at this.
    #[error("the log is not what it was: {0}")]
    Tampered(Finding),
    /// Two keys for one log: `verify` takes one of them.
    #[error("the log's newest checkpoint is not signed by the key {key}")]
    OtherKey { key: String },
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The checkpoint is in the database; the next call hands it over again.
    #[error("the checkpoint is not kept outside: {0}")]
    NotKept(#[source] KeepError),
}

/// Signs checkpoints of one log and hands them to places outside the database.
pub struct Checkpointer {
    database: Database,
    signer: Arc<dyn Signer>,
    sinks: Vec<Arc<dyn Sink>>,
    /// Those that were dropped are deleted, and not looked at.
    former: Former,
    last: Option<Last>,
    /// Size of the newest checkpoint that all sinks keep.
    kept: Option<Position>,
}

#[derive(Debug, Clone)]
struct Last {
    tree: CompactRange,
    head: Hash,
    signed: Option<Signed>,
}

impl Checkpointer {
    pub(crate) fn new(database: Database, signer: Arc<dyn Signer>) -> Checkpointer {
        Checkpointer {
            database,
            signer,
            sinks: Vec::new(),
            former: Former::Continued,
            last: None,
            kept: None,
        }
    }

    /// Also hands every checkpoint to `sink`.
    #[must_use]
    pub fn keep_in(mut self, sink: Arc<dyn Sink>) -> Checkpointer {
        self.sinks.push(sink);
        self
    }

    /// Also signs a log of which another key has signed checkpoints, whichever of them, or which is not the one that they
    /// saw: checks it from its beginning, and deletes all that are in the database.
    #[must_use]
    pub fn anew(mut self) -> Checkpointer {
        self.former = Former::Dropped;
        self
    }

    /// Signs a checkpoint of the log as it is now, unless nothing was added since the last one. Returns the newest, now
    /// kept everywhere; `None` for an empty log.
    ///
    /// # Errors
    /// When the log was tampered with since the last checkpoint, another key has signed that one, or something is unavailable.
    /// Call again later.
    pub async fn sign(&mut self, now: Timestamp) -> Result<Option<Signed>, SignError> {
        let last = self.advance().await?;
        let signed = match last.signed {
            Some(signed) => signed,
            None if last.tree.size() == 0 => return Ok(None),
            None => self.sign_tree(&last, now).await?,
        };
        self.hand_over(&signed).await?;
        self.former = Former::Continued;
        Ok(Some(signed))
    }

    /// Checks the rows added since the last time.
    async fn advance(&mut self) -> Result<Last, SignError> {
        let mut snapshot = Snapshot::take(&self.database).await?;
        let last = match self.last.take() {
            Some(last) => last,
            None => self.stored(&mut snapshot).await?,
        };
        let verifier = Verifier::continuing(last.tree.clone(), last.head);
        let report = walk(&mut snapshot, verifier).await;
        let _ = snapshot.end().await;
        let report = report.inspect_err(|_| self.last = Some(last.clone()))?;
        if let Some(finding) = report.finding {
            self.last = Some(last);
            return Err(SignError::Tampered(finding));
        }
        let grew = report.tree.size() > last.tree.size();
        let last = Last {
            tree: report.tree,
            head: report.head,
            signed: last.signed.filter(|_| !grew),
        };
        self.last = Some(last.clone());
        Ok(last)
    }

    /// The newest checkpoint in the database; without any that can be continued, the beginning of the log. One of more events
    /// than there are is not passed over.
    async fn stored(&self, snapshot: &mut Snapshot) -> Result<Last, SignError> {
        let beginning = Last {
            tree: CompactRange::default(),
            head: GENESIS,
            signed: None,
        };
        let newest = match self.former {
            Former::Continued => newest(snapshot).await?,
            Former::Dropped => None,
        };
        let Some(Newest { note, tree, head }) = newest else {
            return Ok(beginning);
        };
        // The signature covers the root, and the root the tree: neither can be another's.
        let checkpoint = match Checkpoint::open(&note, self.signer.key()) {
            Ok(checkpoint) => checkpoint,
            Err(NoteError::NotSigned { key }) => return Err(SignError::OtherKey { key }),
            Err(_) => return Ok(beginning),
        };
        let tree = CompactRange::from_bytes(checkpoint.size, &tree).filter(|tree| tree.root() == checkpoint.root);
        let (Some(tree), Ok(head)) = (tree, head.try_into()) else {
            return Ok(beginning);
        };
        let size = checkpoint.size;
        Ok(Last {
            tree,
            head,
            signed: Some(Signed { size, note }),
        })
    }

    async fn sign_tree(&mut self, last: &Last, now: Timestamp) -> Result<Signed, SignError> {
        let checkpoint = Checkpoint {
            origin: self.signer.key().name().to_owned(),
            size: last.tree.size(),
            root: last.tree.root(),
        };
        let signed = Signed {
            size: checkpoint.size,
            note: checkpoint.sign(self.signer.as_ref())?,
        };
        self.database.answered(self.store(&signed, &last.tree, now)).await?;
        self.last = Some(Last {
            signed: Some(signed.clone()),
            ..last.clone()
        });
        Ok(signed)
    }

    /// In the place of the dropped ones: all or nothing.
    async fn store(&self, signed: &Signed, tree: &CompactRange, now: Timestamp) -> Result<(), Unavailable> {
        let mut connection = self.database.connect(Role::Writer).await?;
        begin(&mut connection, &self.database.engine).await?;
        if self.former == Former::Dropped {
            let delete = query("DELETE FROM log_checkpoints");
            delete.execute(&mut connection).await?;
        }
        // Another gateway may have signed the same log in this moment.
        let insert = query(
            "INSERT INTO log_checkpoints (position, time, note, tree) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (position) DO UPDATE SET time = excluded.time, note = excluded.note, tree = excluded.tree",
        );
        let insert = insert.bind(signed.size.cast_signed()).bind(now.0);
        let insert = insert.bind(signed.note.as_str()).bind(tree.to_bytes());
        insert.execute(&mut connection).await?;
        run(&mut connection, "COMMIT").await?;
        Ok(connection.close().await?)
    }

    async fn hand_over(&mut self, signed: &Signed) -> Result<(), SignError> {
        if self.kept == Some(signed.size) {
            return Ok(());
        }
        for sink in &self.sinks {
            let sink = Arc::clone(sink);
            let Signed { size, note } = signed.clone();
            let former = self.former;
            let kept = tokio::task::spawn_blocking(move || sink.keep(size, &note, former)).await;
            let kept = kept.map_err(|error| KeepError::Io(io::Error::other(error))).flatten();
            kept.map_err(SignError::NotKept)?;
        }
        self.kept = Some(signed.size);
        Ok(())
    }
}

/// The checkpoint of the most events that is in the database.
struct Newest {
    note: String,
    tree: Vec<u8>,
    /// Stored as the hash of its last event; empty if there is a gap.
    head: Vec<u8>,
}

async fn newest(snapshot: &mut Snapshot) -> Result<Option<Newest>, SignError> {
    let select = query(
        "SELECT log_checkpoints.position, note, tree, (SELECT hash FROM events WHERE position = log_checkpoints.position), \
         (SELECT MAX(position) FROM events) FROM log_checkpoints ORDER BY log_checkpoints.position DESC LIMIT 1",
    );
    let rows = snapshot.fetch(select).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let columns = || {
        let head: Option<Vec<u8>> = row.try_get(3)?;
        let newest = Newest {
            note: row.try_get(1)?,
            tree: row.try_get(2)?,
            head: head.unwrap_or_default(),
        };
        let end: Option<i64> = row.try_get(4)?;
        Ok::<_, sqlx::Error>((newest, unsigned(row, 0)?, end.unwrap_or_default().cast_unsigned()))
    };
    let (newest, size, end) = columns().map_err(Unavailable::from)?;
    match size <= end {
        true => Ok(Some(newest)),
        false => Err(SignError::Tampered(truncated(end, size))),
    }
}

fn truncated(end: Position, known: Position) -> Finding {
    let witness = Witness::Stored;
    Finding {
        position: end + 1,
        problem: Problem::Truncated { known, witness },
    }
}

impl Store {
    /// A maker of signed checkpoints of this store's log.
    #[must_use]
    pub fn checkpointer(&self, signer: Arc<dyn Signer>) -> Checkpointer {
        Checkpointer::new(self.inner.database.clone(), signer)
    }
}
