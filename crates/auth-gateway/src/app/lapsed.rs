//! Sessions whose time is over get their end in the log, so that nothing keeps finding them.

use event_store::{RecordChange, Timestamp};

use super::caller::Caller;
use super::journal::Loaded;
use super::{App, Refusal};
use crate::domain::session::{EndReason, Phase, Session};

/// Of the streams of sessions.
const KIND: &str = "session";
/// Under which the place is kept that was reached last.
const PLACE: &str = "lapsed_sessions";
/// Sessions looked at in one go.
const PAGE: u32 = 200;

impl App {
    /// Ends those that have expired, in the order in which they began, as their ids have it (RFC 9562 section 5.7): up to the
    /// first that goes on, behind which hardly any has expired.
    pub(super) async fn end_lapsed_sessions(&self) -> Result<(), Refusal> {
        let now = self.clock.now();
        let mut reached = self.reached(now).await?;
        loop {
            let page = self.store.states(KIND, reached.as_deref(), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            let mut goes_on = false;
            for row in page {
                let Loaded {
                    state: session, stream, ..
                } = Loaded::<Session>::of(row)?;
                let is_open = session.phase == Phase::Open;
                goes_on = is_open && now < session.expires_at;
                if goes_on {
                    break;
                }
                if is_open {
                    self.end_session(session.id, None, EndReason::Expired, &Caller::system())
                        .await?;
                }
                reached = Some(stream.id);
            }
            self.keep_reached(reached.as_deref(), now).await?;
            if goes_on || is_last {
                return Ok(());
            }
        }
    }

    async fn reached(&self, now: Timestamp) -> Result<Option<String>, Refusal> {
        let kept = self.store.record(PLACE, PLACE.as_bytes(), now).await?;
        Ok(kept.and_then(|kept| String::from_utf8(kept.value).ok()))
    }

    async fn keep_reached(&self, reached: Option<&str>, now: Timestamp) -> Result<(), Refusal> {
        let Some(reached) = reached else { return Ok(()) };
        let put = RecordChange::Put {
            kind: PLACE.into(),
            key: PLACE.into(),
            value: reached.into(),
            expires: None,
        };
        Ok(self.store.change_records(vec![put], now).await?)
    }
}
