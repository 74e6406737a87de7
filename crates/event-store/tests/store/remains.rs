//! What a deleted row leaves in the files of an SQLite database.

use crate::databases::{Database, NOW, context, event, options, stream};
use event_store::{Command, Expected, Options, RecordChange, Remains, Store, Unavailable};
use serde_json::json;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection as _, raw_sql};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn file(database: &Database) -> PathBuf {
    PathBuf::from(database.url.strip_prefix("sqlite:").unwrap())
}

/// As long as a wrapped key, and told from every other.
fn value(number: u32) -> Vec<u8> {
    format!("value {number:06} ").repeat(6).into_bytes()
}

fn key(number: u32) -> Vec<u8> {
    // In another order than they are made, so that pages are split in their middle.
    format!("key {:06}", number.wrapping_mul(7919) % 100_000).into_bytes()
}

async fn append(store: &Store, number: u32) {
    let put = RecordChange::Put {
        kind: "key".into(),
        key: key(number),
        value: value(number),
        expires: None,
    };
    let command = Command::new(context())
        .append(
            stream(number.to_string()),
            Expected::Any,
            vec![event(json!({"n": number}))],
        )
        .record(put);
    store.append(command).await.unwrap();
}

async fn delete(store: &Store, number: u32) {
    let delete = RecordChange::Delete {
        kind: "key".into(),
        key: key(number),
    };
    store.change_records(vec![delete], NOW).await.unwrap();
}

/// Another copy, in the free part of a page: what SQLite leaves there now and then when it moves rows to another.
async fn leave_copies(database: &Database) {
    install_default_drivers();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let copied = "PRAGMA secure_delete = OFF; \
        INSERT INTO records SELECT 'copy', key, count, value, expires FROM records; \
        DELETE FROM records WHERE kind = 'copy'";
    raw_sql(copied).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Whether the database's file or one beside it holds the value.
fn is_left(file: &Path, number: u32) -> bool {
    let value = value(number);
    let files = std::fs::read_dir(file.parent().unwrap()).unwrap();
    files
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(value.len()).any(|window| window == value))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_holds_what_was_deleted_once_its_remains_are_removed() {
    for trial in 0..12 {
        let database = Database::sqlite();
        let (store, beside) = (database.open().await, database.open().await);
        let most = 20 + trial * 9;
        for number in 0..most {
            append(&store, number).await;
        }
        leave_copies(&database).await;
        let file = file(&database);
        assert!(is_left(&file, 0));
        for number in (0..most).step_by(5) {
            delete(&store, number).await;
        }
        // Another gateway serves from it.
        assert_eq!(beside.remove_remains().await.unwrap(), Remains::Gone);
        let left: Vec<u32> = (0..most).filter(|number| is_left(&file, *number)).collect();
        let kept: Vec<u32> = (0..most).filter(|number| number % 5 != 0).collect();
        assert_eq!(left, kept, "trial {trial}");
        append(&store, most).await;
        assert_eq!(store.head().await.unwrap(), u64::from(most) + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_or_writes_too_long_keeps_what_was_deleted_and_that_is_told() {
    let database = Database::sqlite();
    let options = Options {
        patience: Duration::from_millis(200),
        ..options()
    };
    let store = database.open_with(options).await;
    install_default_drivers();
    append(&store, 1).await;
    let mut other = AnyConnection::connect(&database.url).await.unwrap();
    raw_sql("BEGIN; SELECT * FROM records")
        .fetch_all(&mut other)
        .await
        .unwrap();
    delete(&store, 1).await;
    assert_eq!(store.remove_remains().await.unwrap(), Remains::InLog);
    raw_sql("ROLLBACK; BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let refused = store.remove_remains().await;
    assert!(matches!(refused, Err(Unavailable::Database(_))), "{refused:?}");
    raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(store.remove_remains().await.unwrap(), Remains::Gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_removes_them_itself() {
    let database = Database::postgres();
    let store = database.open().await;
    assert_eq!(store.remove_remains().await.unwrap(), Remains::LeftToServer);
}
