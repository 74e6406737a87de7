//! The tables, and bringing a database to them.

use crate::database::{Database, Engine, Role};
use crate::error::{OpenError, Unavailable};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Error, Row, query, raw_sql};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// One for each version, oldest first: for SQLite and for PostgreSQL. A released one never changes.
const MIGRATIONS: [(&str, &str); 4] = [
    (
        include_str!("../migrations/sqlite/0001_event_store.sql"),
        include_str!("../migrations/postgres/0001_event_store.sql"),
    ),
    (
        include_str!("../migrations/sqlite/0002_rebuilds.sql"),
        include_str!("../migrations/postgres/0002_rebuilds.sql"),
    ),
    (
        include_str!("../migrations/sqlite/0003_lookups_alone.sql"),
        include_str!("../migrations/postgres/0003_lookups_alone.sql"),
    ),
    (
        include_str!("../migrations/sqlite/0004_event_ids.sql"),
        include_str!("../migrations/postgres/0004_event_ids.sql"),
    ),
];
#[expect(clippy::cast_possible_wrap, reason = "a handful")]
const CURRENT: i64 = MIGRATIONS.len() as i64;

/// Creates the database if it is a missing SQLite file, and applies what is missing. Does nothing to a current one.
/// Several processes may do this at once.
pub(crate) async fn migrate(database: &Database) -> Result<(), OpenError> {
    database.create()?;
    let mut connection = database.connect(Role::Writer).await?;
    let migrated = async {
        begin(database, &mut connection).await?;
        apply(database, &mut connection).await?;
        Ok::<_, OpenError>(run(&mut connection, "COMMIT").await?)
    };
    let migrated = migrated.await;
    // A broken connection closes badly, and the error that broke it is the one to tell.
    let closed = connection.close().await;
    migrated?;
    Ok(closed.map_err(Unavailable::from)?)
}

/// Whether this program can work with the database as it is.
pub(crate) async fn check(database: &Database) -> Result<(), OpenError> {
    if !database.may_exist()? {
        return Err(OpenError::NotFound);
    }
    let mut connection = database.connect(Role::Writer).await?;
    let encoding = check_encoding(database, &mut connection).await;
    let found = version(database, &mut connection).await;
    // Nothing was written, so nothing can be lost in closing.
    let _ = connection.close().await;
    encoding?;
    match found.map_err(Unavailable::from)? {
        CURRENT => Ok(()),
        found if found > CURRENT => Err(OpenError::TooNew { found, known: CURRENT }),
        found => Err(OpenError::NotMigrated { found, needed: CURRENT }),
    }
}

/// Begins a transaction in which tables may be made, after every other program's that makes them.
pub(crate) async fn begin(database: &Database, connection: &mut AnyConnection) -> Result<(), OpenError> {
    match database.engine {
        Engine::Sqlite { .. } => {
            refuse_foreign(connection).await?;
            // It stays with the file and cannot be changed inside a transaction.
            set_journal_mode(connection, database.patience).await?;
            run(connection, "BEGIN IMMEDIATE").await?;
        }
        // Any number, the same in all programs that migrate.
        Engine::Postgres => run(connection, "BEGIN; SELECT pg_advisory_xact_lock(5261403119)").await?,
    }
    Ok(())
}

/// Nothing is changed in a file that somebody has named by mistake. The tables of a version are made all at once.
async fn refuse_foreign(connection: &mut AnyConnection) -> Result<(), OpenError> {
    let tables = query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'log_head') ORDER BY name LIMIT 1",
    );
    let found = tables.fetch_optional(connection).await.map_err(Unavailable::from)?;
    match found {
        Some(row) => Err(OpenError::Foreign {
            table: row.try_get(0).map_err(Unavailable::from)?,
        }),
        None => Ok(()),
    }
}

/// Any text must find its place: what one encoding cannot hold would fail those who append beside it.
async fn check_encoding(database: &Database, connection: &mut AnyConnection) -> Result<(), OpenError> {
    if database.engine == Engine::Postgres {
        let asked = query("SELECT current_setting('server_encoding')")
            .fetch_one(connection)
            .await;
        let found: String = asked.and_then(|row| row.try_get(0)).map_err(Unavailable::from)?;
        if found != "UTF8" {
            return Err(OpenError::Encoding { found });
        }
    }
    Ok(())
}

/// Applies what is missing, in the transaction that has begun.
pub(crate) async fn apply(database: &Database, connection: &mut AnyConnection) -> Result<(), OpenError> {
    check_encoding(database, connection).await?;
    let found = version(database, connection).await.map_err(Unavailable::from)?;
    if found > CURRENT {
        return Err(OpenError::TooNew { found, known: CURRENT });
    }
    run(
        connection,
        "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)",
    )
    .await?;
    for (number, (sqlite, postgres)) in (1..).zip(MIGRATIONS) {
        if number > found {
            run(
                connection,
                if database.engine == Engine::Postgres {
                    postgres
                } else {
                    sqlite
                },
            )
            .await?;
            run(connection, &format!("INSERT INTO schema_version VALUES ({number})")).await?;
        }
    }
    Ok(())
}

/// Whoever is second while another one makes the change is told at once that the database is busy: SQLite does not wait
/// here as it does for locks.
async fn set_journal_mode(connection: &mut AnyConnection, patience: Duration) -> Result<(), Unavailable> {
    // SQLITE_BUSY, in the low byte of its kinds.
    let is_busy = |code: &str| code.parse::<i32>().is_ok_and(|code| code & 0xff == 5);
    let changing = async {
        loop {
            match raw_sql("PRAGMA journal_mode = WAL").execute(&mut *connection).await {
                Err(Error::Database(error)) if error.code().as_deref().is_some_and(is_busy) => {
                    sleep(Duration::from_millis(10)).await;
                }
                changed => return changed,
            }
        }
    };
    match timeout(patience, changing).await {
        Ok(changed) => Ok(changed.map(drop)?),
        Err(_) => Err(Unavailable::Database("the database is busy".into())),
    }
}

async fn version(database: &Database, connection: &mut AnyConnection) -> sqlx::Result<i64> {
    let table = match database.engine {
        Engine::Sqlite { .. } => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
        Engine::Postgres => "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('schema_version')",
    };
    if query(table).fetch_one(&mut *connection).await?.try_get::<i64, _>(0)? == 0 {
        return Ok(0);
    }
    let newest = query("SELECT COALESCE(MAX(version), 0) FROM schema_version");
    newest.fetch_one(connection).await?.try_get(0)
}

async fn run(connection: &mut AnyConnection, sql: &str) -> Result<(), Unavailable> {
    raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
