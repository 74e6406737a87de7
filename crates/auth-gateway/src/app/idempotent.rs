//! Commands that a client may send again: the first has its effect, and all get its answer.
//!
//! The answer is kept for a day, sealed, since it can hold what is shown only once.

use std::time::Duration;

use event_store::{AppendError, Command, Idempotency, Outcome, RecordChange, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::caller::Caller;
use super::{App, Refusal};

const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// Of records: there never is one, so who consumes it changes nothing.
const NOTHING: &str = "nothing";

/// A client's word for one request, and a digest of what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    key: String,
    request: [u8; 32],
}

impl Once {
    /// `name` is the client's own, among those of `owner` for one `action`.
    pub(crate) fn new(action: &str, owner: &str, name: &str, request: [u8; 32]) -> Self {
        Self {
            key: format!("{action} {owner} {name}"),
            request,
        }
    }
}

impl App {
    /// What makes the command of `answer` have its effect once.
    pub(super) fn once<T: Serialize>(&self, once: &Once, answer: &T, now: Timestamp) -> Idempotency {
        let plain = serde_json::to_vec(answer).expect("answers are plain data");
        Idempotency {
            key: once.key.clone(),
            request: once.request,
            response: self.answers.seal(&*self.random, &place(once), &plain),
            expires: now.plus(KEPT_FOR),
        }
    }

    /// The answer given before to the same request, if there was one.
    pub(super) async fn answered<T: DeserializeOwned>(
        &self,
        once: &Once,
        caller: &Caller,
    ) -> Result<Option<T>, Refusal> {
        // Asks by a command that can't have an effect: a key that was used is seen before anything else.
        let now = self.clock.now();
        let question = Command::new(caller.context(now))
            .record(RecordChange::Consume {
                kind: NOTHING.into(),
                key: NOTHING.into(),
            })
            .once(Idempotency {
                key: once.key.clone(),
                request: once.request,
                response: Vec::new(),
                expires: now.plus(KEPT_FOR),
            });
        match self.store.append(question).await {
            Ok(Outcome::Repeated { response }) => self.open_answer(once, &response).map(Some),
            Err(AppendError::RecordGone { .. }) => Ok(None),
            Ok(Outcome::Done { .. }) => Err(Refusal::inconsistent("nothing was there, and was consumed")),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn open_answer<T: DeserializeOwned>(&self, once: &Once, sealed: &[u8]) -> Result<T, Refusal> {
        let broken = || Refusal::inconsistent("a kept answer does not open");
        let plain = self.answers.open(&place(once), sealed).map_err(|_| broken())?;
        serde_json::from_slice(&plain).map_err(|_| broken())
    }
}

fn place(once: &Once) -> [&str; 2] {
    ["idempotent answer", &once.key]
}
