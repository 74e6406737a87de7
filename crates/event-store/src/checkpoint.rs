//! Signed checkpoints: a few lines of text that say how long the log was and what its Merkle root was. Kept where who
//! owns the database can't reach, one shows that the log was cut short or written anew.
//!
//! The form is C2SP's tlog-checkpoint inside a signed-note, so that other tools of transparency logs can read it.

mod folder;
mod note;

pub use folder::Folder;
pub use note::{Key, LocalSigner, MalformedKey, NoteError, Signer, open_note, sign_note};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::chain::Hash;

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is about: one line of text, the same as the name of the log's key.
    pub origin: String,
    /// Events in the log.
    pub size: u64,
    /// RFC 6962 root over the chain hashes of those events.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }

    /// Reads a signed checkpoint and checks its signature by `key`. The origin must be the key's name.
    ///
    /// # Errors
    /// When it is not signed by `key`, is about another log, or is not a checkpoint.
    pub fn open(note: &str, key: &Key) -> Result<Checkpoint, NoteError> {
        let text = open_note(note, key)?;
        let checkpoint = Checkpoint::from_text(text)?;
        match checkpoint.origin == key.name() {
            true => Ok(checkpoint),
            false => Err(NoteError::OtherOrigin {
                origin: checkpoint.origin,
            }),
        }
    }

    /// What a signed checkpoint says, whoever signed it.
    ///
    /// # Errors
    /// When it is not a checkpoint.
    pub fn unverified(note: &str) -> Result<Checkpoint, NoteError> {
        Checkpoint::from_text(note)
    }

    /// Reads the text of a note. Lines after the third are extensions and mean nothing here.
    fn from_text(text: &str) -> Result<Checkpoint, NoteError> {
        let mut lines = text.lines();
        let mut line = |what| lines.next().ok_or(NoteError::Malformed(what));
        let origin = line("no origin")?.to_owned();
        let size = parse_size(line("no size")?).ok_or(NoteError::Malformed("the size is not a decimal number"))?;
        let root = BASE64.decode(line("no root")?).ok();
        let root = root.and_then(|root| root.try_into().ok());
        Ok(Checkpoint {
            origin,
            size,
            root: root.ok_or(NoteError::Malformed("the root is not 32 bytes of base64"))?,
        })
    }

    /// The signed note.
    ///
    /// # Errors
    /// When `signer` fails.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, NoteError> {
        sign_note(&self.to_text(), signer)
    }
}

/// A decimal number in its only spelling.
fn parse_size(text: &str) -> Option<u64> {
    let size: u64 = text.parse().ok()?;
    (size.to_string() == text).then_some(size)
}

/// What a checkpoint has to do with those that were kept before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Former {
    /// The log it is about has grown from theirs.
    Continued,
    /// They do not count any more.
    Dropped,
}

/// A checkpoint is not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// One that was kept before would be lost, and it may be all that shows that the log was cut short or written anew.
    #[error("a checkpoint of {kept} events is there, which this one of {size} does not continue")]
    Contradicted { kept: u64, size: u64 },
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// A place outside the database that checkpoints are handed to.
pub trait Sink: Send + Sync + 'static {
    /// Keeps `note`, a signed checkpoint of a log of `size` events. May block.
    ///
    /// # Errors
    /// When it is not safely kept, or `former` ones are to be continued and say something else.
    fn keep(&self, size: u64, note: &str, former: Former) -> Result<(), KeepError>;
}

#[cfg(test)]
mod tests;
