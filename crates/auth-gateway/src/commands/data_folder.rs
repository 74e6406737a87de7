//! The data folder, which only its owner may look into.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;

use crate::config::Settings;

/// Makes the folder where there is none.
pub(super) fn make(settings: &Settings) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&settings.data);
    made.with_context(|| format!("the data folder {}", settings.data.display()))
}

/// The folder's mode, if others may look into it or write to it.
pub(super) fn open_to_others(folder: &Path) -> io::Result<Option<u32>> {
    let mode = fs::metadata(folder)?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}
