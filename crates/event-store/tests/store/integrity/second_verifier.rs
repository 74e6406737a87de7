//! The same findings by the second verifier, `scripts/verify-log`, which shares nothing with the first.

use std::path::Path;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use event_store::checkpoint::{Checkpoint, LocalSigner, Signer as _};
use event_store::verify::Report;

use super::evidence::{Scene, key, rehash};
use crate::databases::{Database, on_both_databases};

on_both_databases! {
    an_export_is_verified_by_another_language
}

async fn an_export_is_verified_by_another_language(database: Database) {
    let scene = Scene::new(database).await;
    let mut export = Vec::new();
    let events = scene.store.export(0, &mut export).await.unwrap();
    let checkpoint = scene.outside_path.path().join("latest.checkpoint");
    let file = scene.outside_path.path().join("log.jsonl");
    let check = |lines: &[&str]| {
        std::fs::write(&file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        said(&verify_with_python(&checkpoint, &key().to_string(), &file))
    };
    let text = String::from_utf8(export).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len() as u64, events);
    let sound = format!("the log is sound: events 1 to {events}\n");
    assert_eq!(check(&lines), (Some(0), sound));

    let edited = lines[5].replace("user:", "User:");
    let edited: Vec<&str> = [&lines[..5], &[&edited], &lines[6..]].concat();
    let (status, said) = check(&edited);
    assert!(status == Some(1) && said.starts_with("position 6: edited"), "{said}");

    let (status, said) = check(&[&lines[..5], &lines[6..]].concat());
    assert!(status == Some(1) && said.starts_with("position 6: missing"), "{said}");

    let (status, said) = check(&lines[..5]);
    assert!(status == Some(1) && said.starts_with("position 6: truncated"), "{said}");

    rehash(&scene).await;
    let mut export = Vec::new();
    scene.store.export(0, &mut export).await.unwrap();
    let (status, said) = check(&String::from_utf8(export).unwrap().lines().collect::<Vec<_>>());
    assert!(status == Some(1) && said.starts_with("position 1: re-hashed"), "{said}");
}

fn verify_with_python(checkpoint: &Path, key: &str, export: &Path) -> Output {
    let checkpoint = checkpoint.to_str().unwrap();
    verify_log(&["--checkpoint", checkpoint, "--key", key], export)
}

fn verify_log(options: &[&str], export: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/verify-log");
    let mut python = Command::new("python3");
    python.arg(script).args(options).arg(export).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("Traceback"),
        "{output:?}"
    );
    (output.status.code(), String::from_utf8(output.stdout.clone()).unwrap())
}

/// A checkpoint of the whole log, by each of some signers.
fn signed(report: &Report, seed: u8) -> (LocalSigner, String) {
    let signer = LocalSigner::from_seed("log.example.org", &[seed; 32]).unwrap();
    let checkpoint = Checkpoint {
        origin: "log.example.org".to_owned(),
        size: report.sound(),
        root: report.tree.root(),
    };
    let note = checkpoint.sign(&signer).unwrap();
    (signer, note)
}

/// The note with one bit of its signature turned over.
fn bent(note: &str, byte: usize) -> String {
    let (before, signature) = note.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = BASE64.decode(signature).unwrap();
    bytes[byte] ^= 4;
    format!("{before} {}\n", BASE64.encode(bytes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoints_signature_is_checked_by_another_language() {
    let scene = Scene::new(Database::sqlite()).await;
    let folder = scene.outside_path.path();
    let [file, checkpoint] = ["log.jsonl", "tried.checkpoint"].map(|name| folder.join(name));
    let mut export = Vec::new();
    scene.store.export(0, &mut export).await.unwrap();
    std::fs::write(&file, export).unwrap();
    let check = |note: &str, key: &str| {
        std::fs::write(&checkpoint, note).unwrap();
        said(&verify_with_python(&checkpoint, key, &file))
    };
    let refused = |reason: &str| (Some(1), format!("{reason}\n"));
    let report = scene.verify_inside().await;
    for seed in 1..=4 {
        let (signer, note) = signed(&report, seed);
        let key = signer.key().to_string();
        let sound = format!("the log is sound: events 1 to {}\n", report.sound());
        assert_eq!(check(&note, &key), (Some(0), sound), "{seed}");
        // Four bytes of the key's id, the point, the scalar.
        for byte in [4, 35, 36, 67] {
            let wrong = refused("the checkpoint's signature by log.example.org is wrong");
            assert_eq!(check(&bent(&note, byte), &key), wrong, "byte {byte} of {seed}");
        }
        let other = signed(&report, seed + 1).0.key().to_string();
        assert_eq!(
            check(&note, &other),
            refused("the checkpoint is not signed by log.example.org")
        );
    }
    let (signer, note) = signed(&report, 1);
    let key = signer.key().to_string();
    let grown = note.replacen(&format!("\n{}\n", report.sound()), "\n99\n", 1);
    assert_eq!(
        check(&grown, &key),
        refused("the checkpoint's signature by log.example.org is wrong")
    );
    let unsigned = verify_with_python(&checkpoint, "", &file);
    assert_eq!(unsigned.status.code(), Some(2), "{unsigned:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_a_log_is_no_sound_log() {
    let scene = Scene::new(Database::sqlite()).await;
    let file = scene.outside_path.path().join("log.jsonl");
    let check = async |from: u64, options: &[&str]| {
        let mut export = Vec::new();
        scene.store.export(from, &mut export).await.unwrap();
        std::fs::write(&file, export).unwrap();
        said(&verify_log(options, &file))
    };
    let last = scene.verify_inside().await.sound();
    let answer = |status: i32, text: String| (Some(status), text + "\n");
    assert_eq!(
        check(0, &[]).await,
        answer(0, format!("the log is sound: events 1 to {last}"))
    );
    let missing = "position 1: missing: the first row is at position 3".to_owned();
    assert_eq!(check(2, &[]).await, answer(1, missing));
    let part = format!("sound: events 4 to {last}; not checked: events 1 to 3, the hash at 3 is trusted");
    assert_eq!(check(2, &["--from", "3"]).await, answer(0, part));
    let other = "position 5: missing: the first row is at position 3".to_owned();
    assert_eq!(check(2, &["--from", "5"]).await, answer(1, other));
    let nothing = "position 1: missing: there is no event".to_owned();
    assert_eq!(check(last, &[]).await, answer(1, nothing));
}
