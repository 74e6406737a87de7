//! Verification of the log in a database.

use std::time::Duration;

use sqlx::{Row, query};

use super::{Finding, Problem, Report, Verifier, Witness};
use crate::checkpoint::{Checkpoint, Key, NoteError};
use crate::database::Database;
use crate::error::{OpenError, Unavailable};
use crate::event::Position;
use crate::snapshot::{PAGE, Snapshot};
use crate::store::Store;

/// How long to wait for a connection or a lock.
const PATIENCE: Duration = Duration::from_secs(30);

/// Verifies the log of the database at `url`, which need not be in use by a store. `key` is the log's: with it the
/// checkpoints in the database must be signed. The signatures of `outside` were checked by the caller.
///
/// # Errors
/// When the database can't be read.
pub async fn verify_log(url: &str, key: Option<&Key>, outside: Vec<Checkpoint>) -> Result<Report, OpenError> {
    let database = Database::at(url, PATIENCE)?;
    match database.may_exist()? {
        true => Ok(verify(&database, 1, key, outside).await?),
        false => Err(OpenError::NotFound),
    }
}

/// Verifies the log as it is now, from position `from` on.
pub(crate) async fn verify(
    database: &Database,
    from: Position,
    key: Option<&Key>,
    outside: Vec<Checkpoint>,
) -> Result<Report, Unavailable> {
    let mut snapshot = Snapshot::take(database).await?;
    let (stored, forged) = stored_checkpoints(&mut snapshot, key).await?;
    let outside = outside.into_iter().map(|checkpoint| (checkpoint, Witness::Outside));
    let mut verifier = Verifier::new(stored.into_iter().chain(outside).collect());
    if from > 1 {
        trust_before(&mut snapshot, from, &mut verifier).await?;
    }
    let mut report = walk(&mut snapshot, verifier).await?;
    report.finding = report.finding.or(forged);
    snapshot.end().await?;
    Ok(report)
}

/// Hands what is stored as the hashes before position `from` to `verifier`.
async fn trust_before(snapshot: &mut Snapshot, from: Position, verifier: &mut Verifier) -> Result<(), Unavailable> {
    let mut after = i64::MIN;
    loop {
        let page = snapshot.hashes(after, from.cast_signed()).await?;
        for (position, hash) in &page {
            verifier.trust(*position, hash);
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE => after = *last,
            _ => return Ok(()),
        }
    }
}

/// Hands the rest of the log to `verifier`, to the end.
pub(crate) async fn walk(snapshot: &mut Snapshot, mut verifier: Verifier) -> Result<Report, Unavailable> {
    let head = snapshot.head().await?;
    // A log that starts at its first row may have rows before it.
    let mut after = match verifier.sound() {
        0 => i64::MIN,
        sound => sound.cast_signed(),
    };
    loop {
        let page = snapshot.events(after).await?;
        let full = page.len() == PAGE;
        after = page.last().map_or(after, |last| last.position);
        for row in page {
            verifier.push(row);
        }
        if !full {
            let head = head.as_ref().map(|(position, hash)| (*position, hash.as_slice()));
            return Ok(verifier.finish(head));
        }
    }
}

/// The checkpoints in the database, and the first that is not what it should be.
async fn stored_checkpoints(
    snapshot: &mut Snapshot,
    key: Option<&Key>,
) -> Result<(Vec<(Checkpoint, Witness)>, Option<Finding>), Unavailable> {
    let select = query("SELECT position, note FROM log_checkpoints ORDER BY position");
    let (mut checkpoints, mut forged) = (Vec::new(), None);
    for row in snapshot.fetch(select).await? {
        let (position, note): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let read = match key {
            Some(key) => Checkpoint::open(&note, key),
            None => Checkpoint::unverified(&note),
        };
        let read = read.and_then(|checkpoint| match checkpoint.size == position.cast_unsigned() {
            true => Ok(checkpoint),
            false => Err(NoteError::Malformed("its size is not its row's position")),
        });
        match read {
            Ok(checkpoint) => checkpoints.push((checkpoint, Witness::Stored)),
            Err(error) => {
                forged.get_or_insert(Finding {
                    position: position.cast_unsigned(),
                    problem: Problem::ForgedCheckpoint {
                        reason: error.to_string(),
                    },
                });
            }
        }
    }
    Ok((checkpoints, forged))
}

impl Store {
    /// As [`verify_log`], of this store's log as it is now; appending goes on.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn verify(&self, key: Option<&Key>, outside: Vec<Checkpoint>) -> Result<Report, Unavailable> {
        self.verify_from(1, key, outside).await
    }

    /// As [`Store::verify`], but of the rows before position `from` only the hashes are read and held against the
    /// checkpoints: [`Report::vouching`] tells whether one of them saw them.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn verify_from(
        &self,
        from: Position,
        key: Option<&Key>,
        outside: Vec<Checkpoint>,
    ) -> Result<Report, Unavailable> {
        verify(&self.inner.database, from, key, outside).await
    }
}
