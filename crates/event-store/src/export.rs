//! The log as JSON lines: one event a line with the exact stored texts, so that `scripts/verify-log` or any other
//! program can check the chain without this one.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::database::Database;
use crate::error::Unavailable;
use crate::event::Position;
use crate::snapshot::{PAGE, Snapshot};
use crate::store::Store;
use crate::stored::StoredEvent;

/// An export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("the export could not be written")]
    Output(#[from] io::Error),
}

/// Writes all events after position `after` as they are now, and returns how many those are.
pub(crate) async fn export<W>(database: &Database, after: Position, output: &mut W) -> Result<u64, ExportError>
where
    W: AsyncWrite + Unpin + Send,
{
    let mut snapshot = Snapshot::take(database).await?;
    let (mut after, mut written) = (after.cast_signed(), 0);
    loop {
        let page = snapshot.events(after).await?;
        let lines: io::Result<Vec<String>> = page.iter().map(line).collect();
        output.write_all(lines?.concat().as_bytes()).await?;
        written += page.len() as u64;
        match page.last() {
            Some(last) if page.len() == PAGE => after = last.position,
            _ => break,
        }
    }
    output.flush().await?;
    snapshot.end().await?;
    Ok(written)
}

fn line(event: &StoredEvent) -> io::Result<String> {
    let mut line = serde_json::to_string(event)?;
    line.push('\n');
    Ok(line)
}

impl Store {
    /// Writes all events after position `after` (0 for all) as JSON lines, as the log is when this begins, and returns
    /// how many. The form is in docs/auth/event-log.md.
    ///
    /// # Errors
    /// When the database can't be read or `output` not written; what was written until then is the log's beginning.
    pub async fn export<W>(&self, after: Position, output: &mut W) -> Result<u64, ExportError>
    where
        W: AsyncWrite + Unpin + Send,
    {
        export(&self.inner.database, after, output).await
    }
}
