//! Files that the configuration names. Paths are relative to the file that names them.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::written::Text;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// More than this is read of no file: the parser refuses half of it already.
const MAX_READ: u64 = 16 * 1024 * 1024;

/// Where a relative path begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Base<'a> {
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
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_READ).read_to_end(&mut bytes));
    read.map_err(|error| reason(&error))?;
    // A text that was cut off may end within a character; it is too long for the parser anyway.
    if bytes.len() as u64 == MAX_READ {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())
}

pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "does not exist".to_owned(),
        ErrorKind::IsADirectory => "is a folder".to_owned(),
        other => format!("cannot be read: {other}"),
    }
}

/// A file that can be opened.
pub(crate) fn existing_file(base: Base<'_>, path: &Text, cx: &mut Diagnostics) -> Option<PathBuf> {
    existing(base, path, cx, |found| {
        let metadata = fs::metadata(found).map_err(|error| reason(&error))?;
        // Opening a pipe would wait for its other end.
        if !metadata.is_file() {
            return Err("is not a file".to_owned());
        }
        File::open(found).map(drop).map_err(|error| reason(&error))
    })
}

pub(crate) fn existing_folder(base: Base<'_>, path: &Text, cx: &mut Diagnostics) -> Option<PathBuf> {
    existing(base, path, cx, |found| {
        let metadata = fs::metadata(found).map_err(|error| reason(&error))?;
        metadata
            .is_dir()
            .then_some(())
            .ok_or_else(|| "is not a folder".to_owned())
    })
}

/// A PEM file with at least one certificate.
pub(crate) fn certificates(base: Base<'_>, path: &Text, cx: &mut Diagnostics) -> Option<PathBuf> {
    let file = existing_file(base, path, cx)?;
    let count = CertificateDer::pem_file_iter(&file).and_then(|all| {
        let all: Result<Vec<_>, _> = all.collect();
        all.map(|all| all.len())
    });
    let problem = match count {
        Ok(0) => "there is no certificate in it".to_owned(),
        Ok(_) => return Some(file),
        Err(error) => format!("it is not PEM: {error}"),
    };
    let message = format!("{} is no list of certificates", path.shown_or("this file"));
    cx.push(Diagnostic::error(Code::InvalidValue, path.span, message).label(problem));
    None
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
    let diagnostic = Diagnostic::error(Code::FileNotFound, path.span, message);
    cx.push(diagnostic.label(base.rule()));
    None
}
