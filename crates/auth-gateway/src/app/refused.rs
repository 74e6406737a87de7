//! What the domain refuses, in the words of the use cases.

use super::Refusal;
use crate::crypto::password_hasher::HasherError;
use crate::domain::{api_key, client, session, signing_key, user};

impl From<user::Refusal> for Refusal {
    fn from(refusal: user::Refusal) -> Self {
        match refusal {
            user::Refusal::NoSuchUser | user::Refusal::Erased => Self::NotFound("user"),
            user::Refusal::UserExists => Self::Exists("user"),
            user::Refusal::Disabled => Self::NotAllowed,
        }
    }
}

impl From<session::Refusal> for Refusal {
    fn from(refusal: session::Refusal) -> Self {
        match refusal {
            session::Refusal::SessionUnknown => Self::NotFound("session"),
            session::Refusal::SessionEnded | session::Refusal::UserMayNotAct => Self::SessionEnded,
            session::Refusal::RotatedMeanwhile => Self::Contended,
            session::Refusal::SessionExists => Self::Rule(refusal.to_string()),
        }
    }
}

impl From<api_key::Refusal> for Refusal {
    fn from(refusal: api_key::Refusal) -> Self {
        match refusal {
            api_key::Refusal::KeyUnknown => Self::NotFound("API key"),
            api_key::Refusal::KeyExists => Self::Exists("API key"),
            other => Self::Rule(other.to_string()),
        }
    }
}

impl From<client::Refusal> for Refusal {
    fn from(refusal: client::Refusal) -> Self {
        match refusal {
            client::Refusal::ClientUnknown => Self::NotFound("client"),
            client::Refusal::ClientExists => Self::Exists("client"),
            other => Self::Rule(other.to_string()),
        }
    }
}

impl From<signing_key::Refusal> for Refusal {
    fn from(refusal: signing_key::Refusal) -> Self {
        match refusal {
            signing_key::Refusal::KeyUnknown => Self::NotFound("signing key"),
            other => Self::Rule(other.to_string()),
        }
    }
}

impl From<HasherError> for Refusal {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy => Self::Busy,
            HasherError::Unusable(unusable) => Self::inconsistent(unusable.to_string()),
        }
    }
}
