//! What is remembered of a credential.

use event_store::{StreamId, Timestamp};
use identity_contract::Identity;
use uuid::Uuid;

use super::accounts::Account;
use super::assertions::Assertions;
use super::freshness::AsOf;
use crate::domain::api_key::ApiKey;
use crate::domain::session::Session;

/// Who it stands for, what that was read from, and how long it holds.
#[derive(Debug)]
pub(crate) struct Known {
    /// Without the request's id.
    pub(crate) identity: Identity,
    pub(crate) account: Account,
    pub(crate) session: Option<Session>,
    pub(crate) api_key: Option<ApiKey>,
    /// What it was read from; when one of them changes it is read again.
    pub(super) streams: Vec<StreamId>,
    pub(super) as_of: AsOf,
    /// When the credential ends by itself, use or no use.
    pub(super) ends_at: Option<Timestamp>,
    /// When it ends unless it is used, as of the reading.
    pub(super) idle_end: Option<Timestamp>,
    /// What is noted as used.
    pub(crate) used: Uuid,
    pub(super) assertions: Assertions,
}

impl Known {
    /// The clock alone ends credentials too. Every use of a cached one pushes the idle end on, which the reading after it sees.
    pub(super) fn is_in_time(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end) && self.idle_end.is_none_or(|end| now < end)
    }

    /// When the credential ends if it is used now and never again.
    pub(super) fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let idle = self.session.as_ref().and_then(|session| session.idle_ms);
        let idle_end = idle.map(|idle| now.plus(std::time::Duration::from_millis(idle)));
        self.ends_at.into_iter().chain(idle_end).min()
    }

    /// When what is noted as used ends by itself; keys may be looked at long after.
    pub(super) fn end_of_use(&self) -> Option<Timestamp> {
        self.session.as_ref().map(|session| session.expires_at)
    }

    /// The identity, for one request.
    pub(crate) fn identity_for(&self, request_id: &str) -> Identity {
        Identity {
            request_id: request_id.to_owned(),
            ..self.identity.clone()
        }
    }
}
