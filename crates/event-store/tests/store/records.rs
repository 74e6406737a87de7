//! Rows that may expire.

use crate::databases::{Database, NOW, context, event, on_both_databases, stream};
use event_store::{AppendError, Command, Expected, Record, RecordChange, Store, Timestamp};
use serde_json::json;
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection, raw_sql};

on_both_databases! {
    a_record_is_there_until_it_expires
    several_records_are_read_in_the_order_asked_for
    of_fifty_parallel_consumers_one_succeeds
    a_record_that_is_gone_fails_the_whole_command
    an_expired_record_cannot_be_consumed
    fifty_parallel_counts_are_all_counted
    a_count_begins_anew_after_its_expiry
    a_command_counts_up_once_whatever_order_its_times_have
    a_command_is_refused_once_a_record_was_counted_too_often
    sweeping_deletes_what_has_expired_and_nothing_else
}

const SOON: Timestamp = Timestamp(NOW.0 + 1000);
const LATER: Timestamp = Timestamp(NOW.0 + 2000);

fn put(key: &str, value: &[u8], expires: Option<Timestamp>) -> RecordChange {
    RecordChange::Put {
        kind: "token".into(),
        key: key.into(),
        value: value.to_vec(),
        expires,
    }
}

fn consume(key: &str) -> RecordChange {
    RecordChange::Consume {
        kind: "token".into(),
        key: key.into(),
    }
}

async fn read(store: &Store, key: &str, now: Timestamp) -> Option<Record> {
    store.record("token", key.as_bytes(), now).await.unwrap()
}

async fn a_record_is_there_until_it_expires(database: Database) {
    let store = database.open().await;
    let changes = vec![
        put("kept", b"1", None),
        put("brief", b"", Some(SOON)),
        put("kept", b"2", None),
    ];
    store.change_records(changes, NOW).await.unwrap();
    let record = |value: &[u8], expires| {
        let (count, value) = (0, value.to_vec());
        Some(Record { count, value, expires })
    };
    assert_eq!(read(&store, "kept", Timestamp(i64::MAX)).await, record(b"2", None));
    assert_eq!(
        read(&store, "brief", Timestamp(SOON.0 - 1)).await,
        record(b"", Some(SOON))
    );
    assert_eq!(read(&store, "brief", SOON).await, None);
    assert_eq!(store.record("other", b"kept", NOW).await.unwrap(), None);
    let delete = RecordChange::Delete {
        kind: "token".into(),
        key: b"kept".to_vec(),
    };
    store.change_records(vec![delete.clone(), delete], NOW).await.unwrap();
    assert_eq!(read(&store, "kept", NOW).await, None);
}

async fn several_records_are_read_in_the_order_asked_for(database: Database) {
    let store = database.open().await;
    let changes = vec![
        put("first", b"1", None),
        put("brief", b"2", Some(SOON)),
        put("last", b"3", None),
    ];
    store.change_records(changes, NOW).await.unwrap();
    let other = RecordChange::Put {
        kind: "other".into(),
        key: b"first".to_vec(),
        value: b"4".to_vec(),
        expires: None,
    };
    store.change_records(vec![other], NOW).await.unwrap();
    let values = async |now| {
        let keys: [(&str, &[u8]); 7] = [
            ("token", b"last"),
            ("token", b"absent"),
            ("other", b"first"),
            ("token", b"first"),
            ("token", b"brief"),
            ("other", b"last"),
            ("token", b"last"),
        ];
        let records = store.records(keys, now).await.unwrap();
        records.map(|record| record.map_or_else(String::new, |record| String::from_utf8(record.value).unwrap()))
    };
    assert_eq!(values(NOW).await, ["3", "", "4", "1", "2", "", "3"]);
    assert_eq!(values(SOON).await, ["3", "", "4", "1", "", "", "3"]);
    let alone = store.records([("token", b"brief")], NOW).await.unwrap();
    assert_eq!(alone, [store.record("token", b"brief", NOW).await.unwrap()]);
}

async fn a_command_counts_up_once_whatever_order_its_times_have(database: Database) {
    let store = database.open().await;
    let up = |expires| RecordChange::CountUp {
        kind: "token".into(),
        key: b"guesses".to_vec(),
        expires,
    };
    let mut counts = Vec::new();
    for expires in [SOON, LATER, SOON] {
        store.change_records(vec![up(expires)], NOW).await.unwrap();
        let counted = read(&store, "guesses", NOW).await.expect("there");
        counts.push((counted.count, counted.expires));
    }
    assert_eq!(counts, [(1, Some(SOON)), (2, Some(LATER)), (3, Some(LATER))]);
    // Twice in one change.
    let after = Timestamp(LATER.0 + 1);
    let end = Timestamp(LATER.0 + 1000);
    store.change_records(vec![up(end), up(end)], after).await.unwrap();
    let begun_anew = read(&store, "guesses", after).await.expect("there");
    assert_eq!((begun_anew.count, begun_anew.expires), (2, Some(end)));
}

async fn a_command_is_refused_once_a_record_was_counted_too_often(database: Database) {
    let store = database.open().await;
    let key = || b"guesses".to_vec();
    let guess = || Command {
        records: vec![
            RecordChange::AtMost {
                kind: "token".into(),
                key: key(),
                count: 1,
            },
            RecordChange::CountUp {
                kind: "token".into(),
                key: key(),
                expires: SOON,
            },
        ],
        ..Command::new(context()).append(stream("guesses"), Expected::Any, vec![event(json!({}))])
    };
    for _ in 0..2 {
        store.append(guess()).await.unwrap();
    }
    let refused = store.append(guess()).await.unwrap_err();
    assert!(
        matches!(&refused, AppendError::CountedOften { kind } if kind == "token"),
        "{refused}"
    );
    assert_eq!(store.head().await.unwrap(), 2);
    assert_eq!(read(&store, "guesses", NOW).await.map(|record| record.count), Some(2));
    // What has expired was never counted.
    let mut late = guess();
    late.context.time = SOON;
    store.append(late).await.unwrap();
}

async fn of_fifty_parallel_consumers_one_succeeds(database: Database) {
    let stores = [database.open().await, database.open().await];
    stores[0]
        .change_records(vec![put("t", b"", Some(SOON))], NOW)
        .await
        .unwrap();
    let consumers = (0..50_usize).map(|n| {
        let store = stores[n % 2].clone();
        async move { store.append(Command::new(context()).record(consume("t"))).await }
    });
    let outcomes = futures_util::future::join_all(consumers).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let gone = |outcome: &&Result<_, _>| matches!(outcome, Err(AppendError::RecordGone { kind }) if kind == "token");
    assert_eq!(outcomes.iter().filter(gone).count(), 49);
    assert_eq!(read(&stores[0], "t", NOW).await, None);
}

async fn a_record_that_is_gone_fails_the_whole_command(database: Database) {
    let store = database.open().await;
    let command = Command::new(context())
        .append(stream("a"), Expected::Any, vec![event(json!({}))])
        .record(put("new", b"", None))
        .record(consume("absent"));
    assert!(matches!(
        store.append(command).await,
        Err(AppendError::RecordGone { .. })
    ));
    assert_eq!(read(&store, "new", NOW).await, None);
    assert_eq!(store.head().await.unwrap(), 0);
}

async fn an_expired_record_cannot_be_consumed(database: Database) {
    let store = database.open().await;
    store
        .change_records(vec![put("t", b"", Some(NOW))], Timestamp(0))
        .await
        .unwrap();
    let outcome = store.append(Command::new(context()).record(consume("t"))).await;
    assert!(matches!(outcome, Err(AppendError::RecordGone { .. })));
    store
        .change_records(vec![consume("t")], Timestamp(NOW.0 - 1))
        .await
        .unwrap();
}

async fn fifty_parallel_counts_are_all_counted(database: Database) {
    let store = database.open().await;
    let keys = [b"account".to_vec(), b"address".to_vec()];
    let counts = (0..50).map(|_| store.count_up("attempts", &keys, SOON, NOW));
    let mut seen: Vec<i64> = Vec::new();
    for records in futures_util::future::join_all(counts).await {
        let records = records.unwrap();
        assert_eq!(records[0], records[1]);
        seen.push(records[0].count);
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=50).collect::<Vec<_>>());
    assert_eq!(
        store.record("attempts", b"address", NOW).await.unwrap().unwrap().count,
        50
    );
}

async fn a_count_begins_anew_after_its_expiry(database: Database) {
    let store = database.open().await;
    let key = [b"k".to_vec()];
    let count = async |expires, now| store.count_up("attempts", &key, expires, now).await.unwrap()[0].clone();
    count(SOON, NOW).await;
    let later = Timestamp(SOON.0 + 5);
    assert_eq!(count(later, NOW).await.count, 2);
    let anew = count(later, later).await;
    let value = Vec::new();
    assert_eq!(
        anew,
        Record {
            count: 1,
            value,
            expires: Some(later)
        }
    );
}

async fn sweeping_deletes_what_has_expired_and_nothing_else(database: Database) {
    let store = database.open().await;
    let brief = (0..1500).map(|n| put(&format!("brief {n}"), b"", Some(NOW)));
    let kept = [put("kept", b"", None), put("later", b"", Some(SOON))];
    store.change_records(brief.chain(kept).collect(), NOW).await.unwrap();
    assert_eq!(store.sweep(NOW).await.unwrap().records, 1500);
    assert_eq!(store.sweep(NOW).await.unwrap().records, 0);
    let still = async |key| read(&store, key, Timestamp(0)).await.is_some();
    assert_eq!(
        (still("brief 7").await, still("kept").await, still("later").await),
        (false, true, true)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_in_the_file_of_a_deleted_record() {
    let database = Database::sqlite();
    let store = database.open().await;
    let secret = |n: u32| format!("the secret of {n}, which is deleted soon");
    let keys = (0..100).map(|n| put(&format!("key {n}"), secret(n).as_bytes(), None));
    store.change_records(keys.collect(), NOW).await.unwrap();
    let is_in_a_file = async |n| {
        // What is still in the write-ahead log goes to its place.
        install_default_drivers();
        let mut connection = AnyConnection::connect(&database.url).await.unwrap();
        let flush = raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection);
        assert_eq!(sqlx::Row::get::<i64, _>(&flush.await.unwrap(), 0), 0, "it was not busy");
        connection.close().await.unwrap();
        let file = std::path::PathBuf::from(database.url.strip_prefix("sqlite:").unwrap());
        let log = file.with_extension("db-wal");
        let text = secret(n);
        let holds = |bytes: Vec<u8>| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        holds(std::fs::read(file).unwrap()) || holds(std::fs::read(log).unwrap_or_default())
    };
    assert!(is_in_a_file(50).await);
    store.change_records(vec![consume("key 50")], NOW).await.unwrap();
    assert!(!is_in_a_file(50).await);
    assert!(is_in_a_file(51).await);
}
