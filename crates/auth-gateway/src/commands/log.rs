//! `log`: what shows that nothing in the log was changed, and what takes it elsewhere.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use config_text::environment::Environment;
use event_store::Store;
use event_store::checkpoint::{Checkpoint, Folder, Key, Signer as _};

use super::administer::{with_settings, with_store};
use super::assemble::checkpoint_signer;
use super::{Outcome, print};
use crate::cli::{Log, Place};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Settings;

pub(super) fn run(place: &Place, environment: &Environment, log: Log) -> Outcome {
    match log {
        Log::Verify { checkpoint } => with_store(place, environment, async |store, settings| {
            verify(&store, &settings, checkpoint.as_deref()).await
        }),
        Log::Export { from } => with_store(place, environment, async |store, _| {
            let written = store.export(from, &mut tokio::io::stdout()).await?;
            eprintln!("auth-gateway: {written} events");
            Ok(ExitCode::SUCCESS)
        }),
        Log::Checkpoint => with_store(place, environment, async |store, settings| {
            sign(&store, &settings).await
        }),
        Log::CheckpointKey => with_settings(place, environment, async |settings| {
            print(&format!("{}\n", checkpoint_signer(&settings)?.key()))
        }),
    }
}

async fn verify(store: &Store, settings: &Settings, checkpoint: Option<&Path>) -> Outcome {
    let signer = checkpoint_signer(settings)?;
    let mut outside = Vec::new();
    if let Some(path) = checkpoint {
        let note = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        outside.push(opened(&note, signer.key(), path)?);
    }
    outside.extend(kept(settings, signer.key())?);
    let report = store.verify(Some(signer.key()), outside).await?;
    if let Some(finding) = &report.finding {
        eprintln!("error: the log is not what was written: {finding}");
        eprintln!("       {} events before it are sound", report.sound());
        return Ok(ExitCode::FAILURE);
    }
    let head: String = report.head.iter().map(|byte| format!("{byte:02x}")).collect();
    print(&format!(
        "sound: {} events, head {head}, checkpoints confirmed: {}\n",
        report.sound(),
        report.confirmed.len()
    ))
}

/// The newest checkpoint in the folder that the configuration names.
fn kept(settings: &Settings, key: &Key) -> anyhow::Result<Option<Checkpoint>> {
    let folder = &settings.checkpoints.folder;
    let latest = folder.join("latest.checkpoint");
    if !latest.exists() {
        return Ok(None);
    }
    let note = std::fs::read_to_string(&latest).with_context(|| latest.display().to_string())?;
    opened(&note, key, &latest).map(Some)
}

fn opened(note: &str, key: &Key, path: &Path) -> anyhow::Result<Checkpoint> {
    Checkpoint::open(note, key).with_context(|| format!("{}", path.display()))
}

async fn sign(store: &Store, settings: &Settings) -> Outcome {
    let folder = &settings.checkpoints.folder;
    let sink = Folder::open(folder).with_context(|| format!("the folder of checkpoints {}", folder.display()))?;
    let mut checkpointer = store
        .checkpointer(Arc::new(checkpoint_signer(settings)?))
        .keep_in(Arc::new(sink));
    match checkpointer.sign(SystemClock.now()).await? {
        Some(signed) => print(&signed.note),
        None => {
            eprintln!("auth-gateway: the log is empty, there is nothing to sign");
            Ok(ExitCode::FAILURE)
        }
    }
}
