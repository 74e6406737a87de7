//! A database that a former version has made is brought to this one, with all that it holds.

use crate::databases::{Database, Tally, context, event, on_both_databases, options, stream};
use event_store::{Command, Expected, Store};
use serde_json::json;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, raw_sql};
use std::fs::File;
use std::sync::Arc;

on_both_databases! {
    lookups_with_a_foreign_key_are_kept_without_it
}

/// The schema's second version: for SQLite and for PostgreSQL.
const SECOND: [[&str; 2]; 2] = [
    [
        include_str!("../../migrations/sqlite/0001_event_store.sql"),
        include_str!("../../migrations/sqlite/0002_rebuilds.sql"),
    ],
    [
        include_str!("../../migrations/postgres/0001_event_store.sql"),
        include_str!("../../migrations/postgres/0002_rebuilds.sql"),
    ],
];

async fn lookups_with_a_foreign_key_are_kept_without_it(database: Database) {
    install_default_drivers();
    if let Some(file) = database.url.strip_prefix("sqlite:") {
        File::create(file).unwrap();
    }
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let second = SECOND[usize::from(connection.backend_name() == "PostgreSQL")];
    let versions = "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY); \
                    INSERT INTO schema_version VALUES (1), (2)";
    let kept = "INSERT INTO streams (kind, id, version, position) VALUES ('thing', 'a', 1, 1); \
                INSERT INTO lookups SELECT 'test', CAST('x' AS BYTES), 'thing', 'a'";
    let kept = kept.replace(
        "BYTES",
        if connection.backend_name() == "PostgreSQL" {
            "BYTEA"
        } else {
            "BLOB"
        },
    );
    for sql in [second[0], second[1], versions, &kept] {
        raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    let alone = "INSERT INTO lookups SELECT kind, key, stream_kind, 'nothing' FROM lookups";
    raw_sql(alone).execute(&mut connection).await.unwrap_err();

    let store = Store::open(&database.url, options(), Arc::new(Tally)).await.unwrap();
    assert_eq!(store.find("test", b"x").await.unwrap().len(), 1);
    raw_sql(alone).execute(&mut connection).await.unwrap();
    let command =
        Command::new(context()).append(stream("b"), Expected::Nothing, vec![event(json!({"find_by": ["y"]}))]);
    store.append(command).await.unwrap();
    assert_eq!(store.find("test", b"y").await.unwrap().len(), 1);
}
