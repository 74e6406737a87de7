//! Given what happened, when something is asked, then this follows.

mod random;

use super::*;
use crate::domain::device::Device;
use crate::domain::login::LoginFailure;
use crate::domain::platform::Platform;
use crate::domain::testing::{Stream, opened, organization_id, seconds, user_id};
use event_store::Event;
use identity_contract::AuthMethod;
use serde_json::json;
use uuid::Uuid;

fn registration() -> Registration {
    Registration {
        id: user_id(),
        organization_id: organization_id(),
        email: "Ada@Example.org".parse().unwrap(),
        verified: false,
        name: Some("Ada".to_owned()),
        password_hash: Some("$argon2id$1".to_owned()),
        role: Role::default(),
        project_scope: None,
        source: UserSource::Signup,
    }
}

fn session(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(number))
}

fn login() -> LoginFact {
    LoginFact {
        method: AuthMethod::Password,
        client_id: None,
        platform: Platform::Web,
        device: Device {
            address: Some("192.0.2.1".to_owned()),
            user_agent: Some("curl".to_owned()),
        },
    }
}

fn on(stream: &mut Stream<User>, command: Command) -> Result<String, Refusal> {
    stream.when(|state, now| decide(state, command, now))
}

fn registered() -> Stream<User> {
    let mut stream = Stream::new(user_id().stream());
    let kinds = on(&mut stream, Command::Register(registration()));
    assert_eq!(kinds.unwrap(), "user.registered user.password_set");
    stream
}

fn verified() -> Stream<User> {
    let mut stream = registered();
    stream.later(seconds(60));
    assert_eq!(on(&mut stream, Command::VerifyEmail).unwrap(), "user.email_verified");
    stream
}

#[test]
fn a_new_user_is_unverified_and_has_the_default_role() {
    let user = registered().known();
    assert_eq!(user.lifecycle, Lifecycle::Unverified);
    assert_eq!(user.role.as_str(), "authenticated");
    assert_eq!(user.id, user_id());
    assert_eq!(
        opened(user.email.as_ref()),
        json!({"email": "Ada@Example.org", "name": "Ada"})
    );
    assert_eq!(opened(user.password.as_ref()), json!({"password_hash": "$argon2id$1"}));
    assert!(user.may_act() && !user.is_verified());
}

#[test]
fn the_personal_part_of_a_registration_reads_as_address_and_as_profile() {
    let user = registered().known();
    let email: EmailFact = serde_json::from_value(opened(user.email.as_ref())).unwrap();
    assert_eq!(email.email.normalised(), "ada@example.org");
    let profile: Profile = serde_json::from_value(opened(user.profile.as_ref())).unwrap();
    assert_eq!(profile.name.as_deref(), Some("Ada"));
}

#[test]
fn nothing_personal_is_in_clear() {
    let mut stream = verified();
    on(
        &mut stream,
        Command::RecordLogin {
            session: session(9),
            login: login(),
        },
    )
    .unwrap();
    on(&mut stream, Command::RequestPasswordReset { device: login().device }).unwrap();
    let row = stream.row.state.clone().unwrap();
    let payloads: String = stream.events.iter().map(|event| event.payload.to_string()).collect();
    for personal in ["Ada", "ada", "example.org", "argon2", "192.0.2.1", "curl"] {
        assert!(!row.contains(personal), "{personal} in {row}");
        assert!(!payloads.contains(personal), "{personal} in {payloads}");
    }
}

#[test]
fn a_user_registers_once() {
    assert_eq!(
        on(&mut registered(), Command::Register(registration())),
        Err(Refusal::UserExists)
    );
    let mut nobody = Stream::new(user_id().stream());
    assert_eq!(on(&mut nobody, Command::VerifyEmail), Err(Refusal::NoSuchUser));
}

#[test]
fn verifying_twice_changes_nothing() {
    let mut stream = verified();
    let before = stream.known();
    stream.later(seconds(60));
    assert_eq!(on(&mut stream, Command::VerifyEmail).unwrap(), "");
    assert_eq!(stream.known(), before);
}

#[test]
fn changing_the_password_ends_every_session_but_the_one_it_was_changed_in() {
    let mut stream = verified();
    let (own, other) = (session(1), session(2));
    assert!(stream.known().admits(own, 0) && stream.known().admits(other, 0));
    let change = Command::ChangePassword {
        password_hash: "$argon2id$2".to_owned(),
        except: Some(own),
    };
    assert_eq!(
        on(&mut stream, change).unwrap(),
        "user.password_set user.sessions_ended"
    );
    let user = stream.known();
    assert!(user.admits(own, 0) && !user.admits(other, 0));
    assert!(user.admits(session(3), user.sessions.epoch), "a new login counts");
    assert_eq!(user.sessions.sessions_not_before, Some(stream.now));
    assert_eq!(opened(user.password.as_ref()), json!({"password_hash": "$argon2id$2"}));
}

#[test]
fn a_session_spared_once_is_not_spared_the_next_time() {
    let mut stream = verified();
    let spare = |except| Command::EndSessions {
        except,
        reason: SessionsEnd::ByOwner,
    };
    on(&mut stream, spare(Some(session(1)))).unwrap();
    on(&mut stream, spare(Some(session(1)))).unwrap();
    assert!(stream.known().admits(session(1), 0), "spared each time");
    on(&mut stream, spare(None)).unwrap();
    assert!(!stream.known().admits(session(1), 0));
}

#[test]
fn rehashing_the_password_ends_no_session() {
    let mut stream = verified();
    let rehash = Command::RehashPassword {
        compared: stream.known().password.unwrap(),
        password_hash: "$argon2id$3".to_owned(),
    };
    assert_eq!(on(&mut stream, rehash).unwrap(), "user.password_set");
    assert!(stream.known().admits(session(1), 0));
}

#[test]
fn a_password_that_was_changed_since_it_was_compared_is_not_put_back() {
    let mut stream = verified();
    let rehash = Command::RehashPassword {
        compared: stream.known().password.unwrap(),
        password_hash: "$argon2id$3".to_owned(),
    };
    let change = Command::ChangePassword {
        password_hash: "$argon2id$2".to_owned(),
        except: None,
    };
    on(&mut stream, change).unwrap();
    assert_eq!(on(&mut stream, rehash).unwrap(), "");
}

#[test]
fn completing_a_reset_ends_all_sessions_and_verifies_the_address() {
    let mut stream = registered();
    let device = Device::default();
    on(&mut stream, Command::RequestPasswordReset { device: device.clone() }).unwrap();
    let complete = Command::CompletePasswordReset {
        password_hash: "$argon2id$2".to_owned(),
        device,
    };
    assert_eq!(
        on(&mut stream, complete).unwrap(),
        "user.email_verified user.password_reset_completed user.password_set user.sessions_ended"
    );
    assert!(stream.known().is_verified() && !stream.known().admits(session(1), 0));
}

#[test]
fn a_disabled_user_may_do_nothing_and_comes_back_as_before_but_without_sessions() {
    let mut stream = verified();
    let reason = DisableReason::ByAdministrator;
    assert_eq!(on(&mut stream, Command::Disable { reason }).unwrap(), "user.disabled");
    assert_eq!(on(&mut stream, Command::Disable { reason }).unwrap(), "");
    let user = stream.known();
    assert!(!user.may_act() && !user.admits(session(1), user.sessions.epoch));
    for command in [
        Command::VerifyEmail,
        Command::ChangePassword {
            password_hash: String::new(),
            except: None,
        },
        Command::RequestPasswordReset {
            device: Device::default(),
        },
        Command::RecordLogin {
            session: session(1),
            login: login(),
        },
    ] {
        assert_eq!(on(&mut stream, command), Err(Refusal::Disabled));
    }
    let failed = Command::RecordFailedLogin {
        reason: LoginFailure::Disabled,
        login: login(),
    };
    assert_eq!(on(&mut stream, failed).unwrap(), "login.failed");
    assert_eq!(on(&mut stream, Command::Enable).unwrap(), "user.enabled");
    let user = stream.known();
    assert!(user.is_verified() && user.may_act() && !user.admits(session(1), 0));
    assert_eq!(on(&mut stream, Command::Enable).unwrap(), "");
}

#[test]
fn erasure_takes_everything_personal_and_is_the_end() {
    let mut stream = verified();
    assert_eq!(on(&mut stream, Command::Erase).unwrap(), "user.erased");
    let user = stream.known();
    assert_eq!(user.lifecycle, Lifecycle::Erased { at: stream.now });
    assert_eq!((&user.email, &user.profile, &user.password), (&None, &None, &None));
    assert!(!user.admits(session(1), user.sessions.epoch));
    assert_eq!(on(&mut stream, Command::Erase).unwrap(), "");
    for command in [
        Command::Enable,
        Command::VerifyEmail,
        Command::ChangeRole { role: Role::admin() },
    ] {
        assert_eq!(on(&mut stream, command), Err(Refusal::Erased));
    }
    let verified = crate::domain::fact::Fact::new(&UserEvent::EmailVerified {});
    assert!(
        stream
            .append(vec![verified])
            .unwrap_err()
            .0
            .contains("the user was erased before")
    );
}

#[test]
fn logins_are_facts_and_the_last_success_is_remembered() {
    let mut stream = verified();
    let failed = Command::RecordFailedLogin {
        reason: LoginFailure::WrongPassword,
        login: login(),
    };
    assert_eq!(on(&mut stream, failed).unwrap(), "login.failed");
    assert_eq!(stream.known().last_sign_in_at, None);
    let succeeded = Command::RecordLogin {
        session: session(1),
        login: login(),
    };
    assert_eq!(on(&mut stream, succeeded).unwrap(), "login.succeeded");
    assert_eq!(stream.known().last_sign_in_at, Some(stream.now));
    let event = stream.events.last().unwrap();
    assert_eq!(event.subject.as_deref(), Some(user_id().to_string().as_str()));
}

#[test]
fn a_role_changes_when_it_differs() {
    let mut stream = verified();
    let role = |role| Command::ChangeRole { role };
    assert_eq!(on(&mut stream, role(Role::authenticated())).unwrap(), "");
    assert_eq!(on(&mut stream, role(Role::admin())).unwrap(), "user.role_changed");
    assert!(stream.known().role.is_admin());
}

/// A history in which every kind of event happens.
pub(crate) fn every_event() -> Vec<Event> {
    let mut stream = registered();
    let device = || login().device;
    let password_hash = || "$argon2id$2".to_owned();
    let reason = DisableReason::ByAdministrator;
    for command in [
        Command::RequestPasswordReset { device: device() },
        Command::CompletePasswordReset {
            password_hash: password_hash(),
            device: device(),
        },
        Command::ChangeRole { role: Role::admin() },
        Command::RecordLogin {
            session: session(1),
            login: login(),
        },
        Command::RecordFailedLogin {
            reason: LoginFailure::WrongPassword,
            login: login(),
        },
        Command::Disable { reason },
        Command::Enable,
        Command::Erase,
    ] {
        assert_ne!(on(&mut stream, command).unwrap(), "");
    }
    stream.events
}
