//! C2SP signed-note: text with signature lines below it, and the keys that make and check them (Ed25519 only).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::chain::sha256;

/// Ed25519 in signed-note's registry of signature types.
const ED25519_TYPE: u8 = 1;
const SIGNATURE_LINE: &str = "\u{2014} ";

/// Makes signatures with a private key that this crate never sees.
pub trait Signer: Send + Sync + 'static {
    /// The public half.
    fn key(&self) -> &Key;
    /// The Ed25519 signature of `message`.
    ///
    /// # Errors
    /// When the key can't be used now: says why.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], String>;
}

/// A name and an Ed25519 public key. As text `name+id+base64`, the form of signed-note's verifier keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: String,
    public: [u8; 32],
}

/// A text is no verifier key, or a name can't be one's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed checkpoint key: {0}")]
pub struct MalformedKey(&'static str);

impl Key {
    /// # Errors
    /// When `name` is empty or has white space or `+` in it.
    pub fn new(name: impl Into<String>, public: [u8; 32]) -> Result<Key, MalformedKey> {
        let name = name.into();
        match name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
            true => Err(MalformedKey("the name is empty or has white space or `+` in it")),
            false => Ok(Key { name, public }),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells keys of one name apart.
    fn id(&self) -> [u8; 4] {
        let named = [self.name.as_bytes(), b"\n", &self.typed()].concat();
        let digest = sha256(&named);
        [digest[0], digest[1], digest[2], digest[3]]
    }

    fn typed(&self) -> Vec<u8> {
        [&[ED25519_TYPE], self.public.as_slice()].concat()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, BASE64.encode(self.typed()))
    }
}

impl FromStr for Key {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Key, MalformedKey> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(typed)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(MalformedKey("not of the form name+id+key"));
        };
        let typed = BASE64
            .decode(typed)
            .map_err(|_| MalformedKey("the key is not base64"))?;
        let Some((&ED25519_TYPE, public)) = typed.split_first() else {
            return Err(MalformedKey("not an Ed25519 key"));
        };
        let public = public.try_into().map_err(|_| MalformedKey("the key is not 32 bytes"))?;
        let key = Key::new(name, public)?;
        match format!("{:08x}", u32::from_be_bytes(key.id())) == id {
            true => Ok(key),
            false => Err(MalformedKey("the id is not that of this name and key")),
        }
    }
}

/// A private key in this process's memory.
pub struct LocalSigner {
    pair: Ed25519KeyPair,
    key: Key,
}

impl LocalSigner {
    /// # Errors
    /// When `name` can't be a key's.
    pub fn from_seed(name: impl Into<String>, seed: &[u8; 32]) -> Result<LocalSigner, MalformedKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| MalformedKey("the seed makes no key"))?;
        let public = pair.public_key().as_ref().try_into();
        let key = Key::new(name, public.map_err(|_| MalformedKey("the key is not 32 bytes"))?)?;
        Ok(LocalSigner { pair, key })
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalSigner({})", self.key)
    }
}

impl Signer for LocalSigner {
    fn key(&self) -> &Key {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], String> {
        let signature = self.pair.sign(message);
        let bytes = signature.as_ref().try_into();
        bytes.map_err(|_| "an Ed25519 signature has 64 bytes".to_owned())
    }
}

/// Why a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("malformed checkpoint: {0}")]
    Malformed(&'static str),
    #[error("the checkpoint is not signed by {key}")]
    NotSigned { key: String },
    #[error("the checkpoint's signature by {key} is wrong")]
    WrongSignature { key: String },
    #[error("the checkpoint is about another log: {origin}")]
    OtherOrigin { origin: String },
    #[error("the checkpoint could not be signed: {0}")]
    SigningFailed(String),
}

/// `text`, which ends with a line feed, with a signature line.
///
/// # Errors
/// When `signer` fails.
pub fn sign_note(text: &str, signer: &dyn Signer) -> Result<String, NoteError> {
    let signature = signer.sign(text.as_bytes()).map_err(NoteError::SigningFailed)?;
    let key = signer.key();
    let signature = BASE64.encode([key.id().as_slice(), &signature].concat());
    Ok(format!("{text}\n{SIGNATURE_LINE}{} {signature}\n", key.name()))
}

/// The text of `note`, signed by `key`. Signatures of others are passed over.
///
/// # Errors
/// When `key`'s signature is absent or wrong, or this is not a note.
pub fn open_note<'a>(note: &'a str, key: &Key) -> Result<&'a str, NoteError> {
    let end = note
        .rfind("\n\n")
        .ok_or(NoteError::Malformed("no blank line before signatures"))?;
    let (text, signatures) = (&note[..=end], &note[end + 2..]);
    if !signatures.ends_with('\n') {
        return Err(NoteError::Malformed("the last line is cut off"));
    }
    let mut signed = false;
    for line in signatures.lines() {
        let signature = line.strip_prefix(SIGNATURE_LINE).and_then(|line| line.split_once(' '));
        let (name, signature) = signature.ok_or(NoteError::Malformed("not a signature line"))?;
        let bytes = BASE64
            .decode(signature)
            .map_err(|_| NoteError::Malformed("a signature is not base64"))?;
        let Some(signature) = bytes.strip_prefix(&key.id()).filter(|_| name == key.name()) else {
            continue;
        };
        let public = UnparsedPublicKey::new(&ED25519, &key.public);
        if public.verify(text.as_bytes(), signature).is_err() {
            return Err(NoteError::WrongSignature { key: key.to_string() });
        }
        signed = true;
    }
    match signed {
        true => Ok(text),
        false => Err(NoteError::NotSigned { key: key.to_string() }),
    }
}
