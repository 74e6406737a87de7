//! An SQLite file under another name, until it is whole: nobody finds half a database, and a failure leaves none.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io, process};

use crate::database::{Database, Role};
use crate::error::{OpenError, Unavailable};
use crate::remains::{Remains, empty_write_ahead_log};

/// Dropped, it is gone with all that SQLite keeps beside it.
pub(super) struct Unfinished {
    pub(super) database: Database,
    file: PathBuf,
    target: PathBuf,
}

impl Unfinished {
    /// Beside `target`, which does not exist. Another program's has another name.
    pub(super) fn beside(target: &Path, patience: Duration) -> Result<Self, OpenError> {
        let name = format!("{}.unfinished-{}", target.display(), process::id());
        let unfinished = Self {
            database: Database::at(&format!("sqlite:{name}"), patience)?,
            file: name.into(),
            target: target.to_owned(),
        };
        // Of a program that was killed.
        unfinished.remove();
        Ok(unfinished)
    }

    /// Gives the whole file its name, unless another one has been made under it meanwhile.
    pub(super) async fn finish(self) -> Result<(), Unplaced> {
        match empty_write_ahead_log(self.database.connect(Role::Writer).await?).await? {
            Remains::Gone => {}
            Remains::InLog | Remains::LeftToServer => return Err(Unplaced::InUse),
        }
        fs::hard_link(&self.file, &self.target)?;
        let folder = match self.target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Ok(fs::File::open(folder)?.sync_all()?)
    }

    fn remove(&self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut file = self.file.clone().into_os_string();
            file.push(end);
            // Most of them are not there.
            let _ = fs::remove_file(file);
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Why a whole file did not get its name.
#[derive(Debug, thiserror::Error)]
pub enum Unplaced {
    #[error("the restored database could not take its place")]
    Io(#[from] io::Error),
    #[error("somebody else uses the unfinished database")]
    InUse,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
