//! An event's row exactly as it is stored, for all who must not read it through a parser: verification, export, backup.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use crate::chain::{Hash, Leaf};

/// A row of the log. As JSON, the payload is a string that holds its exact text, and binary columns are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredEvent {
    /// Signed like the column: a tampered database may hold any number.
    pub position: i64,
    pub stream_kind: String,
    pub stream_id: String,
    pub version: i64,
    /// UUID as text.
    pub id: String,
    pub kind: String,
    /// Milliseconds since the Unix epoch.
    pub time: i64,
    pub actor: String,
    pub client: Option<String>,
    pub request_id: Option<String>,
    pub subject: Option<String>,
    /// JSON text.
    pub payload: String,
    #[serde(with = "optional_base64")]
    pub sealed: Option<Vec<u8>>,
    #[serde(with = "base64_text")]
    pub hash: Vec<u8>,
}

impl StoredEvent {
    /// What is hashed of this row.
    pub fn leaf(&self) -> Leaf<'_> {
        Leaf {
            position: self.position.cast_unsigned(),
            stream_kind: &self.stream_kind,
            stream_id: &self.stream_id,
            stream_version: self.version.cast_unsigned(),
            event_id: &self.id,
            kind: &self.kind,
            time: self.time,
            actor: &self.actor,
            client: self.client.as_deref(),
            request_id: self.request_id.as_deref(),
            subject: self.subject.as_deref(),
            payload: &self.payload,
            sealed: self.sealed.as_deref(),
        }
    }

    /// What the chain is at this row, if it was `previous` before it and the row stood at `position`.
    pub(crate) fn link_at(&self, position: i64, previous: &Hash) -> Hash {
        let position = position.cast_unsigned();
        Leaf {
            position,
            ..self.leaf()
        }
        .link(previous)
    }
}

/// Bytes as base64 text.
pub(crate) mod base64_text {
    use super::{BASE64, Engine};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        BASE64.decode(text).map_err(D::Error::custom)
    }
}

/// Bytes as base64 text, or null.
pub(crate) mod optional_base64 {
    use super::{BASE64, Engine};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde hands fields over by reference")]
    pub(crate) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => to.serialize_str(&BASE64.encode(bytes)),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| BASE64.decode(text).map_err(D::Error::custom))
            .transpose()
    }
}
