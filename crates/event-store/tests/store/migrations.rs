//! A database that a former version has made is brought to this one, with all that it holds.

use crate::databases::{Database, Tally, context, event, on_both_databases, options, stream};
use event_store::{Command, Event, Expected, Store, Timestamp};
use serde_json::json;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, raw_sql};
use std::fs::File;
use std::sync::Arc;

on_both_databases! {
    lookups_with_a_foreign_key_are_kept_without_it
    events_with_an_index_of_their_ids_are_kept_without_it
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

/// A connection to a database as the second version has made it.
async fn second_version(database: &Database) -> AnyConnection {
    install_default_drivers();
    if let Some(file) = database.url.strip_prefix("sqlite:") {
        File::create(file).unwrap();
    }
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let second = SECOND[usize::from(connection.backend_name() == "PostgreSQL")];
    let versions = "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY); \
                    INSERT INTO schema_version VALUES (1), (2)";
    for sql in [second[0], second[1], versions] {
        run(&mut connection, sql).await.unwrap();
    }
    connection
}

async fn run(connection: &mut AnyConnection, sql: &str) -> sqlx::Result<()> {
    let sql = match connection.backend_name() {
        "PostgreSQL" => sql.replace("BYTES", "BYTEA"),
        _ => sql.replace("BYTES", "BLOB"),
    };
    raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

async fn lookups_with_a_foreign_key_are_kept_without_it(database: Database) {
    let mut connection = second_version(&database).await;
    let kept = "INSERT INTO streams (kind, id, version, position) VALUES ('thing', 'a', 1, 1); \
                INSERT INTO lookups SELECT 'test', CAST('x' AS BYTES), 'thing', 'a'";
    run(&mut connection, kept).await.unwrap();
    let alone = "INSERT INTO lookups SELECT kind, key, stream_kind, 'nothing' FROM lookups";
    run(&mut connection, alone).await.unwrap_err();

    let store = Store::open(&database.url, options(), Arc::new(Tally)).await.unwrap();
    assert_eq!(store.find("test", b"x").await.unwrap().len(), 1);
    run(&mut connection, alone).await.unwrap();
    let command =
        Command::new(context()).append(stream("b"), Expected::Nothing, vec![event(json!({"find_by": ["y"]}))]);
    store.append(command).await.unwrap();
    assert_eq!(store.find("test", b"y").await.unwrap().len(), 1);
}

async fn events_with_an_index_of_their_ids_are_kept_without_it(database: Database) {
    let mut connection = second_version(&database).await;
    let columns = "stream_kind, stream_id, version, id, kind, time, actor, client, request_id, subject, payload, \
                   sealed, hash";
    let kept = format!(
        "INSERT INTO events (position, {columns}) \
         SELECT 1, 'thing', 'a', 1, '018f3b8e-7c1e-7000-8000-000000000001', 'happened', 1700000000000, 'somebody', \
         'cli', 'r-1', 'subject', '{{\"n\":1}}', CAST('sealed' AS BYTES), \
         CAST('0123456789abcdef0123456789abcdef' AS BYTES); \
         UPDATE log_head SET position = 1, hash = (SELECT hash FROM events)"
    );
    run(&mut connection, &kept).await.unwrap();
    let same_id = format!(
        "INSERT INTO events (position, {columns}) SELECT 2, {} FROM events WHERE position = 1",
        columns.replacen("stream_id", "'b'", 1)
    );
    run(&mut connection, &same_id).await.unwrap_err();

    let store = Store::open(&database.url, options(), Arc::new(Tally)).await.unwrap();
    let [found] = &store.events_after(0, 10).await.unwrap()[..] else {
        panic!("there is one event")
    };
    let expected = Event {
        position: 1,
        id: "018f3b8e-7c1e-7000-8000-000000000001".parse().unwrap(),
        stream: stream("a"),
        version: 1,
        kind: "happened".to_owned(),
        time: Timestamp(1_700_000_000_000),
        actor: "somebody".to_owned(),
        client: Some("cli".to_owned()),
        request_id: Some("r-1".to_owned()),
        payload: json!({"n": 1}),
        subject: Some("subject".to_owned()),
        sealed: Some(b"sealed".to_vec()),
        hash: *b"0123456789abcdef0123456789abcdef",
    };
    assert_eq!(*found, expected);

    run(&mut connection, &same_id).await.unwrap();
    for refused in [
        "UPDATE events SET payload = '{}'",
        "DELETE FROM events",
        &same_id,
        &same_id.replace("SELECT 2", "SELECT 3"),
        &same_id.replacen("INSERT", "INSERT OR REPLACE", 1),
    ] {
        run(&mut connection, refused).await.expect_err(refused);
    }
}
