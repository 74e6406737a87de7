//! Backups restored into either database, and those that must not be.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_store::backup::{Counts, RestoreError, restore};
use event_store::checkpoint::LocalSigner;
use event_store::projection::Audit;
use event_store::{Options, Store, Timestamp};

use sqlx::{AnyConnection, Connection as _};

use super::states::states;
use crate::databases::{Database, on_both_databases};
use crate::history::{Accounts, History, START, open};

on_both_databases! {
    a_restored_store_is_the_same_and_goes_on
    a_backup_can_be_restored_into_the_other_database
    a_backup_taken_under_load_is_one_moment
    a_database_with_rows_is_refused
    a_truncated_backup_is_refused_and_leaves_nothing
    a_damaged_backup_is_refused_with_its_place
    an_empty_store_can_be_restored
    a_failed_restore_leaves_nothing_where_nothing_was
}

const NOW: Timestamp = Timestamp(START);

async fn filled(database: &Database, commands: usize) -> Store {
    let store = open(&database.url).await;
    let mut history = History::new(3);
    history.append(&store, commands / 2).await;
    let signer = LocalSigner::from_seed("log.example.org", &[7; 32]).unwrap();
    store.checkpointer(Arc::new(signer)).sign(NOW).await.unwrap();
    history.append(&store, commands / 2).await;
    store
}

async fn backup(store: &Store) -> (Counts, String) {
    let mut bytes = Vec::new();
    let counts = store.backup(NOW, &mut bytes).await.unwrap();
    (counts, String::from_utf8(bytes).unwrap())
}

async fn restore_into(database: &Database, text: &str) -> Result<Counts, RestoreError> {
    let options = Options {
        create: true,
        ..Options::default()
    };
    restore(&database.url, &options, Arc::new(Accounts), &mut text.as_bytes()).await
}

fn empty(like: &Database) -> Database {
    match like.url.starts_with("sqlite") {
        true => Database::sqlite(),
        false => Database::postgres(),
    }
}

fn other(than: &Database) -> Database {
    match than.url.starts_with("sqlite") {
        true => Database::postgres(),
        false => Database::sqlite(),
    }
}

async fn restores_the_same(source: Database, target: Database) {
    let store = filled(&source, 400).await;
    let (counts, text) = backup(&store).await;
    assert!(
        counts.events > 400 && counts.claims > 3 && counts.records > 3,
        "{counts:?}"
    );
    assert!(counts.idempotency_keys > 30 && counts.checkpoints == 1, "{counts:?}");
    assert_eq!(restore_into(&target, &text).await.unwrap(), counts);

    let restored = open(&target.url).await;
    assert_eq!(
        backup(&restored).await.1,
        text,
        "a backup of it is the same to the byte"
    );
    assert_eq!(states(&restored).await, states(&store).await);
    assert_eq!(restored.compare_states().await.unwrap().differs, None);
    let report = restored.verify(None, Vec::new()).await.unwrap();
    assert_eq!((report.finding, report.confirmed.len()), (None, 1));

    let mut history = History::new(4);
    history.append(&restored, 5).await;
    assert_eq!(restored.verify(None, Vec::new()).await.unwrap().finding, None);
    assert_eq!(restored.compare_states().await.unwrap().differs, None);
    assert_eq!(
        restored.catch_up(&Audit::default()).await.unwrap(),
        restored.head().await.unwrap()
    );
}

async fn a_restored_store_is_the_same_and_goes_on(database: Database) {
    let target = empty(&database);
    restores_the_same(database, target).await;
}

async fn a_backup_can_be_restored_into_the_other_database(database: Database) {
    let target = other(&database);
    restores_the_same(database, target).await;
}

async fn a_backup_taken_under_load_is_one_moment(database: Database) {
    let store = filled(&database, 200).await;
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, done) = (store.clone(), Arc::clone(&done));
        async move {
            let mut history = History::new(4);
            while !done.load(Ordering::SeqCst) {
                history.append(&store, 8).await;
            }
        }
    });
    for _ in 0..3 {
        let before = store.head().await.unwrap();
        let (counts, text) = backup(&store).await;
        let after = store.head().await.unwrap();
        assert!((before..=after).contains(&counts.events));
        let target = empty(&database);
        restore_into(&target, &text).await.unwrap();
        let restored = open(&target.url).await;
        let events = restored.events_after(0, 100_000).await.unwrap();
        assert_eq!(events.len() as u64, counts.events);
        assert_eq!(
            events,
            store
                .events_after(0, u32::try_from(counts.events).unwrap())
                .await
                .unwrap()
        );
        assert_eq!(restored.compare_states().await.unwrap().differs, None);
    }
    done.store(true, Ordering::SeqCst);
    writer.await.unwrap();
}

async fn a_database_with_rows_is_refused(database: Database) {
    let store = filled(&database, 20).await;
    let (_, text) = backup(&store).await;
    let refused = restore_into(&database, &text).await;
    assert!(
        matches!(refused, Err(RestoreError::NotEmpty { table: "events" })),
        "{refused:?}"
    );
    assert_eq!(backup(&store).await.1, text);
}

async fn a_truncated_backup_is_refused_and_leaves_nothing(database: Database) {
    let store = filled(&database, 20).await;
    let (counts, text) = backup(&store).await;
    let target = empty(&database);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for kept in [0, 1, 2, lines.len() / 2, lines.len() - 1] {
        let refused = restore_into(&target, &lines[..kept].concat()).await;
        let line = kept as u64 + 1;
        assert!(
            matches!(refused, Err(RestoreError::Truncated { line: at }) if at == line),
            "{kept}: {refused:?}"
        );
    }
    let refused = restore_into(&target, &text[..text.len() - 1]).await;
    assert!(matches!(refused, Err(RestoreError::Truncated { .. })), "{refused:?}");
    assert_eq!(open(&target.url).await.head().await.unwrap(), 0);
    assert_eq!(
        restore_into(&target, &text).await.unwrap(),
        counts,
        "into the same database, afterwards"
    );
}

async fn a_damaged_backup_is_refused_with_its_place(database: Database) {
    let store = filled(&database, 20).await;
    let (counts, text) = backup(&store).await;
    let target = empty(&database);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let events = usize::try_from(counts.events).unwrap();
    let try_lines = async |lines: Vec<&str>| {
        let refused = restore_into(&target, &lines.concat()).await.expect_err("it is damaged");
        assert!(!matches!(refused, RestoreError::Unavailable(_)), "{refused}");
        refused.to_string()
    };
    let replaced = |index: usize, by: &'static str| {
        let mut lines = lines.clone();
        lines[index] = by;
        lines
    };

    let edited = lines[5].replace("user:", "User:");
    let edited: Vec<&str> = [&lines[..5], &[&edited], &lines[6..]].concat();
    assert!(try_lines(edited).await.starts_with("line 6: the event at position 5 "));
    let mut swapped = lines.clone();
    swapped.swap(5, 6);
    assert!(try_lines(swapped).await.starts_with("line 6: the event at position 6 "));
    let mut without = lines.clone();
    without.remove(5);
    assert!(try_lines(without).await.starts_with("line 6: the event at position 6 "));
    assert!(
        try_lines(replaced(5, "{}\n"))
            .await
            .starts_with("line 6 is not what belongs there")
    );
    assert!(
        try_lines(replaced(0, "{}\n"))
            .await
            .starts_with("line 1 is not what belongs there")
    );

    let record = lines.iter().position(|line| line.starts_with("{\"record\"")).unwrap();
    let edited = lines[record].replace("\"count\":0", "\"count\":1");
    let edited: Vec<&str> = [&lines[..record], &[&edited], &lines[record + 1..]].concat();
    let damaged = format!("the backup was damaged somewhere from line 1 to line {}", lines.len());
    assert_eq!(try_lines(edited).await, damaged);
    let header = lines[0].replace(&format!("\"position\":{events}"), "\"position\":7");
    let header: Vec<&str> = [&[header.as_str()], &lines[1..]].concat();
    assert_eq!(try_lines(header).await, damaged);
    let mut longer = lines.clone();
    longer.push(lines[1]);
    assert!(try_lines(longer).await.contains("after the trailer"));
    assert_eq!(restore_into(&target, &text).await.unwrap(), counts);
}

/// The tables of a PostgreSQL database, or the files in an SQLite database's folder.
async fn what_is_there(database: &Database) -> Vec<String> {
    if let Some(path) = database.url.strip_prefix("sqlite:") {
        let entries = std::fs::read_dir(Path::new(path).parent().unwrap()).unwrap();
        return entries
            .map(|entry| entry.unwrap().file_name().display().to_string())
            .collect();
    }
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&database.url).await.unwrap();
    let select = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    let rows: Vec<(String,)> = sqlx::query_as(select).fetch_all(&mut connection).await.unwrap();
    rows.into_iter().map(|(name,)| name).collect()
}

async fn a_failed_restore_leaves_nothing_where_nothing_was(database: Database) {
    let (counts, text) = backup(&filled(&database, 20).await).await;
    let target = empty(&database);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let tail_damaged = [&lines[..lines.len() - 1], &lines[..1]].concat().concat();
    for bad in [
        "",
        "nonsense\n",
        lines[..lines.len() / 2].concat().as_str(),
        &tail_damaged,
    ] {
        restore_into(&target, bad).await.expect_err("it is no backup");
        assert_eq!(what_is_there(&target).await, [""; 0]);
    }
    assert_eq!(restore_into(&target, &text).await.unwrap(), counts);
    assert_ne!(what_is_there(&target).await, [""; 0]);
}

async fn an_empty_store_can_be_restored(database: Database) {
    let (counts, text) = backup(&open(&database.url).await).await;
    let target = empty(&database);
    assert_eq!(restore_into(&target, &text).await.unwrap(), counts);
    let restored = open(&target.url).await;
    History::new(1).append(&restored, 3).await;
    assert_eq!(restored.verify(None, Vec::new()).await.unwrap().finding, None);
}
