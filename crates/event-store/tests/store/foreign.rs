//! A file of another program, named by mistake: it is refused, and stays as it was, to the byte.

use crate::databases::{Tally, options};
use event_store::backup::{RestoreError, restore};
use event_store::{OpenError, Store};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection, raw_sql};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

async fn of_another_program(folder: &Path) -> PathBuf {
    install_default_drivers();
    let file = folder.join("bookmarks.db");
    let mut connection = AnyConnection::connect(&format!("sqlite:{}?mode=rwc", file.display()))
        .await
        .unwrap();
    raw_sql("CREATE TABLE bookmarks (url TEXT); CREATE TABLE schema_version (version BIGINT)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    file
}

#[tokio::test]
async fn the_database_of_another_program_is_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = of_another_program(folder.path()).await;
    let before = fs::read(&file).unwrap();
    let url = format!("sqlite:{}", file.display());

    let migrated = Store::migrate(&url).await.err();
    assert!(
        matches!(&migrated, Some(OpenError::Foreign { table }) if table == "bookmarks"),
        "{migrated:?}"
    );
    let opened = Store::open(&url, options(), Arc::new(Tally)).await.err();
    assert!(matches!(opened, Some(OpenError::Foreign { .. })), "{opened:?}");
    let restored = restore(&url, &options(), Arc::new(Tally), &mut &b""[..]).await.err();
    assert!(
        matches!(restored, Some(RestoreError::Open(OpenError::Foreign { .. }))),
        "{restored:?}"
    );

    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing was left beside it"
    );
}
