//! Restores a backup into an empty database: all of it, or nothing, and then what was there before is there again.

use std::io;
use std::sync::Arc;

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row, query, raw_sql};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use super::Counts;
use super::insert::{CLAIMS, COMMANDS, EVENTS, RECORDS};
use super::line::{FORMAT, Header, Line, Running, Trailer, VERSION};
use super::unfinished::{Unfinished, Unplaced};
use crate::chain::{GENESIS, Hash};
use crate::database::{Database, Engine, Role};
use crate::error::{OpenError, Unavailable};
use crate::fold::Fold;
use crate::many::{AnyQuery, Many, pieces};
use crate::options::Options;
use crate::refold::{RefoldError, Target, Walk, save};
use crate::schema;

/// Lines that are written together.
const BATCH: usize = 512;

/// Nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("the database is not empty: table {table} has rows")]
    NotEmpty { table: &'static str },
    #[error("the backup ends in line {line}, before its trailer")]
    Truncated { line: u64 },
    #[error("line {line} is not what belongs there: {reason}")]
    Malformed { line: u64, reason: String },
    #[error("line {line}: the event at position {position} is not what was hashed, or not the next one")]
    BrokenChain { line: u64, position: i64 },
    /// One of these lines is not what was written.
    #[error("the backup was damaged somewhere from line {first} to line {last}")]
    Damaged { first: u64, last: u64 },
    #[error("the backup has {found:?}, its trailer says {said:?}")]
    Miscounted { found: Counts, said: Counts },
    #[error("the backup's last event is not the one its header names")]
    WrongHead,
    #[error("the backup could not be read")]
    Input(#[from] io::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Refold(#[from] RefoldError),
    #[error(transparent)]
    Unplaced(#[from] Unplaced),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for RestoreError {
    fn from(error: sqlx::Error) -> RestoreError {
        RestoreError::Unavailable(error.into())
    }
}

/// Restores the backup in `input` into the database at `url`, which is made or migrated with it where `options` allow, checks
/// it as it goes, and folds the states. Projections are made anew when they next run. Where it fails, no file and no table is
/// left that was not there.
///
/// # Errors
/// When the database is not empty or does not answer, or the backup is incomplete, damaged or does not fold.
pub async fn restore<R>(
    url: &str,
    options: &Options,
    fold: Arc<dyn Fold>,
    input: &mut R,
) -> Result<Counts, RestoreError>
where
    R: AsyncBufRead + Unpin + Send,
{
    let database = Database::at(url, options.patience)?;
    match &database.engine {
        Engine::Sqlite { file } if options.create && !database.may_exist().map_err(OpenError::from)? => {
            let unfinished = Unfinished::beside(file, options.patience)?;
            let counts = restore_into(&unfinished.database, true, fold.as_ref(), input).await?;
            unfinished.finish().await?;
            Ok(counts)
        }
        Engine::Sqlite { .. } | Engine::Postgres => restore_into(&database, options.create, fold.as_ref(), input).await,
    }
}

async fn restore_into<R>(
    database: &Database,
    may_migrate: bool,
    fold: &dyn Fold,
    input: &mut R,
) -> Result<Counts, RestoreError>
where
    R: AsyncBufRead + Unpin + Send,
{
    if may_migrate {
        database.create().map_err(OpenError::from)?;
    } else {
        schema::check(database).await?;
    }
    let mut connection = database.connect(Role::Writer).await?;
    let restored = fill(&mut connection, database, may_migrate, fold, input).await;
    // An unfinished transaction ends with its connection.
    let closed = connection.close().await;
    let restored = restored?;
    closed?;
    Ok(restored)
}

async fn fill<R>(
    connection: &mut AnyConnection,
    database: &Database,
    may_migrate: bool,
    fold: &dyn Fold,
    input: &mut R,
) -> Result<Counts, RestoreError>
where
    R: AsyncBufRead + Unpin + Send,
{
    schema::begin(database, connection).await?;
    if may_migrate {
        schema::apply(database, connection).await?;
    }
    if database.engine == Engine::Postgres {
        // Nobody appends meanwhile. Whoever delivers the backup may be slow.
        raw_sql("SELECT position FROM log_head FOR UPDATE; SET LOCAL idle_in_transaction_session_timeout = 0")
            .execute(&mut *connection)
            .await?;
    }
    refuse_rows(connection).await?;
    let mut reader = Reader::new(input);
    let counts = reader.copy(connection).await?;
    set_head(connection, &database.engine, &reader).await?;
    let mut walk = Walk::default();
    while let Some(folded) = walk.next(connection, fold).await? {
        save(connection, Target::LIVE, &folded).await?;
    }
    raw_sql("COMMIT").execute(connection).await?;
    Ok(counts)
}

async fn refuse_rows(connection: &mut AnyConnection) -> Result<(), RestoreError> {
    for table in [
        "events",
        "streams",
        "lookups",
        "claims",
        "records",
        "commands",
        "log_checkpoints",
    ] {
        let select = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {table} LIMIT 1) AS one");
        let row = query(AssertSqlSafe(select)).fetch_one(&mut *connection).await?;
        if row.try_get::<i64, _>(0)? > 0 {
            return Err(RestoreError::NotEmpty { table });
        }
    }
    Ok(())
}

async fn set_head<R>(connection: &mut AnyConnection, engine: &Engine, end: &Reader<'_, R>) -> sqlx::Result<()> {
    let update = query("UPDATE log_head SET position = $1, hash = $2");
    let update = update.bind(end.position).bind(end.head.to_vec());
    update.execute(&mut *connection).await?;
    match engine {
        Engine::Sqlite { .. } => Ok(()),
        Engine::Postgres => raw_sql("ANALYZE events").execute(connection).await.map(drop),
    }
}

struct Reader<'r, R> {
    input: &'r mut R,
    running: Running,
    /// Lines read.
    line: u64,
    /// The line up to which a digest has confirmed everything.
    confirmed: u64,
    counts: Counts,
    position: i64,
    head: Hash,
}

impl<'r, R> Reader<'r, R> {
    fn new(input: &'r mut R) -> Reader<'r, R> {
        Reader {
            input,
            running: Running::new(),
            line: 0,
            confirmed: 0,
            counts: Counts::default(),
            position: 0,
            head: GENESIS,
        }
    }
}

impl<R: AsyncBufRead + Unpin + Send> Reader<'_, R> {
    /// Everything up to the trailer, checked.
    async fn copy(&mut self, connection: &mut AnyConnection) -> Result<Counts, RestoreError> {
        let header = self.header().await?;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let line = self.next().await?;
            if let Line::Trailer(trailer) = line {
                write(connection, &batch).await?;
                self.end(&header, &trailer).await?;
                return Ok(self.counts);
            }
            self.check(&line)?;
            batch.push(line);
            if batch.len() == BATCH {
                write(connection, &batch).await?;
                batch.clear();
            }
        }
    }

    async fn header(&mut self) -> Result<Header, RestoreError> {
        match self.next().await? {
            Line::Header(header) if header.format == FORMAT && header.version == VERSION => Ok(header),
            Line::Header(header) => Err(self.malformed(format!("{} of version {}", header.format, header.version))),
            _ => Err(self.malformed("no header")),
        }
    }

    /// The next line that is not a digest.
    async fn next(&mut self) -> Result<Line, RestoreError> {
        loop {
            let before = self.running.so_far();
            let mut text = String::new();
            let read = self.input.read_line(&mut text).await;
            self.line += 1;
            match read {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(self.malformed("not UTF-8")),
                read => read?,
            };
            if !text.ends_with('\n') {
                return Err(RestoreError::Truncated { line: self.line });
            }
            self.running.add(text.as_bytes());
            let line = serde_json::from_str(&text).map_err(|error| self.malformed(error))?;
            match &line {
                Line::Digest(digest) => self.confirm(digest, &before)?,
                Line::Trailer(trailer) => {
                    self.confirm(&trailer.digest, &before)?;
                    return Ok(line);
                }
                _ => return Ok(line),
            }
        }
    }

    fn confirm(&mut self, digest: &[u8], before: &Hash) -> Result<(), RestoreError> {
        if digest != before {
            return Err(RestoreError::Damaged {
                first: self.confirmed + 1,
                last: self.line,
            });
        }
        self.confirmed = self.line;
        Ok(())
    }

    fn check(&mut self, line: &Line) -> Result<(), RestoreError> {
        match line {
            Line::Event(event) => {
                let link = event.link_at(self.position + 1, &self.head);
                if event.position != self.position + 1 || event.hash != link {
                    let (line, position) = (self.line, event.position);
                    return Err(RestoreError::BrokenChain { line, position });
                }
                (self.position, self.head) = (event.position, link);
                self.counts.events += 1;
            }
            Line::Claim(_) => self.counts.claims += 1,
            Line::Record(_) => self.counts.records += 1,
            Line::IdempotencyKey(_) => self.counts.idempotency_keys += 1,
            Line::Checkpoint(_) => self.counts.checkpoints += 1,
            Line::Header(_) | Line::Digest(_) | Line::Trailer(_) => return Err(self.malformed("a second header")),
        }
        Ok(())
    }

    async fn end(&mut self, header: &Header, trailer: &Trailer) -> Result<(), RestoreError> {
        if self.counts != trailer.counts {
            let (found, said) = (self.counts, trailer.counts);
            return Err(RestoreError::Miscounted { found, said });
        }
        if header.position != self.position || header.hash != self.head {
            return Err(RestoreError::WrongHead);
        }
        self.line += 1;
        match self.input.fill_buf().await?.is_empty() {
            true => Ok(()),
            false => Err(self.malformed("something after the trailer")),
        }
    }

    fn malformed(&self, reason: impl ToString) -> RestoreError {
        RestoreError::Malformed {
            line: self.line,
            reason: reason.to_string(),
        }
    }
}

/// Writes lines of any kind.
async fn write(connection: &mut AnyConnection, lines: &[Line]) -> sqlx::Result<()> {
    let same_kind = |one: &Line, other: &Line| std::mem::discriminant(one) == std::mem::discriminant(other);
    for run in lines.chunk_by(same_kind) {
        for piece in pieces(run) {
            let many = match &piece[0] {
                Line::Event(_) => EVENTS,
                Line::Claim(_) => CLAIMS,
                Line::Record(_) => RECORDS,
                Line::IdempotencyKey(_) => COMMANDS,
                Line::Checkpoint(_) => CHECKPOINTS,
                Line::Header(_) | Line::Digest(_) | Line::Trailer(_) => continue,
            };
            let insert = piece.iter().fold(many.query_on(connection, piece.len()), bind);
            insert.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

const CHECKPOINTS: Many = Many {
    before: "INSERT INTO log_checkpoints (position, time, note, tree) VALUES ",
    columns: 4,
    after: "",
};

fn bind<'q>(query: AnyQuery<'q>, line: &'q Line) -> AnyQuery<'q> {
    match line {
        Line::Event(row) => query
            .bind(row.position)
            .bind(row.stream_kind.as_str())
            .bind(row.stream_id.as_str())
            .bind(row.version)
            .bind(row.id.as_str())
            .bind(row.kind.as_str())
            .bind(row.time)
            .bind(row.actor.as_str())
            .bind(row.client.as_deref())
            .bind(row.request_id.as_deref())
            .bind(row.subject.as_deref())
            .bind(row.payload.as_str())
            .bind(row.sealed.as_deref())
            .bind(row.hash.as_slice()),
        Line::Claim(claim) => query
            .bind(claim.kind.as_str())
            .bind(claim.digest.as_slice())
            .bind(claim.owner.as_str()),
        Line::Record(record) => query
            .bind(record.kind.as_str())
            .bind(record.key.as_slice())
            .bind(record.count)
            .bind(record.value.as_slice())
            .bind(record.expires),
        Line::IdempotencyKey(used) => query
            .bind(used.key.as_str())
            .bind(used.request.as_slice())
            .bind(used.response.as_slice())
            .bind(used.expires),
        Line::Checkpoint(checkpoint) => query
            .bind(checkpoint.position)
            .bind(checkpoint.time)
            .bind(checkpoint.note.as_str())
            .bind(checkpoint.tree.as_slice()),
        Line::Header(_) | Line::Digest(_) | Line::Trailer(_) => query,
    }
}
