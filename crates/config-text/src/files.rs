//! Files that the configuration names. Paths are relative to the file that names them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::unreadable::reason;
use crate::written::Text;

/// More than this is read of no file: the parser refuses half of it already.
const MAX_READ: u64 = 16 * 1024 * 1024;

/// Where a relative path begins.
#[derive(Clone, Copy, Debug)]
pub enum Base<'a> {
    /// The folder of the file that names it.
    File(&'a Path),
    /// A folder that stands beside it.
    Folder(&'a Path),
}

impl<'a> Base<'a> {
    fn folder(self) -> &'a Path {
        match self {
            Self::File(folder) | Self::Folder(folder) => folder,
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::File(_) => "paths are relative to the file that names them",
            Self::Folder(_) => "relative to the folder beside it",
        }
    }
}

/// Why a text cannot be had, for the end of a sentence.
pub fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_READ).read_to_end(&mut bytes));
    read.map_err(|error| reason(error.kind()))?;
    // A text that was cut off may end within a character; it is too long for the parser anyway.
    if bytes.len() as u64 == MAX_READ {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
}

/// A file that can be opened.
pub fn existing_file(base: Base<'_>, path: &Text, cx: &mut Diagnostics) -> Option<PathBuf> {
    existing(base, path, cx, |found| {
        let metadata = fs::metadata(found).map_err(|error| reason(error.kind()))?;
        // Opening a pipe would wait for its other end.
        if !metadata.is_file() {
            return Err("is not a file".to_owned());
        }
        File::open(found).map(drop).map_err(|error| reason(error.kind()))
    })
}

/// A folder that is there.
pub fn existing_folder(base: Base<'_>, path: &Text, cx: &mut Diagnostics) -> Option<PathBuf> {
    existing(base, path, cx, |found| {
        let metadata = fs::metadata(found).map_err(|error| reason(error.kind()))?;
        metadata
            .is_dir()
            .then_some(())
            .ok_or_else(|| "is not a folder".to_owned())
    })
}

fn existing(
    base: Base<'_>,
    path: &Text,
    cx: &mut Diagnostics,
    check: impl FnOnce(&Path) -> Result<(), String>,
) -> Option<PathBuf> {
    let found = base.folder().join(&path.value);
    let Err(problem) = check(&found) else {
        return Some(found);
    };
    let message = format!("{} {problem}", path.shown_or("the path that its variables make"));
    let diagnostic = Diagnostic::error(code::FILE_NOT_FOUND, path.span, message);
    cx.push(diagnostic.label(base.rule()));
    None
}

/// The folder of a file; the current one for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
