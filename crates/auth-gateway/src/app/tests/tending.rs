//! What is done now and then.

use super::*;
use sqlx::{Connection as _, SqliteConnection};

#[tokio::test]
async fn keys_that_can_not_rotate_keep_no_last_use_from_being_written() {
    let here = Installation::new(|_| {}).await;
    let (id, now) = (uuid::Uuid::from_u128(41), here.clock.now());
    here.app.usage.note(id, None, now);
    let url = format!("sqlite:{}", here.folder.path().join("auth.db").display());
    let mut database = SqliteConnection::connect(&url).await.expect("the database");
    let broken = sqlx::raw_sql("ALTER TABLE events RENAME TO lost").execute(&mut database);
    broken.await.expect("renamed");
    here.pass(here.app.settings.signing_keys.rotate_every);
    here.app.tend().await.expect_err("no key rotates");
    let written = here.app.store.record("last_used", id.as_bytes(), now).await;
    assert!(written.expect("an answer").is_some());
}
