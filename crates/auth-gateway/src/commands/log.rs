//! `log`: what shows that nothing in the log was changed, and what takes it elsewhere.

use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use config_text::environment::Environment;
use event_store::checkpoint::{Checkpoint, Folder, KeepError, Key, NoteError, Signer as _};
use event_store::checkpointer::SignError;
use event_store::verify::{Problem, Report};
use event_store::{ExportError, Position, Store};
use serde_json::json;

use super::administer::{with_settings, with_store};
use super::assemble::checkpoint_signer;
use super::{Outcome, output, print};
use crate::cli::{Format, Log, Place};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Settings;

/// What else it may mean that a checkpoint is not signed by the log's key.
const OTHER_KEY: &str = "the log's key comes from the master key and the issuer's host: are `--config` and the master key those \
     that the log was made with?";

pub(super) fn run(place: &Place, environment: &Environment, log: Log) -> Outcome {
    match log {
        Log::Verify {
            from,
            checkpoint,
            output,
        } => with_store(place, environment, async |store, settings| {
            verify(&store, &settings, from, checkpoint.as_deref(), output.output).await
        }),
        Log::Export { from } => with_store(place, environment, async |store, _| {
            let written = match store.export(from, &mut tokio::io::stdout()).await {
                // Whoever reads has seen enough (`| head`).
                Err(ExportError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => {
                    return Ok(ExitCode::SUCCESS);
                }
                written => written?,
            };
            eprintln!("auth-gateway: {written} events");
            Ok(ExitCode::SUCCESS)
        }),
        Log::Checkpoint { anew, output } => with_store(place, environment, async |store, settings| {
            sign(&store, &settings, anew, output.output).await
        }),
        Log::CheckpointKey(wish) => with_settings(place, environment, async |settings| {
            let key = checkpoint_signer(&settings)?.key().to_string();
            match wish.output {
                Format::Table => print(&format!("{key}\n")),
                Format::Json => output::one(Format::Json, &json!({"key": key})),
            }
        }),
    }
}

async fn verify(
    store: &Store,
    settings: &Settings,
    from: Position,
    checkpoint: Option<&Path>,
    format: Format,
) -> Outcome {
    let signer = checkpoint_signer(settings)?;
    let mut outside = Vec::new();
    if let Some(path) = checkpoint {
        let note = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        outside.push(opened(&note, signer.key(), path)?);
    }
    outside.extend(kept(settings, signer.key())?);
    let report = store.verify_from(from, Some(signer.key()), outside).await?;
    if let Some(finding) = &report.finding {
        eprintln!("error: the log is not what was written: {finding}");
        eprintln!("       {} before it are sound", checked(&report));
        if let Problem::ForgedCheckpoint { .. } = finding.problem {
            eprintln!("       {OTHER_KEY}");
        }
        if format == Format::Json {
            let sound = json!({"sound": false, "finding": finding.to_string(), "sound_up_to": report.sound()});
            output::one(format, &sound)?;
        }
        return Ok(ExitCode::FAILURE);
    }
    if report.trusted + 1 < from {
        bail!("the log ends at position {}, before {from}", report.sound());
    }
    let head: String = report.head.iter().map(|byte| format!("{byte:02x}")).collect();
    if format == Format::Json {
        let confirmed: Vec<Position> = report.confirmed.iter().map(|(size, _)| *size).collect();
        let vouched = report.vouching().map(|(size, _)| size);
        return output::one(
            format,
            &json!({
                "sound": true, "from": report.trusted + 1, "to": report.sound(), "head": head,
                "checkpoints": confirmed, "trusted": report.trusted, "vouched_up_to": vouched,
            }),
        );
    }
    print(&format!(
        "sound: {}, head {head}, checkpoints confirmed: {}\n{}",
        checked(&report),
        report.confirmed.len(),
        not_checked(&report)
    ))
}

fn checked(report: &Report) -> String {
    let events = report.sound() - report.trusted;
    match report.trusted {
        0 => format!("{events} events"),
        trusted => format!("{events} events from position {}", trusted + 1),
    }
}

/// Nothing, or a line.
fn not_checked(report: &Report) -> String {
    match (report.trusted, report.vouching()) {
        (0, _) => String::new(),
        (trusted, Some((size, witness))) => format!(
            "not recomputed: events 1 to {trusted}; their hashes are those that {witness} saw at position {size}\n"
        ),
        (trusted, None) => {
            format!("not recomputed: events 1 to {trusted}; the hash at {trusted} is trusted, no checkpoint saw it\n")
        }
    }
}

/// The newest checkpoint in the folder that the configuration names.
pub(super) fn kept(settings: &Settings, key: &Key) -> anyhow::Result<Option<Checkpoint>> {
    let folder = &settings.checkpoints.folder;
    let latest = folder.join("latest.checkpoint");
    match std::fs::read_to_string(&latest) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        note => opened(&note.with_context(|| latest.display().to_string())?, key, &latest).map(Some),
    }
}

fn opened(note: &str, key: &Key, path: &Path) -> anyhow::Result<Checkpoint> {
    let opened = Checkpoint::open(note, key);
    if let Err(NoteError::NotSigned { .. }) = &opened {
        eprintln!("auth-gateway: {OTHER_KEY}");
    }
    opened.with_context(|| path.display().to_string())
}

async fn sign(store: &Store, settings: &Settings, anew: bool, format: Format) -> Outcome {
    let folder = &settings.checkpoints.folder;
    let sink = Folder::open(folder).with_context(|| format!("the folder of checkpoints {}", folder.display()))?;
    let mut checkpointer = store
        .checkpointer(Arc::new(checkpoint_signer(settings)?))
        .keep_in(Arc::new(sink));
    if anew {
        checkpointer = checkpointer.anew();
    }
    let signed = checkpointer.sign(SystemClock.now()).await;
    if let Err(SignError::OtherKey { .. }) = &signed {
        eprintln!("auth-gateway: {OTHER_KEY}");
        eprintln!("auth-gateway: if they have changed for good, `log checkpoint --anew` signs with the new key");
    }
    if let Err(SignError::NotKept(KeepError::Contradicted { .. })) = &signed {
        eprintln!(
            "auth-gateway: `log verify` tells more; if the log is shorter for good reason, such as a restored backup,"
        );
        eprintln!("auth-gateway: `log checkpoint --anew` begins anew");
    }
    match signed? {
        Some(signed) if format == Format::Json => output::one(format, &json!({"note": signed.note})),
        Some(signed) => print(&signed.note),
        None => {
            eprintln!("auth-gateway: the log is empty, there is nothing to sign");
            Ok(ExitCode::FAILURE)
        }
    }
}
