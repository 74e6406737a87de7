//! Where the tables are: one of two engines behind a URL, and how a connection to it is set up.

use crate::error::{OpenError, Unavailable};
use sqlx::any::{AnyConnectOptions, install_default_drivers};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions, PgConnection, raw_sql};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

/// How much longer than for a lock everybody waits for a step.
const STEP: u32 = 6;

/// The SQL of the two differs in few places, each a `match` on this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite { file: PathBuf },
    Postgres,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Appends: finds rows by their keys and is durable at every commit.
    Writer,
    Reader,
    /// Writes what can be derived from the log again: as a whole or not at all, but durable only with the next append.
    Deriver,
}

/// A database that connections can be made to.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    options: AnyConnectOptions,
    pub(crate) patience: Duration,
}

impl Database {
    /// `sqlite:PATH`, where PATH is taken literally, or `postgres://…`.
    pub(crate) fn at(url: &str, patience: Duration) -> Result<Self, OpenError> {
        install_default_drivers();
        let (engine, url) = match url.split_once(':') {
            Some(("sqlite", path)) if path.contains(":memory:") || path.is_empty() => {
                return Err(invalid(url, "an SQLite database is a file"));
            }
            Some(("sqlite", path)) => {
                let file = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
                let url = format!("sqlite:{}?mode=rw", escaped(&file));
                (Engine::Sqlite { file }, url)
            }
            Some(("postgres" | "postgresql", _)) => (Engine::Postgres, url.to_owned()),
            _ => return Err(invalid(url, "neither sqlite:PATH nor postgres://…")),
        };
        // The reason never holds the URL, which may hold a password.
        let options: AnyConnectOptions = url.parse().map_err(|_| invalid(&url, "not a URL"))?;
        let options = options.disable_statement_logging();
        Ok(Self {
            engine,
            url,
            options,
            patience,
        })
    }

    /// A new connection, set up for its role.
    pub(crate) async fn connect(&self, role: Role) -> Result<AnyConnection, Unavailable> {
        self.in_time(async {
            let mut connection = self.options.connect().await?;
            let set_up = raw_sql(AssertSqlSafe(self.setting_up(role)));
            set_up.execute(&mut connection).await?;
            Ok(connection)
        })
        .await
    }

    /// The same to PostgreSQL, for what only its own driver can, with a statement that is `prepared`.
    pub(crate) async fn connect_to_postgres(&self, role: Role, prepared: &str) -> Result<PgConnection, Unavailable> {
        self.in_time(async {
            let options: PgConnectOptions = self.url.parse()?;
            let mut connection = options.disable_statement_logging().connect().await?;
            let set_up = raw_sql(AssertSqlSafe(format!("{} {prepared}", self.setting_up(role))));
            set_up.execute(&mut connection).await?;
            Ok(connection)
        })
        .await
    }

    /// What a step of many takes: a transaction of a projection, a page of the log. The server's own limits do not help where
    /// the network is silent. Who gets no answer must not use the connection again.
    pub(crate) async fn answered<T, E: From<Unavailable>>(
        &self,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match timeout(self.patience * STEP, step).await {
            Ok(answered) => answered,
            Err(_) => Err(Unavailable::Database("no answer in time".into()).into()),
        }
    }

    async fn in_time<C>(&self, connecting: impl Future<Output = sqlx::Result<C>>) -> Result<C, Unavailable> {
        match timeout(self.patience, connecting).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(Unavailable::Database("no connection in time".into())),
        }
    }

    /// Whatever the role's or the database's own settings say.
    pub(crate) fn setting_up(&self, role: Role) -> String {
        let patience = self.patience.as_millis();
        let statements = self.settings(role, patience);
        match self.engine {
            Engine::Sqlite { .. } => statements,
            Engine::Postgres => {
                format!("SET default_transaction_isolation = 'read committed'; SET bytea_output = 'hex'; {statements}")
            }
        }
    }

    fn settings(&self, role: Role, patience: u128) -> String {
        match (&self.engine, role) {
            // Deleted keys of subjects are overwritten; docs/auth/event-log.md says what may be left. The write-ahead log
            // is copied back every 32 MB: pages that are written again and again, once.
            (Engine::Sqlite { .. }, Role::Writer) => format!(
                "PRAGMA busy_timeout = {patience}; PRAGMA synchronous = FULL; \
                 PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 8000; \
                 PRAGMA cache_size = -8000;"
            ),
            (Engine::Sqlite { .. }, Role::Reader) => {
                format!("PRAGMA busy_timeout = {patience}; PRAGMA query_only = ON;")
            }
            // Keys only: a plan made while a table was empty must not scan it when it is large. The price put on scans
            // must not have every statement compiled. Whoever hangs while it holds the head must not stop the others
            // for ever.
            (Engine::Postgres, Role::Writer) => format!(
                "SET lock_timeout = {patience}; SET idle_in_transaction_session_timeout = {}; \
                 SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
                 SET plan_cache_mode = force_generic_plan; SET jit = off; \
                 SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') = 'off';",
                patience * 2
            ),
            (Engine::Sqlite { .. }, Role::Deriver) => {
                format!("PRAGMA busy_timeout = {patience}; PRAGMA synchronous = NORMAL;")
            }
            (Engine::Postgres, Role::Deriver) => format!(
                "SET lock_timeout = {patience}; SET idle_in_transaction_session_timeout = {}; \
                 SET synchronous_commit = off;",
                patience * 2
            ),
            (Engine::Postgres, Role::Reader) => {
                format!(
                    "SET default_transaction_read_only = on; SET jit = off; SET statement_timeout = {}; \
                     SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; \
                     SET enable_mergejoin = off;",
                    patience * 2
                )
            }
        }
    }

    /// Makes an empty SQLite database if there is none, readable by its owner only.
    pub(crate) fn create(&self) -> io::Result<()> {
        match &self.engine {
            Engine::Sqlite { file } => OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(file)
                .map(drop),
            Engine::Postgres => Ok(()),
        }
    }

    /// Whether there is a file; a PostgreSQL server says so itself. An error where this program may not look.
    pub(crate) fn may_exist(&self) -> io::Result<bool> {
        match &self.engine {
            Engine::Sqlite { file } => file.try_exists(),
            Engine::Postgres => Ok(true),
        }
    }
}

fn invalid(url: &str, reason: &'static str) -> OpenError {
    let scheme = url.split(':').next().unwrap_or_default().to_owned();
    OpenError::InvalidUrl { scheme, reason }
}

/// The path as the driver decodes it.
fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests;
