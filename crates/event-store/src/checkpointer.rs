//! Makes checkpoints of a growing log. Only rows that were seen to continue the last checkpoint are signed, so that a
//! log rewritten behind a running program's back gets no new signature.

use std::io;
use std::sync::Arc;

use sqlx::{Connection, Row, query};

use crate::chain::{GENESIS, Hash};
use crate::checkpoint::{Checkpoint, NoteError, Signer, Sink};
use crate::database::{Database, Role};
use crate::error::Unavailable;
use crate::event::Position;
use crate::merkle::CompactRange;
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::timestamp::Timestamp;
use crate::verify::{Finding, Verifier, walk};

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
    NotKept(#[source] io::Error),
}

/// Signs checkpoints of one log and hands them to places outside the database.
pub struct Checkpointer {
    database: Database,
    signer: Arc<dyn Signer>,
    sinks: Vec<Arc<dyn Sink>>,
    /// What was signed before is deleted and not continued.
    anew: bool,
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
            anew: false,
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

    /// Also signs a log of which another key has signed checkpoints, whichever of them: checks it from its beginning, and
    /// deletes all that are in the database.
    #[must_use]
    pub fn anew(mut self) -> Checkpointer {
        self.anew = true;
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

    /// The newest checkpoint in the database; without any that can be continued, the beginning of the log.
    async fn stored(&self, snapshot: &mut Snapshot) -> Result<Last, SignError> {
        let beginning = Last {
            tree: CompactRange::default(),
            head: GENESIS,
            signed: None,
        };
        if self.anew {
            return Ok(beginning);
        }
        let select = query(
            "SELECT log_checkpoints.note, log_checkpoints.tree, events.hash FROM log_checkpoints \
             JOIN events ON events.position = log_checkpoints.position ORDER BY log_checkpoints.position DESC LIMIT 1",
        );
        let Some(row) = select
            .fetch_optional(&mut snapshot.connection)
            .await
            .map_err(Unavailable::from)?
        else {
            return Ok(beginning);
        };
        let columns = || Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (note, tree, head): (String, Vec<u8>, Vec<u8>) = columns().map_err(Unavailable::from)?;
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
        let mut connection = self.database.connect(Role::Writer).await?;
        if self.anew {
            let delete = query("DELETE FROM log_checkpoints").execute(&mut connection).await;
            delete.map_err(Unavailable::from)?;
            self.anew = false;
        }
        // Another gateway may have signed the same log in this moment.
        let insert = query(
            "INSERT INTO log_checkpoints (position, time, note, tree) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (position) DO UPDATE SET time = excluded.time, note = excluded.note, tree = excluded.tree",
        );
        let insert = insert
            .bind(signed.size.cast_signed())
            .bind(now.0)
            .bind(signed.note.as_str());
        let inserted = insert.bind(last.tree.to_bytes()).execute(&mut connection).await;
        inserted.map_err(Unavailable::from)?;
        connection.close().await.map_err(Unavailable::from)?;
        self.last = Some(Last {
            signed: Some(signed.clone()),
            ..last.clone()
        });
        Ok(signed)
    }

    async fn hand_over(&mut self, signed: &Signed) -> Result<(), SignError> {
        if self.kept == Some(signed.size) {
            return Ok(());
        }
        for sink in &self.sinks {
            let sink = Arc::clone(sink);
            let Signed { size, note } = signed.clone();
            let kept = tokio::task::spawn_blocking(move || sink.keep(size, &note)).await;
            kept.map_err(io::Error::other).flatten().map_err(SignError::NotKept)?;
        }
        self.kept = Some(signed.size);
        Ok(())
    }
}

impl Store {
    /// A maker of signed checkpoints of this store's log.
    #[must_use]
    pub fn checkpointer(&self, signer: Arc<dyn Signer>) -> Checkpointer {
        Checkpointer::new(self.inner.database.clone(), signer)
    }
}
