//! Whether this is the only gateway that serves a SQLite database. Several do not corrupt it, but they wait for one another.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::config::Settings;
use crate::config::settings::DatabaseKind;

/// Held while this gateway serves. Commands do not ask for it: they work beside a server.
pub(super) struct Serving {
    _lock: Option<File>,
}

/// Warns when another gateway serves the same SQLite database.
pub(super) fn serving(settings: &Settings) -> anyhow::Result<Serving> {
    let DatabaseKind::Sqlite(path) = &settings.database.kind else {
        return Ok(Serving { _lock: None });
    };
    let mut beside = path.clone().into_os_string();
    beside.push(".serving");
    let beside = PathBuf::from(beside);
    let lock = lock(&beside).with_context(|| beside.display().to_string())?;
    Ok(Serving { _lock: Some(lock) })
}

fn lock(path: &std::path::Path) -> std::io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => tracing::warn!(
            lock = %path.display(),
            "another auth gateway serves this SQLite database: several of them need PostgreSQL"
        ),
        Err(TryLockError::Error(error)) => return Err(error),
        Ok(()) => {}
    }
    // Shared with every other gateway, so that each new one meets it as long as any serves.
    file.lock_shared()?;
    Ok(file)
}
