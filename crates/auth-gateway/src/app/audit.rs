//! The audit log as people read it: events found by whom they concern, who did them, what they are and when they happened.

use event_store::projection::{Audit, AuditQuery};
use event_store::{Event, Position, Timestamp};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{App, Refusal};
use crate::domain::device::Device;
use crate::domain::owner::owner_of;
use crate::domain::sealed::SealedFact;

/// The index that finds a user's events in the streams of their sessions and keys too.
pub(crate) fn index() -> Audit {
    Audit::with_owners(owner_of)
}

/// What of personal facts a reader may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Nothing.
    Public,
    /// Where requests came from, as long as their people have not been erased.
    Personal,
}

/// An event as the audit log shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AuditLine {
    pub(crate) position: Position,
    pub(crate) id: Uuid,
    /// RFC 3339, UTC.
    pub(crate) time: String,
    pub(crate) kind: String,
    pub(crate) stream: Named,
    pub(crate) version: u64,
    /// `user:ID`, `service:ID`, `operator`, `system` or `anonymous`.
    pub(crate) actor: String,
    pub(crate) client: Option<String>,
    pub(crate) request_id: Option<String>,
    /// Whose personal facts the event holds: a user's id, or `anonymous`.
    pub(crate) subject: Option<String>,
    pub(crate) payload: Value,
    /// Null: nothing is known, the reader may not see it, or the person was erased.
    pub(crate) personal: Option<Device>,
}

/// A stream, in JSON.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Named {
    pub(crate) kind: String,
    pub(crate) id: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct AuditPage {
    pub(crate) events: Vec<AuditLine>,
    /// Where to go on; null at the end.
    pub(crate) next_after: Option<Position>,
    /// Events up to here are known to the index; newer ones may be missing.
    pub(crate) up_to: Position,
}

impl App {
    /// One page, of at most 1000 events.
    pub(crate) async fn audit(&self, query: &AuditQuery, sight: Sight) -> Result<AuditPage, Refusal> {
        let page = self.store.audit(query).await?;
        let is_full = page.events.len() >= usize::try_from(query.limit).unwrap_or(usize::MAX).clamp(1, 1000);
        let next_after = page.events.last().map(|last| last.position).filter(|_| is_full);
        let now = self.clock.now();
        let mut events = Vec::with_capacity(page.events.len());
        for event in page.events {
            events.push(self.audit_line(event, sight, now).await?);
        }
        Ok(AuditPage {
            events,
            next_after,
            up_to: page.up_to,
        })
    }

    async fn audit_line(&self, event: Event, sight: Sight, now: Timestamp) -> Result<AuditLine, Refusal> {
        let personal = match (&event.subject, SealedFact::of(&event), sight) {
            (Some(subject), Some(fact), Sight::Personal) => self.device(subject, &fact, now).await?,
            _ => None,
        };
        Ok(AuditLine {
            position: event.position,
            id: event.id,
            time: event.time.to_string(),
            kind: event.kind,
            stream: Named {
                kind: event.stream.kind.into_owned(),
                id: event.stream.id,
            },
            version: event.version,
            actor: event.actor,
            client: event.client,
            request_id: event.request_id,
            subject: event.subject,
            payload: event.payload,
            personal,
        })
    }

    /// Address and user agent, and nothing else that may be sealed with them, such as a password's hash.
    pub(super) async fn device(
        &self,
        subject: &str,
        fact: &SealedFact,
        now: Timestamp,
    ) -> Result<Option<Device>, Refusal> {
        let device = self.subjects.open::<Device>(subject, fact, now).await?;
        Ok(device.filter(|device| *device != Device::default()))
    }
}
