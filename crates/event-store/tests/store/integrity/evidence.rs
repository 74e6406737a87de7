//! Logs tampered with in the database itself, as its owner can, and who finds it.

use std::sync::Arc;

use event_store::checkpoint::{Checkpoint, Folder, KeepError, Key, LocalSigner, Signer};
use event_store::checkpointer::SignError;
use event_store::stored::StoredEvent;
use event_store::verify::{Finding, Problem, Report, Witness, verify_log};
use event_store::{Store, Timestamp};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, raw_sql};

use crate::databases::{Database, on_both_databases};
use crate::history::{History, START, open};

const ORIGIN: &str = "log.example.org";

on_both_databases! {
    a_sound_log_is_confirmed_by_its_checkpoints
    edits_of_rows_are_found
    a_log_verified_from_a_position_tells_what_its_checkpoints_vouch_for
    reordered_rows_are_found
    missing_rows_are_found
    a_log_shorter_than_its_head_is_found
    a_truncated_log_is_found_through_the_outside_checkpoint_alone
    a_rehashed_log_is_found_through_the_outside_checkpoint_alone
    a_forged_checkpoint_in_the_database_is_found
    a_log_tampered_with_gets_no_new_signature
    a_log_cut_short_gets_no_new_signature_after_a_restart
    a_checkpoint_kept_outside_is_not_replaced_by_that_of_a_shorter_log
    checkpoints_go_on_after_a_restart
    a_log_that_another_key_has_signed_is_signed_anew_or_not_at_all
    a_log_that_two_keys_have_signed_is_signed_anew
    a_log_that_can_not_be_signed_anew_keeps_its_checkpoints
}

pub(super) fn signer() -> Arc<LocalSigner> {
    Arc::new(LocalSigner::from_seed(ORIGIN, &[7; 32]).unwrap())
}

pub(super) fn key() -> Key {
    signer().key().clone()
}

/// A database with a log and signed checkpoints, of which the last is kept outside as well.
pub(super) struct Scene {
    database: Database,
    pub(super) store: Store,
    outside: Folder,
    pub(super) outside_path: tempfile::TempDir,
}

impl Scene {
    pub(super) async fn new(database: Database) -> Scene {
        let outside_path = tempfile::tempdir().unwrap();
        let outside = Folder::open(outside_path.path()).unwrap();
        let store = open(&database.url).await;
        let mut history = History::new(1);
        let mut checkpointer = store.checkpointer(signer()).keep_in(Arc::new(outside.clone()));
        for _ in 0..3 {
            history.append(&store, 5).await;
            checkpointer.sign(Timestamp(START)).await.unwrap().unwrap();
        }
        Scene {
            database,
            store,
            outside,
            outside_path,
        }
    }

    /// What its owner does to a database.
    async fn tamper(&self, sql: &str) {
        let unlock = match self.database.url.starts_with("sqlite") {
            true => {
                "DROP TRIGGER IF EXISTS events_are_never_changed; \
                 DROP TRIGGER IF EXISTS events_are_never_deleted; DROP TRIGGER IF EXISTS events_are_never_replaced;"
            }
            false => "DROP TRIGGER IF EXISTS events_are_never_changed ON events;",
        };
        let mut connection = connect(&self.database.url).await;
        raw_sql(unlock).execute(&mut connection).await.unwrap();
        raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn rows(&self) -> Vec<StoredEvent> {
        let mut export = Vec::new();
        self.store.export(0, &mut export).await.unwrap();
        String::from_utf8(export)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(super) async fn verify_inside(&self) -> Report {
        verify_log(&self.database.url, Some(&key()), Vec::new()).await.unwrap()
    }

    async fn verify_with_outside(&self) -> Report {
        let note = self.outside.latest().unwrap().unwrap();
        let checkpoint = Checkpoint::open(&note, &key()).unwrap();
        verify_log(&self.database.url, Some(&key()), vec![checkpoint])
            .await
            .unwrap()
    }

    async fn found_inside(&self) -> Finding {
        self.verify_inside().await.finding.expect("something is wrong")
    }

    async fn found_with_outside(&self) -> Finding {
        self.verify_with_outside().await.finding.expect("something is wrong")
    }
}

async fn connect(url: &str) -> AnyConnection {
    install_default_drivers();
    AnyConnection::connect(url).await.unwrap()
}

fn at(position: u64, problem: Problem) -> Finding {
    Finding { position, problem }
}

async fn a_sound_log_is_confirmed_by_its_checkpoints(database: Database) {
    let scene = Scene::new(database).await;
    let report = scene.verify_with_outside().await;
    assert_eq!(report.finding, None);
    assert_eq!(report.sound(), scene.store.head().await.unwrap());
    let witnesses: Vec<Witness> = report.confirmed.iter().map(|(_, witness)| *witness).collect();
    assert_eq!(
        witnesses,
        [Witness::Stored, Witness::Stored, Witness::Stored, Witness::Outside]
    );
}

async fn edits_of_rows_are_found(database: Database) {
    let scene = Scene::new(database).await;
    let edits = [
        "stream_id = 'a-99'",
        "version = version + 1000",
        "id = '018f0000-0000-7000-8000-000000000001'",
        "kind = 'account.closed'",
        "time = time + 1",
        "actor = 'user:9'",
        "client = 'other'",
        "request_id = 'other'",
        "subject = 'other'",
        "payload = '{}'",
    ];
    let rows = scene.rows().await;
    for edit in edits {
        scene
            .tamper(&format!("UPDATE events SET {edit} WHERE position = 6"))
            .await;
        assert_eq!(scene.found_inside().await, at(6, Problem::Edited), "{edit}");
        let original = &rows[5];
        let text = |text: &Option<String>| text.as_ref().map_or("NULL".to_owned(), |text| format!("'{text}'"));
        let restore = format!(
            "UPDATE events SET stream_id = '{}', version = {}, id = '{}', kind = '{}', time = {}, actor = '{}', \
             client = {}, request_id = {}, subject = {}, payload = '{}' WHERE position = 6",
            original.stream_id,
            original.version,
            original.id,
            original.kind,
            original.time,
            original.actor,
            text(&original.client),
            text(&original.request_id),
            text(&original.subject),
            original.payload.replace('\'', "''"),
        );
        scene.tamper(&restore).await;
        assert_eq!(scene.verify_inside().await.finding, None, "after {edit} was undone");
    }
}

async fn a_log_verified_from_a_position_tells_what_its_checkpoints_vouch_for(database: Database) {
    let scene = Scene::new(database).await;
    let head = scene.store.head().await.unwrap();
    let from = async |position| {
        scene
            .store
            .verify_from(position, Some(&key()), Vec::new())
            .await
            .unwrap()
    };
    scene
        .tamper("UPDATE events SET actor = 'user:9' WHERE position = 6")
        .await;
    assert_eq!(from(6).await.finding, Some(at(6, Problem::Edited)));
    let report = from(7).await;
    assert_eq!(
        (report.finding.clone(), report.trusted, report.sound()),
        (None, 6, head)
    );
    assert_eq!(report.vouching(), Some((head, Witness::Stored)));

    scene.tamper("DELETE FROM log_checkpoints").await;
    let report = from(7).await;
    assert_eq!((report.finding.clone(), report.vouching()), (None, None));
    scene.tamper("DELETE FROM events WHERE position = 3").await;
    assert_eq!(from(7).await.finding, Some(at(3, Problem::Missing { next: 4 })));
}

async fn reordered_rows_are_found(database: Database) {
    let scene = Scene::new(database).await;
    let swap = "UPDATE events SET position = -6 WHERE position = 6; UPDATE events SET position = 6 WHERE position = 9; \
                UPDATE events SET position = 9 WHERE position = -6;";
    scene.tamper(swap).await;
    assert_eq!(scene.found_inside().await, at(6, Problem::Reordered { found_at: 9 }));
}

async fn missing_rows_are_found(database: Database) {
    let scene = Scene::new(database).await;
    scene.tamper("DELETE FROM events WHERE position IN (6, 7)").await;
    assert_eq!(scene.found_inside().await, at(6, Problem::Missing { next: 8 }));
}

async fn a_log_shorter_than_its_head_is_found(database: Database) {
    let scene = Scene::new(database).await;
    let head = scene.store.head().await.unwrap();
    scene
        .tamper(&format!(
            "DELETE FROM events WHERE position = {head}; DELETE FROM log_checkpoints"
        ))
        .await;
    let truncated = Problem::Truncated {
        known: head,
        witness: Witness::Head,
    };
    assert_eq!(scene.found_inside().await, at(head, truncated));
}

async fn a_truncated_log_is_found_through_the_outside_checkpoint_alone(database: Database) {
    let scene = Scene::new(database).await;
    let head = scene.store.head().await.unwrap();
    scene
        .tamper(
            "DELETE FROM log_checkpoints WHERE position > 9; DELETE FROM events WHERE position > 9; \
         UPDATE log_head SET position = 9, hash = (SELECT hash FROM events WHERE position = 9);",
        )
        .await;
    assert_eq!(
        scene.verify_inside().await.finding,
        None,
        "whoever has the database alone can't know"
    );
    let truncated = Problem::Truncated {
        known: head,
        witness: Witness::Outside,
    };
    assert_eq!(scene.found_with_outside().await, at(10, truncated));
}

async fn a_rehashed_log_is_found_through_the_outside_checkpoint_alone(database: Database) {
    let scene = Scene::new(database).await;
    rehash(&scene).await;
    assert_eq!(
        scene.verify_inside().await.finding,
        None,
        "whoever has the database alone can't know"
    );
    let head = scene.store.head().await.unwrap();
    let rehashed = Problem::Rehashed {
        until: head,
        witness: Witness::Outside,
    };
    assert_eq!(scene.found_with_outside().await, at(1, rehashed));
}

/// Edits row 6 and makes the chain whole again.
pub(super) async fn rehash(scene: &Scene) {
    let mut sql = "UPDATE events SET actor = 'user:9' WHERE position = 6; DELETE FROM log_checkpoints;".to_owned();
    let mut previous = event_store::chain::GENESIS;
    for mut row in scene.rows().await {
        if row.position == 6 {
            row.actor = "user:9".to_owned();
        }
        previous = row.leaf().link(&previous);
        let hash = bytes_literal(&scene.database.url, &previous);
        sql += &format!("UPDATE events SET hash = {hash} WHERE position = {};", row.position);
        sql += &format!("UPDATE log_head SET hash = {hash};");
    }
    scene.tamper(&sql).await;
}

fn bytes_literal(url: &str, bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match url.starts_with("sqlite") {
        true => format!("X'{hex}'"),
        false => format!("'\\x{hex}'::bytea"),
    }
}

/// At position 1, by another key.
async fn forge_checkpoint(scene: &Scene) {
    let other = LocalSigner::from_seed(ORIGIN, &[8; 32]).unwrap();
    let note = Checkpoint {
        origin: ORIGIN.to_owned(),
        size: 1,
        root: [0; 32],
    }
    .sign(&other)
    .unwrap();
    let tree = bytes_literal(&scene.database.url, &[0; 32]);
    scene
        .tamper(&format!(
            "INSERT INTO log_checkpoints (position, time, note, tree) VALUES (1, 0, '{note}', {tree})"
        ))
        .await;
}

async fn a_forged_checkpoint_in_the_database_is_found(database: Database) {
    let scene = Scene::new(database).await;
    forge_checkpoint(&scene).await;
    let finding = scene.found_inside().await;
    assert_eq!(finding.position, 1);
    assert!(matches!(finding.problem, Problem::ForgedCheckpoint { .. }), "{finding}");
}

async fn a_log_tampered_with_gets_no_new_signature(database: Database) {
    let scene = Scene::new(database).await;
    let mut checkpointer = scene.store.checkpointer(signer());
    checkpointer.sign(Timestamp(START)).await.unwrap();
    let head = scene.store.head().await.unwrap();
    History::new(2).append(&scene.store, 2).await;
    scene
        .tamper(&format!(
            "UPDATE events SET actor = 'user:9' WHERE position = {}",
            head + 1
        ))
        .await;
    let refused = checkpointer.sign(Timestamp(START)).await;
    assert!(
        matches!(&refused, Err(SignError::Tampered(finding)) if *finding == at(head + 1, Problem::Edited)),
        "{refused:?}"
    );
}

/// To nine events, the head with them.
const CUT_SHORT: &str = "DELETE FROM events WHERE position > 9; \
     UPDATE log_head SET position = 9, hash = (SELECT hash FROM events WHERE position = 9);";

async fn a_log_cut_short_gets_no_new_signature_after_a_restart(database: Database) {
    let scene = Scene::new(database).await;
    let known = scene.store.head().await.unwrap();
    let kept = scene.outside.latest().unwrap();
    scene.tamper(CUT_SHORT).await;
    let restarted = || {
        scene
            .store
            .checkpointer(signer())
            .keep_in(Arc::new(scene.outside.clone()))
    };
    let witness = Witness::Stored;
    let truncated = at(10, Problem::Truncated { known, witness });
    let mut checkpointer = restarted();
    for _ in 0..2 {
        let refused = checkpointer.sign(Timestamp(START)).await;
        assert!(
            matches!(&refused, Err(SignError::Tampered(finding)) if *finding == truncated),
            "{refused:?}"
        );
    }
    assert_eq!(scene.outside.latest().unwrap(), kept);

    let anew = restarted().anew().sign(Timestamp(START)).await.unwrap().unwrap();
    assert_eq!((anew.size, scene.outside.latest().unwrap()), (9, Some(anew.note)));
    assert_eq!(scene.verify_with_outside().await.finding, None);
}

async fn a_checkpoint_kept_outside_is_not_replaced_by_that_of_a_shorter_log(database: Database) {
    let scene = Scene::new(database).await;
    let known = scene.store.head().await.unwrap();
    let latest = scene.outside.latest().unwrap();
    scene.tamper(CUT_SHORT).await;
    scene.tamper("DELETE FROM log_checkpoints").await;
    let mut restarted = scene
        .store
        .checkpointer(signer())
        .keep_in(Arc::new(scene.outside.clone()));
    let refused = restarted.sign(Timestamp(START)).await;
    assert!(
        matches!(&refused, Err(SignError::NotKept(KeepError::Contradicted { kept, size: 9 })) if *kept == known),
        "{refused:?}"
    );
    assert_eq!(scene.outside.latest().unwrap(), latest);
    assert!(scene.verify_with_outside().await.finding.is_some());
}

async fn checkpoints_go_on_after_a_restart(database: Database) {
    let scene = Scene::new(database).await;
    let before = scene
        .store
        .checkpointer(signer())
        .sign(Timestamp(START))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(before.size, scene.store.head().await.unwrap());
    History::new(2).append(&scene.store, 3).await;
    let outside = tempfile::tempdir().unwrap();
    let folder = Folder::open(outside.path()).unwrap();
    let mut restarted = scene.store.checkpointer(signer()).keep_in(Arc::new(folder.clone()));
    let after = restarted.sign(Timestamp(START)).await.unwrap().unwrap();
    assert_eq!(after.size, scene.store.head().await.unwrap());
    assert_eq!(folder.latest().unwrap(), Some(after.note));
    assert_eq!(scene.verify_with_outside().await.finding, None);
}

async fn a_log_that_another_key_has_signed_is_signed_anew_or_not_at_all(database: Database) {
    let scene = Scene::new(database).await;
    let other = Arc::new(LocalSigner::from_seed("moved.example.org", &[7; 32]).unwrap());
    let mut history = History::new(2);
    for grown in [false, true] {
        let refused = scene.store.checkpointer(other.clone()).sign(Timestamp(START)).await;
        assert!(matches!(&refused, Err(SignError::OtherKey { .. })), "{refused:?}");
        assert_eq!(scene.verify_inside().await.finding, None, "grown: {grown}");
        history.append(&scene.store, 2).await;
    }
    let mut anew = scene.store.checkpointer(other.clone()).anew();
    let signed = anew.sign(Timestamp(START)).await.unwrap().unwrap();
    assert_eq!(signed.size, scene.store.head().await.unwrap());
    let verified = verify_log(&scene.database.url, Some(other.key()), Vec::new())
        .await
        .unwrap();
    assert_eq!((verified.finding, verified.confirmed.len()), (None, 1));
    // And goes on.
    history.append(&scene.store, 2).await;
    anew.sign(Timestamp(START)).await.unwrap().unwrap();
    let verified = verify_log(&scene.database.url, Some(other.key()), Vec::new())
        .await
        .unwrap();
    assert_eq!((verified.finding, verified.confirmed.len()), (None, 2));
}

async fn a_log_that_two_keys_have_signed_is_signed_anew(database: Database) {
    let scene = Scene::new(database).await;
    forge_checkpoint(&scene).await;
    let mut checkpointer = scene.store.checkpointer(signer()).anew();
    let signed = checkpointer.sign(Timestamp(START)).await.unwrap().unwrap();
    assert_eq!(signed.size, scene.store.head().await.unwrap());
    let verified = scene.verify_inside().await;
    assert_eq!((verified.finding, verified.confirmed.len()), (None, 1));
}

async fn a_log_that_can_not_be_signed_anew_keeps_its_checkpoints(database: Database) {
    let scene = Scene::new(database).await;
    let refuse = match scene.database.url.starts_with("sqlite") {
        true => {
            "CREATE TRIGGER refuses BEFORE INSERT ON log_checkpoints \
             BEGIN SELECT RAISE(ABORT, 'as it was asked to'); END"
        }
        false => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ \
             BEGIN RAISE EXCEPTION 'as it was asked to'; END $$; \
             CREATE TRIGGER refuses BEFORE INSERT ON log_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse()"
        }
    };
    scene.tamper(refuse).await;
    let refused = scene.store.checkpointer(signer()).anew().sign(Timestamp(START)).await;
    assert!(matches!(refused, Err(SignError::Unavailable(_))), "{refused:?}");
    let verified = scene.verify_inside().await;
    assert_eq!((verified.finding, verified.confirmed.len()), (None, 3));
}
