//! The key all others come from: a file that only its owner can read, or a secret. Sub-keys are derived from it (HKDF,
//! RFC 5869), one for each use, so that no use can undo another.

use std::path::{Path, PathBuf};
use std::{
    fmt, fs, io, io::Read as _, io::Write as _, os::unix::fs::OpenOptionsExt as _, os::unix::fs::PermissionsExt as _,
};

use aws_lc_rs::{hkdf, hmac};
use base64::{Engine as _, engine::general_purpose};
use secrecy::{ExposeSecret as _, SecretBox, zeroize::Zeroizing};

use super::{
    blind_index::BlindIndex, password_parameters::Pepper, random, random::Random, refresh_token::RefreshKey,
    seal::SealKey,
};

const LENGTH: usize = 32;

/// 32 random bytes; whoever has them and the database can read everything.
pub(crate) struct MasterKey(SecretBox<[u8; LENGTH]>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum MasterKeyError {
    #[error("the master key {path} can be read by others (mode {mode:03o}); run: chmod 600 {path}")]
    ReadableByOthers { path: PathBuf, mode: u32 },
    #[error(
        "the master key {path} holds {length} bytes where 32 belong; restore it from a backup, a new one could open nothing"
    )]
    WrongLength { path: PathBuf, length: usize },
    #[error("the master key {path} is not a regular file")]
    NotAFile { path: PathBuf },
    #[error(
        "the master key {path} is missing; `auth-gateway serve` makes one for a new database, any other needs the one it was started with: restore the file, or give the secret"
    )]
    Missing { path: PathBuf },
    #[error("the master key {path} could not be read")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the master key {path} could not be made")]
    NotMade { path: PathBuf, source: io::Error },
    #[error("the master key's secret is not 32 bytes in base64; make one with: openssl rand -base64 32")]
    NotBase64Of32Bytes,
}

/// Whether the file was there or has just been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Found,
    Made,
}

impl MasterKey {
    /// Reads the file, or makes it where there is none. Of several programs that start at once, one makes it and all
    /// read the same key.
    pub(crate) fn open_or_make(path: &Path, random: &dyn Random) -> Result<(Self, Origin), MasterKeyError> {
        match Self::open(path) {
            Err(MasterKeyError::Missing { .. }) => {}
            opened => return Ok((opened?, Origin::Found)),
        }
        match make(path, random) {
            Ok(()) => Ok((Self::open(path)?, Origin::Made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok((Self::open(path)?, Origin::Found)),
            Err(source) => Err(MasterKeyError::NotMade {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Reads the file. Refuses one that its group or the world can read or write.
    pub(crate) fn open(path: &Path) -> Result<Self, MasterKeyError> {
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => MasterKeyError::Missing { path: path.to_owned() },
            _ => MasterKeyError::Unreadable {
                path: path.to_owned(),
                source,
            },
        };
        let file = fs::File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(MasterKeyError::NotAFile { path: path.to_owned() });
        }
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::ReadableByOthers {
                path: path.to_owned(),
                mode,
            });
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH + 1));
        file.take(LENGTH as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        let wrong_length = || MasterKeyError::WrongLength {
            path: path.to_owned(),
            length: bytes.len(),
        };
        Self::from_bytes(&bytes).ok_or_else(wrong_length)
    }

    /// From a secret: 32 bytes in base64, padded or not, of either alphabet; white space around it is ignored.
    pub(crate) fn from_base64(secret: &str) -> Result<Self, MasterKeyError> {
        let text = secret.trim().trim_end_matches('=');
        let decoded = general_purpose::STANDARD_NO_PAD
            .decode(text)
            .or_else(|_| general_purpose::URL_SAFE_NO_PAD.decode(text));
        let bytes = Zeroizing::new(decoded.map_err(|_| MasterKeyError::NotBase64Of32Bytes)?);
        Self::from_bytes(&bytes).ok_or(MasterKeyError::NotBase64Of32Bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let array: [u8; LENGTH] = bytes.try_into().ok()?;
        Some(Self(SecretBox::init_with(|| array)))
    }

    /// For subject keys and private signing keys at rest.
    pub(crate) fn seal_key(&self) -> SealKey {
        SealKey::new(&self.sub_key("seal"))
    }

    /// For lookups of personal text, e-mail addresses above all.
    pub(crate) fn blind_index(&self) -> BlindIndex {
        BlindIndex::new(self.mac_key("blind-index"))
    }

    /// For refresh tokens.
    pub(crate) fn refresh_key(&self) -> RefreshKey {
        RefreshKey::new(self.mac_key("refresh"))
    }

    /// For answers kept to be given again under an idempotency key: they can hold tokens.
    pub(crate) fn idempotent_answers(&self) -> SealKey {
        SealKey::new(&self.sub_key("idempotent-answers"))
    }

    /// For counters of failed attempts by account and address.
    pub(crate) fn attempts(&self) -> BlindIndex {
        BlindIndex::new(self.mac_key("attempts"))
    }

    /// For password hashes that a stolen database alone can't be tried against.
    pub(crate) fn pepper(&self) -> Pepper {
        Pepper::new(&self.sub_key("password-pepper"))
    }

    /// The seed of the Ed25519 key that signs checkpoints of the log.
    pub(crate) fn checkpoint_seed(&self) -> Zeroizing<[u8; LENGTH]> {
        self.sub_key("log-checkpoint")
    }

    fn mac_key(&self, label: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.sub_key(label).as_slice())
    }

    fn sub_key(&self, label: &str) -> Zeroizing<[u8; LENGTH]> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"lanonasis auth-gateway master key v1");
        let mut key = Zeroizing::new([0; LENGTH]);
        salt.extract(self.0.expose_secret())
            .expand(&[label.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|material| material.fill(key.as_mut_slice()))
            .expect("HKDF-SHA256 gives up to 8,160 bytes, and 32 are asked");
        key
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(redacted)")
    }
}

/// The file appears whole or not at all: written under another name, then linked, which fails where a key already is.
fn make(path: &Path, random: &dyn Random) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let unfinished = folder.join(format!(
        ".master-key-{}",
        uuid::Uuid::from_bytes(random::bytes(random)).simple()
    ));
    let made = write_new(&unfinished, random).and_then(|()| fs::hard_link(&unfinished, path));
    let removed = fs::remove_file(&unfinished);
    made?;
    removed?;
    fs::File::open(folder)?.sync_all()
}

fn write_new(path: &Path, random: &dyn Random) -> io::Result<()> {
    let key = Zeroizing::new(random::bytes::<LENGTH>(random));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(key.as_slice())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
