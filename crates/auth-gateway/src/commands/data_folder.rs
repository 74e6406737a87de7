//! The data folder, which only its owner may look into.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::config::Settings;

/// A folder that was made for what may fail; until it is kept, it goes when it is left empty.
pub(super) struct Tentative(Option<PathBuf>);

/// Makes the folder where there is none, for what may fail.
pub(super) fn make_tentatively(settings: &Settings) -> anyhow::Result<Tentative> {
    let is_new = !settings.data.exists();
    make(settings)?;
    Ok(Tentative(is_new.then(|| settings.data.clone())))
}

impl Tentative {
    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Tentative {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // What is not empty stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

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
