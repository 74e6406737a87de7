//! The hash chain: what of an event's row is hashed, in which bytes, and how each row is tied to all rows before it.
//!
//! docs/auth/event-log.md specifies the bytes for readers in other languages; `scripts/verify-log` is one.

use aws_lc_rs::digest::{SHA256, digest};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The chain's value before the first event.
pub const GENESIS: Hash = [0; 32];

/// Says which protocol the hashed bytes belong to, so that they can't be taken for another's.
const LEAF_TAG: &[u8] = b"event-store/leaf";
/// Version of the list of fields below.
const FORMAT: u64 = 1;
/// Stands for the length of an absent field.
const ABSENT: u32 = u32::MAX;

/// One event's row, as stored: texts are the very bytes of the columns, never parsed and written again.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a> {
    /// 1-based position in the log.
    pub position: u64,
    pub stream_kind: &'a str,
    pub stream_id: &'a str,
    /// 1-based version of the stream.
    pub stream_version: u64,
    /// The event's id, in the text form it is stored in.
    pub event_id: &'a str,
    pub kind: &'a str,
    /// Milliseconds since the Unix epoch.
    pub time: i64,
    pub actor: &'a str,
    pub client: Option<&'a str>,
    pub request_id: Option<&'a str>,
    pub subject: Option<&'a str>,
    /// JSON text.
    pub payload: &'a str,
    /// Ciphertext: the chain outlives the key.
    pub sealed: Option<&'a [u8]>,
}

/// The digests of an event's long fields: all of its hash that does not depend on its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digests {
    payload: Hash,
    sealed: Option<Hash>,
}

impl Digests {
    pub(crate) fn of(payload: &str, sealed: Option<&[u8]>) -> Self {
        Self {
            payload: sha256(payload.as_bytes()),
            sealed: sealed.map(sha256),
        }
    }
}

impl Leaf<'_> {
    /// The digest of this row.
    pub fn hash(&self) -> Hash {
        self.hash_with(&Digests::of(self.payload, self.sealed))
    }

    /// The chain's value at this row, given its value at the row before ([`GENESIS`] before the first).
    pub fn link(&self, previous: &Hash) -> Hash {
        self.link_with(previous, &Digests::of(self.payload, self.sealed))
    }

    /// The same, for who has the digests of its long fields already.
    pub(crate) fn link_with(&self, previous: &Hash, digests: &Digests) -> Hash {
        let mut link = [0; 64];
        link[..32].copy_from_slice(previous);
        link[32..].copy_from_slice(&self.hash_with(digests));
        sha256(&link)
    }

    fn hash_with(&self, digests: &Digests) -> Hash {
        let fields = [
            Some(self.stream_kind.as_bytes()),
            Some(self.stream_id.as_bytes()),
            Some(self.event_id.as_bytes()),
            Some(self.kind.as_bytes()),
            Some(self.actor.as_bytes()),
            self.client.map(str::as_bytes),
            self.request_id.map(str::as_bytes),
            self.subject.map(str::as_bytes),
            Some(&digests.payload),
            digests.sealed.as_ref().map(<[u8; 32]>::as_slice),
        ];
        // Usual fields fit, and one call digests them.
        let mut leaf = Vec::with_capacity(512);
        leaf.extend_from_slice(LEAF_TAG);
        for number in [FORMAT, self.position, self.stream_version] {
            leaf.extend_from_slice(&number.to_be_bytes());
        }
        leaf.extend_from_slice(&self.time.to_be_bytes());
        for field in fields {
            leaf.extend_from_slice(&length(field).to_be_bytes());
            leaf.extend_from_slice(field.unwrap_or_default());
        }
        sha256(&leaf)
    }
}

fn length(field: Option<&[u8]>) -> u32 {
    // No database stores a field of 4 GiB; if one did, the length would be a lie, but not one that equals "absent".
    field.map_or(ABSENT, |bytes| u32::try_from(bytes.len()).unwrap_or(ABSENT - 1))
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Hash {
    as_hash(digest(&SHA256, bytes).as_ref())
}

pub(crate) fn as_hash(digest: &[u8]) -> Hash {
    digest.try_into().expect("SHA-256 gives 32 bytes")
}

#[cfg(test)]
mod tests;
