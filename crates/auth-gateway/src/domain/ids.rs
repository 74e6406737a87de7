//! Names of users, sessions, keys, organisations and clients, and of the streams that hold their events.

use event_store::StreamId;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

uuid_id! {
    UserId;
    OrganizationId;
    SessionId;
    ApiKeyId;
    /// Of one access token (RFC 7519 section 4.1.7).
    TokenId;
}

impl UserId {
    /// The kind of the streams of users.
    pub(crate) const STREAM: &str = "user";

    pub(crate) fn stream(self) -> StreamId {
        StreamId::new(Self::STREAM, self.to_string())
    }
}

impl SessionId {
    pub(crate) fn stream(self) -> StreamId {
        StreamId::new("session", self.to_string())
    }
}

impl ApiKeyId {
    pub(crate) fn stream(self) -> StreamId {
        StreamId::new("api_key", self.to_string())
    }
}

/// A client's name: 1 to 200 visible ASCII characters, and never a UUID, so that no token's `sub` can mean both a user and a client
/// (RFC 9068 section 5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub(crate) struct ClientId(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client id is 1 to 200 visible ASCII characters and no UUID")]
pub(crate) struct InvalidClientId;

impl ClientId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn stream(&self) -> StreamId {
        StreamId::new("client", self.0.clone())
    }
}

impl FromStr for ClientId {
    type Err = InvalidClientId;

    fn from_str(text: &str) -> Result<Self, InvalidClientId> {
        let is_visible = (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_visible || Uuid::try_parse(text).is_ok() {
            return Err(InvalidClientId);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_take_the_name_of_a_user() {
        for refused in [
            "",
            "a b",
            "é",
            "a\n",
            "0197f3f0-0000-7000-8000-000000000001",
            &"x".repeat(201),
        ] {
            assert_eq!(refused.parse::<ClientId>(), Err(InvalidClientId), "{refused:?}");
        }
        for fine in ["lanonasis-cli", "https://client.example.org/metadata.json"] {
            assert_eq!(fine.parse::<ClientId>().unwrap().as_str(), fine);
        }
    }
}
