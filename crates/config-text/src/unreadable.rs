//! Why a file cannot be read, in words.

use std::io::ErrorKind;

/// For the end of a sentence that begins with the file's name.
pub(crate) fn reason(error: ErrorKind) -> String {
    match error {
        ErrorKind::NotFound => "does not exist".to_owned(),
        ErrorKind::IsADirectory => "is a folder".to_owned(),
        other => format!("cannot be read: {other}"),
    }
}
