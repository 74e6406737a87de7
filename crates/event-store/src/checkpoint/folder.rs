//! A folder of checkpoints, one file each: the simplest place outside the database. Mount it from another machine, or
//! copy it there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{Checkpoint, Former, KeepError, Sink};

const LATEST: &str = "latest.checkpoint";

/// Writes `SIZE.checkpoint` (20 digits, so that names sort as sizes do) and `latest.checkpoint`, readable by their owner
/// only.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder, for its owner only, where there is none.
    ///
    /// # Errors
    /// When the folder neither exists nor can be made.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Folder> {
        let path = path.into();
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        Ok(Folder { path })
    }

    /// The last checkpoint kept, if any.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn latest(&self) -> io::Result<Option<String>> {
        self.read(LATEST)
    }

    fn read(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.path.join(name)) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The log only grows: no shorter one follows, and of one size is one root.
    fn refuse_contradicting(&self, size: u64, note: &str) -> Result<(), KeepError> {
        let root = parse(note)?.root;
        for name in [LATEST, &name_of(size)] {
            let Some(kept) = self.read(name)? else { continue };
            let kept = parse(&kept)?;
            if kept.size > size || (kept.size == size && kept.root != root) {
                return Err(KeepError::Contradicted { kept: kept.size, size });
            }
        }
        Ok(())
    }

    /// A file is there as a whole or not at all, also after a power cut.
    fn write(&self, name: &str, note: &str) -> io::Result<()> {
        let unfinished = self.path.join(format!(".{name}.{}", std::process::id()));
        let mut new = OpenOptions::new();
        let mut file = new
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, self.path.join(name))?;
        sync_folder(&self.path)
    }
}

impl Sink for Folder {
    fn keep(&self, size: u64, note: &str, former: Former) -> Result<(), KeepError> {
        match former {
            Former::Continued => self.refuse_contradicting(size, note)?,
            Former::Dropped => {}
        }
        self.write(&name_of(size), note)?;
        Ok(self.write(LATEST, note)?)
    }
}

fn name_of(size: u64) -> String {
    format!("{size:020}.checkpoint")
}

fn parse(note: &str) -> io::Result<Checkpoint> {
    Checkpoint::unverified(note).map_err(io::Error::other)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
