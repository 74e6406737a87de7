//! Given what happened, when something is asked, then this follows.

mod random;

use super::*;
use crate::domain::device::Device;
use crate::domain::ids::{OrganizationId, TokenId};
use crate::domain::testing::{HOUR, START, Stream, client_id, opened, seconds, user_id};
use crate::domain::user::{Lifecycle, SessionsEpoch, UserSource};
use event_store::Event;
use serde_json::json;
use uuid::Uuid;

const GRACE: Duration = Duration::from_secs(10);

fn user() -> User {
    User {
        id: user_id(),
        lifecycle: Lifecycle::Active { verified_at: START },
        organization_id: OrganizationId(Uuid::from_u128(2)),
        project_scope: None,
        role: Role::default(),
        source: UserSource::Signup,
        registered_at: START,
        email: None,
        profile: None,
        password: None,
        password_set_at: None,
        last_sign_in_at: None,
        sessions: SessionsEpoch::default(),
    }
}

fn session_id() -> SessionId {
    SessionId(Uuid::from_u128(7))
}

fn issue(number: u8) -> TokenIssue {
    TokenIssue {
        jti: TokenId(Uuid::from_u128(u128::from(number))),
        iat: i64::from(number),
        kid: "k1".to_owned(),
    }
}

fn device() -> Device {
    Device {
        address: Some("192.0.2.1".to_owned()),
        user_agent: None,
    }
}

fn opening() -> Opening {
    Opening {
        id: session_id(),
        user: user(),
        client_id: Some(client_id()),
        platform: Platform::Cli,
        project_scope: None,
        method: AuthMethod::Password,
        scopes: "memories:* profile".parse().unwrap(),
        lifetime: 24 * HOUR,
        idle: Some(HOUR),
        handle: Some(KeyHash([7; 32])),
        issue: Some(issue(1)),
        device: device(),
    }
}

fn on(stream: &mut Stream<Session>, command: Command) -> Result<String, Refusal> {
    stream.when(|state, now| decide(state, command, now))
}

fn started() -> Stream<Session> {
    let mut stream = Stream::new(session_id().stream());
    assert_eq!(
        on(&mut stream, Command::Start(Box::new(opening()))).unwrap(),
        "session.started"
    );
    stream
}

fn rotated() -> Stream<Session> {
    let mut stream = started();
    stream.later(seconds(60));
    assert_eq!(
        on(
            &mut stream,
            Command::Rotate {
                next: 2,
                issue: issue(2)
            }
        )
        .unwrap(),
        "session.refreshed"
    );
    stream
}

#[test]
fn a_session_starts_with_the_first_generation_and_hides_its_device() {
    let stream = started();
    let session = stream.known();
    assert_eq!((session.generation, session.id), (1, session_id()));
    assert_eq!(session.expires_at, START.plus(24 * HOUR));
    assert_eq!(
        opened(session.device.as_ref()),
        json!({"address": "192.0.2.1", "user_agent": null})
    );
    assert!(!stream.events[0].payload.to_string().contains("192.0.2.1"));
    assert!(stream.is_found_by(HANDLE_LOOKUP, &[7; 32]));
    assert!(stream.is_found_by(USER_LOOKUP, user_id().0.as_bytes()));
}

#[test]
fn a_disabled_user_starts_no_session() {
    let mut disabled = opening();
    disabled.user.lifecycle = Lifecycle::Erased { at: START };
    let mut stream = Stream::new(session_id().stream());
    assert_eq!(
        on(&mut stream, Command::Start(Box::new(disabled))),
        Err(Refusal::UserMayNotAct)
    );
    assert_eq!(
        on(
            &mut stream,
            Command::End {
                reason: EndReason::Logout
            }
        ),
        Err(Refusal::SessionUnknown)
    );
    assert_eq!(
        on(&mut started(), Command::Start(Box::new(opening()))),
        Err(Refusal::SessionExists)
    );
}

#[test]
fn a_presented_refresh_token_is_rotated_repeated_or_a_replay() {
    let session = rotated().known();
    let at = session.refreshed_at;
    let last_moment = Timestamp(at.plus(GRACE).0 - 1);
    let repeat = Presented::Repeat {
        generation: 2,
        issue: issue(2),
    };
    let cases = [
        (2, at, Presented::Rotate { next: 3 }),
        (2, at.plus(HOUR), Presented::Rotate { next: 3 }),
        (1, at, repeat.clone()),
        (1, last_moment, repeat),
        (1, at.plus(GRACE), Presented::Replay),
        (0, at, Presented::Replay),
        (3, at, Presented::Replay),
        (u32::MAX, at, Presented::Replay),
    ];
    for (generation, now, expected) in cases {
        assert_eq!(
            session.presented(generation, now, GRACE),
            expected,
            "generation {generation} at {now}"
        );
    }
    assert_eq!(session.presented(1, at, Duration::ZERO), Presented::Replay, "no grace");
}

#[test]
fn the_last_generation_is_never_followed_by_the_first() {
    let mut session = rotated().known();
    session.generation = u32::MAX;
    assert_eq!(session.presented(u32::MAX, START, GRACE), Presented::Replay);
}

#[test]
fn of_two_rotations_one_is_late() {
    let mut stream = rotated();
    assert_eq!(
        on(
            &mut stream,
            Command::Rotate {
                next: 2,
                issue: issue(3)
            }
        ),
        Err(Refusal::RotatedMeanwhile)
    );
    assert_eq!(
        on(
            &mut stream,
            Command::Rotate {
                next: 4,
                issue: issue(3)
            }
        ),
        Err(Refusal::RotatedMeanwhile)
    );
    assert_eq!(stream.known().issue, Some(issue(2)));
}

#[test]
fn a_replay_ends_the_session_and_is_reported_once() {
    let mut stream = rotated();
    let replay = || Command::ReportReplay {
        presented: 1,
        device: device(),
    };
    assert_eq!(
        on(&mut stream, replay()).unwrap(),
        "session.replay_detected session.ended"
    );
    let ended = Phase::Ended {
        at: stream.now,
        reason: EndReason::Replayed,
    };
    assert_eq!(stream.known().phase, ended);
    assert_eq!(stream.lookup_kinds(), "");
    assert_eq!(on(&mut stream, replay()).unwrap(), "");
    assert_eq!(
        on(
            &mut stream,
            Command::Rotate {
                next: 3,
                issue: issue(3)
            }
        ),
        Err(Refusal::SessionEnded)
    );
    assert_eq!(
        on(
            &mut stream,
            Command::End {
                reason: EndReason::Logout
            }
        )
        .unwrap(),
        ""
    );
    assert_eq!(stream.known().phase, ended, "the first reason stays");
}

#[test]
fn an_expired_session_issues_nothing_but_can_be_ended() {
    let mut stream = started();
    stream.later(24 * HOUR);
    assert_eq!(
        on(
            &mut stream,
            Command::Rotate {
                next: 2,
                issue: issue(2)
            }
        ),
        Err(Refusal::SessionEnded)
    );
    assert_eq!(
        on(
            &mut stream,
            Command::End {
                reason: EndReason::Logout
            }
        )
        .unwrap(),
        "session.ended"
    );
}

#[test]
fn a_session_is_live_until_it_is_idle_over_or_ended_by_anyone() {
    let mut stream = started();
    let session = stream.known();
    let user = user();
    let live = |now: Timestamp, seen: Option<Timestamp>| session.is_live(now, seen, &user);
    let before = |time: Timestamp| Timestamp(time.0 - 1);
    assert!(live(START, None));
    assert!(live(before(START.plus(HOUR)), None));
    assert!(!live(START.plus(HOUR), None), "idle");
    assert!(live(START.plus(HOUR), Some(START.plus(seconds(1)))));
    let end = START.plus(24 * HOUR);
    assert!(live(before(end), Some(before(end))));
    assert!(!live(end, Some(end)), "its time is over");

    let mut other = user.clone();
    other.sessions.epoch = 1;
    assert!(!session.is_live(START, None, &other), "all sessions ended");
    other.sessions.except = Some(session_id());
    assert!(session.is_live(START, None, &other), "but this");
    other.lifecycle = Lifecycle::Erased { at: START };
    assert!(!session.is_live(START, None, &other), "erased");
    let mut stranger = user.clone();
    stranger.id = UserId(Uuid::from_u128(99));
    assert!(!session.is_live(START, None, &stranger), "another user");

    on(
        &mut stream,
        Command::End {
            reason: EndReason::Logout,
        },
    )
    .unwrap();
    assert!(!stream.known().is_live(START, None, &user));
}

#[test]
fn a_session_without_idle_limit_is_live_until_its_end() {
    let mut unlimited = started().known();
    unlimited.idle_ms = None;
    assert!(unlimited.is_live(START.plus(23 * HOUR), None, &user()));
}

/// A history in which every kind of event happens.
pub(crate) fn every_event() -> Vec<Event> {
    let mut stream = rotated();
    on(
        &mut stream,
        Command::ReportReplay {
            presented: 1,
            device: device(),
        },
    )
    .unwrap();
    stream.events
}
