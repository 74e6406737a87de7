//! What may be done to sessions, and what follows.

use super::event::{EndReason, SessionEvent, TokenIssue};
use super::{Phase, Session};
use crate::domain::device::Device;
use crate::domain::fact::Fact;
use crate::domain::ids::{ClientId, SessionId};
use crate::domain::key_hash::KeyHash;
use crate::domain::platform::Platform;
use crate::domain::project_scope::ProjectScope;
use crate::domain::user::User;
use event_store::Timestamp;
use identity_contract::{AuthMethod, ScopeSet};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Start(Box<Opening>),
    /// After `Presented::Rotate`: `next` is what it said.
    Rotate {
        next: u32,
        issue: TokenIssue,
    },
    /// After `Presented::Replay`: ends the session.
    ReportReplay {
        presented: u32,
        device: Device,
    },
    End {
        reason: EndReason,
    },
}

/// A new session.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    #[expect(
        dead_code,
        reason = "who begins it appends to the stream of this id, which is where the session has it from"
    )]
    pub(crate) id: SessionId,
    /// As loaded for the login: should all sessions end meanwhile, this one has ended too.
    pub(crate) user: User,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) platform: Platform,
    /// The project that it is for; none is the user's own, if there is one.
    pub(crate) project_scope: Option<ProjectScope>,
    pub(crate) method: AuthMethod,
    pub(crate) scopes: ScopeSet,
    pub(crate) lifetime: Duration,
    pub(crate) idle: Option<Duration>,
    pub(crate) handle: Option<KeyHash>,
    pub(crate) issue: Option<TokenIssue>,
    pub(crate) device: Device,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no such session")]
    SessionUnknown,
    #[error("the session exists already")]
    SessionExists,
    #[error("the session has ended")]
    SessionEnded,
    #[error("the user is disabled or erased")]
    UserMayNotAct,
    #[error("the refresh token was rotated meanwhile")]
    RotatedMeanwhile,
}

/// What follows from the command: nothing when it is so already.
///
/// # Errors
/// The session is not open, or another command was faster.
pub(crate) fn decide(state: Option<&Session>, command: Command, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let (session, command) = match (state, command) {
        (None, Command::Start(opening)) => return start(*opening, now),
        (Some(_), Command::Start(_)) => return Err(Refusal::SessionExists),
        (None, _) => return Err(Refusal::SessionUnknown),
        (Some(session), command) => (session, command),
    };
    match (session.phase, command) {
        // A thief who goes on trying does not fill the log.
        (Phase::Ended { .. }, Command::End { .. } | Command::ReportReplay { .. }) => Ok(Vec::new()),
        (Phase::Ended { .. }, _) => Err(Refusal::SessionEnded),
        (Phase::Open, command) => change(session, command, now),
    }
}

fn change(session: &Session, command: Command, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let has_expired = now >= session.expires_at;
    match command {
        Command::Rotate { .. } if has_expired => Err(Refusal::SessionEnded),
        Command::Rotate { next, issue } => {
            if session.generation.checked_add(1) != Some(next) {
                return Err(Refusal::RotatedMeanwhile);
            }
            Ok(vec![Fact::new(&SessionEvent::Refreshed {
                generation: next,
                issue,
            })])
        }
        Command::ReportReplay { presented, device } => Ok(report_replay(session, presented, &device)),
        Command::End { reason } => Ok(vec![Fact::new(&SessionEvent::Ended { reason })]),
        Command::Start(_) => Err(Refusal::SessionExists),
    }
}

fn start(opening: Opening, now: Timestamp) -> Result<Vec<Fact>, Refusal> {
    let user = opening.user;
    if !user.may_act() {
        return Err(Refusal::UserMayNotAct);
    }
    let idle = opening
        .idle
        .map(|idle| u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
    let started = SessionEvent::Started {
        user_id: user.id,
        user_epoch: user.sessions.epoch,
        client_id: opening.client_id,
        platform: opening.platform,
        method: opening.method,
        scopes: opening.scopes,
        role: Some(user.role),
        project_scope: opening
            .project_scope
            .map(|project| project.to_string())
            .or(user.project_scope),
        expires_at: now.plus(opening.lifetime),
        idle_ms: idle,
        handle: opening.handle,
        issue: opening.issue,
    };
    Ok(vec![Fact::new(&started).about(user.id, &opening.device)])
}

fn report_replay(session: &Session, presented: u32, device: &Device) -> Vec<Fact> {
    let detected = SessionEvent::ReplayDetected {
        presented,
        current: session.generation,
    };
    let reason = EndReason::Replayed;
    vec![
        Fact::new(&detected).about(session.user_id, device),
        Fact::new(&SessionEvent::Ended { reason }),
    ]
}
