//! `backup` and `restore`: everything that can't be derived, in one file, from either database into either.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use config_text::environment::Environment;
use event_store::backup::{self, Counts};
use event_store::{Options, Store};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncBufRead, AsyncWriteExt as _, BufReader, BufWriter};

use super::administer::{with_settings, with_store};
use super::assemble::database_name;
use super::data_folder;
use super::{Outcome, output};
use crate::cli::{Format, Place};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::fold::DomainFold;

pub(super) fn backup(place: &Place, environment: &Environment, file: &Path, format: Format) -> Outcome {
    with_store(place, environment, async |store, _| {
        let counts = if file == Path::new("-") {
            let mut output = BufWriter::new(tokio::io::stdout());
            store.backup(SystemClock.now(), &mut output).await?
        } else {
            write_whole(&store, file)
                .await
                .with_context(|| format!("the backup {}", file.display()))?
        };
        eprintln!("auth-gateway: keep it apart from the master key, without which it can not be read");
        // On stdout there is the backup.
        let format = if file == Path::new("-") { Format::Table } else { format };
        output::done(format, &said("the backup has", counts), &serde_json::to_value(counts)?)
    })
}

/// The file is there as a whole or not at all, and nobody else can read it.
async fn write_whole(store: &Store, file: &Path) -> anyhow::Result<Counts> {
    let mut unfinished = PathBuf::from(file).into_os_string();
    unfinished.push(".unfinished");
    let open = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    let mut output = BufWriter::new(tokio::fs::File::from_std(open));
    let written = async {
        let counts = store.backup(SystemClock.now(), &mut output).await?;
        output.flush().await?;
        output.get_ref().sync_all().await?;
        std::fs::rename(&unfinished, file)?;
        anyhow::Ok(counts)
    };
    let written = written.await;
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

pub(super) fn restore(place: &Place, environment: &Environment, file: &Path, format: Format) -> Outcome {
    with_settings(place, environment, async |settings| {
        let mut input: Box<dyn AsyncBufRead + Unpin + Send> = if file == Path::new("-") {
            Box::new(BufReader::new(tokio::io::stdin()))
        } else {
            let opened = tokio::fs::File::open(file).await;
            Box::new(BufReader::new(opened.with_context(|| file.display().to_string())?))
        };
        let folder = data_folder::make_tentatively(&settings)?;
        let options = Options {
            create: true,
            ..Options::default()
        };
        let url = settings.database.kind.url();
        let restored = backup::restore(url.expose_secret(), &options, Arc::new(DomainFold), &mut input).await;
        let counts = restored.with_context(|| format!("{} into {}", file.display(), database_name(&settings)))?;
        folder.keep();
        eprintln!(
            "auth-gateway: it opens with the master key it was made under; `log verify` shows whether it is whole"
        );
        output::done(format, &said("restored", counts), &serde_json::to_value(counts)?)
    })
}

fn said(what: &str, counts: Counts) -> String {
    let Counts {
        events,
        claims,
        records,
        idempotency_keys,
        checkpoints,
    } = counts;
    format!(
        "{what} {events} events, {claims} claims, {records} records, {idempotency_keys} idempotency keys, \
         {checkpoints} checkpoints"
    )
}
