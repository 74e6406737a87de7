//! Refreshing: each refresh token is used once. Asked again within the grace, the same answer; later, the family ends.

use event_store::{AppendError, Command as Change, Expected, Timestamp};

use super::caller::{Actor, Caller};
use super::journal::{Journal, Loaded};
use super::tokens::TokenPair;
use super::{App, Refusal};
use crate::crypto::refresh_token::RefreshToken;
use crate::domain::ids::SessionId;
use crate::domain::session::{self, Presented, Session};

/// A rotation by another request is looked at anew at most so often.
const TRIES: u32 = 8;

impl App {
    /// # Errors
    /// `NotARefreshToken`, `InvalidRefreshToken` (also for a replay, which ends the session), `SessionEnded`.
    pub(crate) async fn refresh(&self, token: &str, caller: &Caller) -> Result<TokenPair, Refusal> {
        let now = self.clock.now();
        let token = self.tokens.read_refresh(token)?;
        let id = SessionId(token.session);
        for _ in 0..TRIES {
            let session = self
                .journal
                .load::<Session>(id.stream())
                .await?
                .ok_or(Refusal::InvalidRefreshToken)?;
            let user = self.user(session.state.user_id).await?;
            let caller = caller.acting_as(Actor::User(user.state.id.to_string()));
            let last_seen = self.usage.last_used(id.0, now).await?;
            if !session.state.is_live(now, last_seen, &user.state) || self.is_stale(&session.state, now) {
                return Err(Refusal::SessionEnded);
            }
            match session
                .state
                .presented(token.generation, now, self.settings.tokens.refresh_grace)
            {
                Presented::Repeat { .. } => return self.token_pair(&session.state, &user.state).await,
                Presented::Replay => return Err(self.report_replay(session, token, &caller, now).await?),
                Presented::Rotate { next } => {
                    if let Some(rotated) = self.rotate(&session, next, &caller, now).await? {
                        return self.token_pair(&rotated, &user.state).await;
                    }
                }
            }
        }
        Err(Refusal::Contended)
    }

    /// `None`: another request was faster.
    async fn rotate(
        &self,
        session: &Loaded<Session>,
        next: u32,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<Session>, Refusal> {
        self.keys_are_current().await?;
        let issue = self.tokens.issue(&self.journal, now)?;
        let facts = session::decide(Some(&session.state), session::Command::Rotate { next, issue }, now)?;
        let events = self.journal.seal(facts, now).await?;
        let rotated = Journal::ahead(Some(session.state.clone()), &session.stream, &events, now)?;
        let command =
            Change::new(caller.context(now)).append(session.stream.clone(), Expected::Exact(session.version), events);
        match self.store.append(command).await {
            Ok(_) => Ok(Some(rotated)),
            Err(AppendError::WrongVersion { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn report_replay(
        &self,
        session: Loaded<Session>,
        token: RefreshToken,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Refusal, Refusal> {
        let command = session::Command::ReportReplay {
            presented: token.generation,
            device: caller.device(),
        };
        let decided = |state: Option<&Session>| Ok(session::decide(state, command.clone(), now)?);
        self.journal
            .change::<Session>(&session.stream, caller, now, decided, |change| change)
            .await?;
        tracing::warn!(session = %session.state.id, "a used refresh token came back: its session is ended");
        Ok(Refusal::InvalidRefreshToken)
    }

    fn is_stale(&self, session: &Session, now: Timestamp) -> bool {
        now >= session.refreshed_at.plus(self.settings.tokens.refresh_ttl)
    }
}
