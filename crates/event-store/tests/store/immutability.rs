//! What was logged stays as it is: the database itself says so.

use crate::databases::{Database, context, event, on_both_databases, stream};
use event_store::{Command, Expected};
use serde_json::json;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, raw_sql};

on_both_databases! {
    the_database_refuses_to_change_or_delete_events
}

async fn the_database_refuses_to_change_or_delete_events(database: Database) {
    let store = database.open().await;
    let events = vec![event(json!({"n": 1})), event(json!({"n": 2}))];
    store
        .append(Command::new(context()).append(stream("a"), Expected::Any, events))
        .await
        .unwrap();
    let before = store.events_after(0, 10).await.unwrap();

    install_default_drivers();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let columns = "stream_kind, stream_id, version, id, kind, time, actor, payload, hash";
    let copied = |from: &str| format!("INTO events (position, {columns}) SELECT {from} FROM events WHERE position = 1");
    let mut attempts = vec![
        "UPDATE events SET payload = '{}'".to_owned(),
        "UPDATE events SET payload = payload WHERE position = 2".to_owned(),
        "DELETE FROM events".to_owned(),
        "DELETE FROM events WHERE position = 2".to_owned(),
        format!("INSERT {}", copied(&format!("position, {columns}"))),
        format!("INSERT {}", copied(&format!("3, {columns}"))),
    ];
    match connection.backend_name() {
        "PostgreSQL" => attempts.extend(["TRUNCATE events", "TRUNCATE events CASCADE"].map(str::to_owned)),
        _ => {
            let same_stream = "3, stream_kind, stream_id, version, 'other', kind, time, actor, payload, hash";
            let same_position = "position, 'other', stream_id, version, 'other', kind, time, actor, payload, hash";
            for from in [same_stream, same_position] {
                attempts.push(format!("INSERT OR REPLACE {}", copied(from)));
            }
        }
    }
    for sql in attempts {
        let outcome = raw_sql(AssertSqlSafe(sql.clone())).execute(&mut connection).await;
        assert!(outcome.is_err(), "{sql}");
    }
    assert_eq!(store.events_after(0, 10).await.unwrap(), before);
}
