//! Writes a backup of one moment while the store is in use.

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row, query};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::Counts;
use super::line::{
    Claim, DIGEST_EVERY, FORMAT, Header, Line, Running, StoredCheckpoint, StoredRecord, Trailer, UsedKey, VERSION,
};
use crate::error::Unavailable;
use crate::export::ExportError;
use crate::projection::Value;
use crate::snapshot::{PAGE, Snapshot};
use crate::store::Store;
use crate::timestamp::Timestamp;

impl Store {
    /// Writes everything there is at this moment, as JSON lines, while appending goes on. `now` goes into the header.
    /// The backup holds whatever the records hold: keep it as safe as the database.
    ///
    /// # Errors
    /// When the database can't be read or `output` not written; what was written until then can't be restored.
    pub async fn backup<W>(&self, now: Timestamp, output: &mut W) -> Result<Counts, ExportError>
    where
        W: AsyncWrite + Unpin + Send,
    {
        let mut snapshot = Snapshot::take(&self.inner.database).await?;
        let (position, hash) = snapshot
            .head()
            .await?
            .ok_or(Unavailable::Database("the log has no head".into()))?;
        let mut lines = Lines {
            output,
            running: Running::new(),
            written: 0,
        };
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            position,
            hash,
            created: now.0,
        };
        lines.write(&[Line::Header(header)]).await?;
        let counts = Counts {
            events: copy_events(&mut snapshot, &mut lines).await?,
            claims: copy(&mut snapshot, &mut lines, &CLAIMS).await?,
            records: copy(&mut snapshot, &mut lines, &RECORDS).await?,
            idempotency_keys: copy(&mut snapshot, &mut lines, &IDEMPOTENCY_KEYS).await?,
            checkpoints: copy(&mut snapshot, &mut lines, &CHECKPOINTS).await?,
        };
        let digest = lines.running.so_far().to_vec();
        lines.write(&[Line::Trailer(Trailer { counts, digest })]).await?;
        lines.output.flush().await?;
        snapshot.end().await?;
        Ok(counts)
    }
}

struct Lines<'w, W> {
    output: &'w mut W,
    running: Running,
    written: u64,
}

impl<W: AsyncWrite + Unpin + Send> Lines<'_, W> {
    async fn write(&mut self, lines: &[Line]) -> Result<(), ExportError> {
        let mut text = Vec::new();
        for line in lines {
            self.put(line, &mut text)?;
            if self.written.is_multiple_of(DIGEST_EVERY) {
                self.put(&Line::Digest(self.running.so_far().to_vec()), &mut text)?;
            }
        }
        Ok(self.output.write_all(&text).await?)
    }

    fn put(&mut self, line: &Line, text: &mut Vec<u8>) -> Result<(), ExportError> {
        let from = text.len();
        serde_json::to_writer(&mut *text, line).map_err(std::io::Error::from)?;
        text.push(b'\n');
        self.running.add(&text[from..]);
        self.written += 1;
        Ok(())
    }
}

async fn copy_events<W>(snapshot: &mut Snapshot, lines: &mut Lines<'_, W>) -> Result<u64, ExportError>
where
    W: AsyncWrite + Unpin + Send,
{
    let (mut after, mut copied) = (0, 0);
    loop {
        let page = snapshot.events(after).await?;
        let full = page.len() == PAGE;
        after = page.last().map_or(after, |last| last.position);
        copied += page.len() as u64;
        let page: Vec<Line> = page.into_iter().map(|event| Line::Event(Box::new(event))).collect();
        lines.write(&page).await?;
        if !full {
            return Ok(copied);
        }
    }
}

/// A row and its key.
type Keyed = (Line, Vec<Value>);

/// A table, and its rows as lines with their keys.
struct Source {
    table: &'static str,
    columns: &'static str,
    key: &'static str,
    /// The first row after a key.
    after: &'static str,
    line: fn(&AnyRow) -> sqlx::Result<Keyed>,
}

const CLAIMS: Source = Source {
    table: "claims",
    columns: "kind, digest, owner",
    key: "kind, digest",
    after: "(kind, digest) > ($1, $2)",
    line: |row| {
        let (kind, digest): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        let key = vec![Value::Text(kind.clone()), Value::Bytes(digest.clone())];
        let owner = row.try_get(2)?;
        Ok((Line::Claim(Claim { kind, digest, owner }), key))
    },
};

const RECORDS: Source = Source {
    table: "records",
    columns: "kind, key, count, value, expires",
    key: "kind, key",
    after: "(kind, key) > ($1, $2)",
    line: |row| {
        let record = StoredRecord {
            kind: row.try_get(0)?,
            key: row.try_get(1)?,
            count: row.try_get(2)?,
            value: row.try_get(3)?,
            expires: row.try_get(4)?,
        };
        let key = vec![Value::Text(record.kind.clone()), Value::Bytes(record.key.clone())];
        Ok((Line::Record(record), key))
    },
};

const IDEMPOTENCY_KEYS: Source = Source {
    table: "commands",
    columns: "key, request, response, expires",
    key: "key",
    after: "key > $1",
    line: |row| {
        let used = UsedKey {
            key: row.try_get(0)?,
            request: row.try_get(1)?,
            response: row.try_get(2)?,
            expires: row.try_get(3)?,
        };
        let key = vec![Value::Text(used.key.clone())];
        Ok((Line::IdempotencyKey(used), key))
    },
};

const CHECKPOINTS: Source = Source {
    table: "log_checkpoints",
    columns: "position, time, note, tree",
    key: "position",
    after: "position > $1",
    line: |row| {
        let checkpoint = StoredCheckpoint {
            position: row.try_get(0)?,
            time: row.try_get(1)?,
            note: row.try_get(2)?,
            tree: row.try_get(3)?,
        };
        let key = vec![Value::Integer(checkpoint.position)];
        Ok((Line::Checkpoint(checkpoint), key))
    },
};

async fn copy<W>(snapshot: &mut Snapshot, lines: &mut Lines<'_, W>, source: &Source) -> Result<u64, ExportError>
where
    W: AsyncWrite + Unpin + Send,
{
    let Source {
        table, columns, key, ..
    } = source;
    let (mut after, mut copied): (Option<Vec<Value>>, u64) = (None, 0);
    loop {
        let condition = after
            .as_ref()
            .map_or(String::new(), |_| format!("WHERE {}", source.after));
        let select = format!("SELECT {columns} FROM {table} {condition} ORDER BY {key} LIMIT {PAGE}");
        let values = after.take().into_iter().flatten();
        let select = values.fold(query(AssertSqlSafe(select)), |query, value| value.bind(query));
        let rows = snapshot.fetch(select).await?;
        let page: sqlx::Result<Vec<Keyed>> = rows.iter().map(source.line).collect();
        let (page, mut keys): (Vec<Line>, Vec<Vec<Value>>) = page.map_err(Unavailable::from)?.into_iter().unzip();
        copied += page.len() as u64;
        lines.write(&page).await?;
        if page.len() < PAGE {
            return Ok(copied);
        }
        after = keys.pop();
    }
}
