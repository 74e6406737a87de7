//! The process environment: the only place that reads variables and secrets.
//! Everything else is handed an [`Environment`], so a test passes a map.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use secrecy::SecretString;

use crate::unreadable::reason;

/// The systemd variable that names the folder of a service's credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// A larger file is not a credential.
const MAX_SECRET: u64 = 64 * 1024;

/// Variables by name. Values may be secret: `Debug` shows how many there are and nothing else.
#[derive(Clone, Default)]
pub struct Environment {
    variables: HashMap<String, String>,
}

impl Environment {
    /// Those of this process. Variables that are not UTF-8 are left out, as if unset.
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that reads the process environment"
    )]
    pub fn from_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// These variables alone: for tests, and for tools that must not depend on where they run.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The secret called `name`: the systemd credential of that name, else the file named by the variable
    /// `NAME_FILE`, else the variable `NAME`. A source that exists but cannot be used is an error, never skipped.
    pub fn secret(&self, name: &str) -> Result<SecretString, SecretError> {
        if !is_plain_name(name) {
            return Err(SecretError::NotAName);
        }
        if let Some(folder) = self.get(CREDENTIALS_DIRECTORY) {
            let path = Path::new(folder).join(name);
            match read(&path) {
                Err(SecretError::Unreadable {
                    kind: ErrorKind::NotFound,
                    ..
                }) => {}
                found => return found,
            }
        }
        let variable = format!("{name}_FILE");
        match self.get(&variable) {
            Some("") => return Err(SecretError::Empty(variable)),
            Some(path) => return read(Path::new(path)),
            None => {}
        }
        match self.get(name) {
            Some(value) => accept(value.to_owned(), name),
            None => Err(SecretError::Unset),
        }
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self {
            variables: pairs.into_iter().collect(),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.variables.len())
    }
}

/// Why a secret cannot be had. Carries places, never contents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("a secret's name is made of letters, digits, `_`, `-` and `.`")]
    NotAName,
    #[error("there is no credential file, no `…_FILE` variable and no variable of this name")]
    Unset,
    #[error("`{0}` is empty")]
    Empty(String),
    #[error("`{path}` {}", reason(*kind))]
    Unreadable { path: String, kind: ErrorKind },
    #[error("`{0}` is larger than 64 KiB")]
    TooLarge(String),
    #[error("`{0}` is not UTF-8 text")]
    NotText(String),
}

/// The name becomes a part of a path, so nothing in it may lead elsewhere.
fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
}

fn read(path: &Path) -> Result<SecretString, SecretError> {
    let place = path.display().to_string();
    let bytes = match read_bounded(path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(SecretError::TooLarge(place)),
        Err(error) => {
            let kind = error.kind();
            return Err(SecretError::Unreadable { path: place, kind });
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => accept(text, &place),
        Err(_) => Err(SecretError::NotText(place)),
    }
}

/// `None` when there is more than a secret may have.
fn read_bounded(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SECRET + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= MAX_SECRET).then_some(bytes))
}

/// Drops the newline that editors and `echo` leave at the end.
fn accept(mut text: String, place: &str) -> Result<SecretString, SecretError> {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    if text.is_empty() {
        return Err(SecretError::Empty(place.to_owned()));
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests;
