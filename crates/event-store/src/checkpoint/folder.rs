//! A folder of checkpoints, one file each: the simplest place outside the database. Mount it from another machine, or
//! copy it there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Sink;

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
        match fs::read_to_string(self.path.join("latest.checkpoint")) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
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
    fn keep(&self, size: u64, note: &str) -> io::Result<()> {
        self.write(&format!("{size:020}.checkpoint"), note)?;
        self.write("latest.checkpoint", note)
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
