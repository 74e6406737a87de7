//! Given what happened, when something is asked, then this follows.

use super::refusal::MAX_FORMER_HASHES;
use super::*;
use crate::domain::testing::{HOUR, START, Stream, organization_id, seconds, user_id};
use event_store::Event;
use identity_contract::ScopeSet;
use proptest::prelude::*;
use std::time::Duration;
use uuid::Uuid;

fn hash(number: u8) -> KeyHash {
    KeyHash([number; 32])
}

fn settings() -> Settings {
    Settings {
        name: "laptop".to_owned(),
        description: None,
        access_level: AccessLevel::Authenticated,
        key_context: KeyContext::Personal,
        permissions: "memories:read".parse().unwrap(),
        project_scope: None,
        binding: None,
        expires_at: None,
    }
}

fn creation(origin: KeyOrigin) -> Command {
    Command::Create(Box::new(Creation {
        origin,
        user_id: user_id(),
        organization_id: organization_id(),
        hash: hash(1),
        settings: settings(),
        service: ServiceAccess::All,
        service_scopes: None,
    }))
}

fn update(change: impl FnOnce(&mut Settings)) -> Command {
    let mut settings = settings();
    change(&mut settings);
    let settings = Box::new(settings);
    Command::Update { settings }
}

fn rotate(number: u8, overlap: Duration) -> Command {
    let hash = hash(number);
    Command::Rotate { hash, overlap }
}

fn revoke() -> Command {
    let reason = RevokeReason::ByOwner;
    Command::Revoke { reason }
}

fn on(stream: &mut Stream<ApiKey>, command: Command) -> Result<String, Refusal> {
    stream.when(|state, now| decide(state, command, now))
}

fn empty() -> Stream<ApiKey> {
    Stream::new(ApiKeyId(Uuid::from_u128(5)).stream())
}

fn created() -> Stream<ApiKey> {
    let mut stream = empty();
    assert_eq!(
        on(&mut stream, creation(KeyOrigin::Created)).unwrap(),
        "api_key.created"
    );
    stream
}

fn before(time: Timestamp) -> Timestamp {
    Timestamp(time.0 - 1)
}

#[test]
fn a_key_opens_by_its_hash_and_by_no_other() {
    let stream = created();
    let key = stream.known();
    let accepted = Accepted {
        until: None,
        is_former: false,
    };
    assert_eq!(key.accepts(&hash(1), START), Ok(accepted));
    assert_eq!(key.accepts(&hash(2), START), Err(Dead::OtherKey));
    assert!(stream.is_found_by(HASH_LOOKUP, &[1; 32]));
    assert!(stream.is_found_by(USER_LOOKUP, user_id().0.as_bytes()));
    assert_eq!(key.origin, KeyOrigin::Created);
}

#[test]
fn a_key_of_an_older_system_is_known_by_its_hash() {
    let mut stream = empty();
    assert_eq!(
        on(&mut stream, creation(KeyOrigin::Imported)).unwrap(),
        "api_key.imported"
    );
    assert_eq!(stream.known().origin, KeyOrigin::Imported);
    assert!(stream.known().is_active(START));
    assert_eq!(on(&mut stream, creation(KeyOrigin::Created)), Err(Refusal::KeyExists));
}

#[test]
fn a_key_is_dead_exactly_at_its_expiry() {
    let mut stream = created();
    let deadline = START.plus(HOUR);
    assert_eq!(
        on(&mut stream, update(|s| s.expires_at = Some(deadline))).unwrap(),
        "api_key.updated"
    );
    let key = stream.known();
    assert!(key.is_active(before(deadline)));
    assert_eq!(key.accepts(&hash(1), deadline), Err(Dead::Expired));
    assert!(!key.is_active(deadline));
    stream.later(HOUR);
    assert_eq!(on(&mut stream, rotate(2, HOUR)), Err(Refusal::KeyExpired));
    let renamed = update(|s| {
        s.expires_at = Some(deadline);
        s.name = "old laptop".to_owned();
    });
    assert_eq!(
        on(&mut stream, renamed).unwrap(),
        "api_key.updated",
        "an old expiry is no obstacle"
    );
    assert_eq!(
        on(&mut stream, update(|s| s.expires_at = None)).unwrap(),
        "api_key.updated"
    );
    assert!(stream.known().is_active(stream.now));
}

#[test]
fn a_rotated_key_is_dead_exactly_at_the_end_of_the_overlap() {
    let mut stream = created();
    assert_eq!(on(&mut stream, rotate(2, HOUR)).unwrap(), "api_key.rotated");
    let key = stream.known();
    let deadline = START.plus(HOUR);
    let accepted = Accepted {
        until: Some(deadline),
        is_former: true,
    };
    assert_eq!(key.accepts(&hash(1), before(deadline)), Ok(accepted));
    assert_eq!(key.accepts(&hash(1), deadline), Err(Dead::Rotated));
    assert!(key.accepts(&hash(2), deadline).is_ok());
    assert!(stream.is_found_by(HASH_LOOKUP, &[1; 32]) && stream.is_found_by(HASH_LOOKUP, &[2; 32]));
    assert_eq!(key.id, ApiKeyId(Uuid::from_u128(5)), "the id stays");
}

#[test]
fn without_overlap_the_old_key_is_dead_at_once_and_so_are_those_before_it() {
    let mut stream = created();
    on(&mut stream, rotate(2, HOUR)).unwrap();
    on(&mut stream, rotate(3, Duration::ZERO)).unwrap();
    let key = stream.known();
    assert_eq!(key.accepts(&hash(1), stream.now), Err(Dead::OtherKey));
    assert_eq!(key.accepts(&hash(2), stream.now), Err(Dead::OtherKey));
    assert_eq!(stream.lookup_kinds(), "api_key_hash api_key_user");
}

#[test]
fn an_overlap_does_not_outlive_the_expiry() {
    let mut stream = created();
    let deadline = START.plus(seconds(60));
    on(&mut stream, update(|s| s.expires_at = Some(deadline))).unwrap();
    on(&mut stream, rotate(2, HOUR)).unwrap();
    let accepted = stream.known().accepts(&hash(1), START).unwrap();
    assert_eq!(accepted.until, Some(deadline));
    assert_eq!(stream.known().accepts(&hash(1), deadline), Err(Dead::Expired));
}

#[test]
fn a_hash_which_is_alive_is_no_new_key_and_rotations_do_not_pile_up() {
    let mut stream = created();
    assert_eq!(on(&mut stream, rotate(1, HOUR)), Err(Refusal::HashInUse));
    for number in 2..10 {
        on(&mut stream, rotate(number, HOUR)).unwrap();
    }
    assert_eq!(on(&mut stream, rotate(1, HOUR)), Err(Refusal::HashInUse));
    assert_eq!(on(&mut stream, rotate(10, HOUR)), Err(Refusal::TooManyRotations));
    stream.later(HOUR);
    assert_eq!(on(&mut stream, rotate(10, HOUR)).unwrap(), "api_key.rotated");
    assert_eq!(stream.known().former.len(), 1);
}

#[test]
fn a_revoked_key_opens_nothing_and_can_only_be_deleted() {
    let mut stream = created();
    on(&mut stream, rotate(2, HOUR)).unwrap();
    assert_eq!(on(&mut stream, revoke()).unwrap(), "api_key.revoked");
    for number in [1, 2] {
        assert_eq!(stream.known().accepts(&hash(number), stream.now), Err(Dead::Revoked));
    }
    assert_eq!(stream.lookup_kinds(), "api_key_user");
    assert_eq!(on(&mut stream, revoke()).unwrap(), "");
    assert_eq!(on(&mut stream, rotate(3, HOUR)), Err(Refusal::KeyRevoked));
    assert_eq!(
        on(&mut stream, update(|s| s.name = "x".to_owned())),
        Err(Refusal::KeyRevoked)
    );
    assert_eq!(on(&mut stream, Command::Delete).unwrap(), "api_key.deleted");
    assert_eq!(stream.lookup_kinds(), "");
    assert_eq!(stream.known().accepts(&hash(2), stream.now), Err(Dead::Deleted));
    assert_eq!(on(&mut stream, Command::Delete).unwrap(), "");
    assert_eq!(
        on(&mut stream, revoke()),
        Err(Refusal::KeyUnknown),
        "deleted is unknown"
    );
}

#[test]
fn unfit_settings_are_refused() {
    let past = START;
    let cases: [(Command, Refusal); 6] = [
        (update(|s| s.name = " ".to_owned()), Refusal::NameUnfit),
        (update(|s| s.name = "x".repeat(201)), Refusal::NameUnfit),
        (update(|s| s.name = "a\nb".to_owned()), Refusal::NameUnfit),
        (
            update(|s| s.description = Some("x".repeat(2001))),
            Refusal::DescriptionTooLong,
        ),
        (update(|s| s.permissions = ScopeSet::default()), Refusal::NoPermissions),
        (update(|s| s.expires_at = Some(past)), Refusal::ExpiryPassed),
    ];
    let mut stream = created();
    for (command, refusal) in cases {
        assert_eq!(on(&mut stream, command.clone()), Err(refusal));
        let Command::Update { settings } = command else {
            continue;
        };
        let Command::Create(mut creation) = creation(KeyOrigin::Created) else {
            continue;
        };
        creation.settings = *settings;
        assert_eq!(on(&mut empty(), Command::Create(creation)), Err(refusal));
    }
    assert_eq!(
        on(&mut stream, update(|_| {})).unwrap(),
        "",
        "the same settings change nothing"
    );
    assert_eq!(on(&mut empty(), revoke()), Err(Refusal::KeyUnknown));
}

#[test]
fn service_scopes_change() {
    let mut stream = created();
    let service_scopes = ServiceScopes {
        service_keys: vec!["openai".to_owned()],
        rate_limits: [(
            "openai".to_owned(),
            RateLimit {
                per_minute: Some(5),
                per_day: None,
            },
        )]
        .into(),
    };
    let change = Command::ChangeServiceScopes {
        service: ServiceAccess::Specific,
        service_scopes: Some(service_scopes.clone()),
    };
    assert_eq!(on(&mut stream, change).unwrap(), "api_key.service_scopes_changed");
    assert_eq!(stream.known().service, ServiceAccess::Specific);
    assert_eq!(stream.known().service_scopes, Some(service_scopes));
}

#[test]
fn without_scopes_a_key_asks_for_everything_and_a_context_adds_its_memories() {
    let set = |text: &str| text.parse::<ScopeSet>().unwrap();
    let cases = [
        (None, None, "legacy:full_access"),
        (Some("mcp:tools"), None, "mcp:tools"),
        (
            Some("mcp:tools"),
            Some(KeyContext::Personal),
            "mcp:tools memories:personal:*",
        ),
        (Some("mcp:tools"), Some(KeyContext::Team), "mcp:tools memories:team:*"),
        (Some("mcp:tools"), Some(KeyContext::Enterprise), "mcp:tools memories:*"),
        (None, Some(KeyContext::Team), "legacy:full_access memories:team:*"),
    ];
    for (scopes, context, expected) in cases {
        assert_eq!(requested_permissions(scopes.map(set), context), Ok(set(expected)));
    }
    for context in [None, Some(KeyContext::Team)] {
        assert_eq!(requested_permissions(Some(set("")), context), Err(Refusal::NoScopes));
    }
    let owner = set("memories:read");
    assert_eq!(
        requested_permissions(None, None).unwrap().granted_within(&owner),
        owner,
        "never more than its owner may"
    );
}

/// Histories in which every kind of event happens.
pub(crate) fn every_event() -> Vec<Event> {
    let mut imported = empty();
    on(&mut imported, creation(KeyOrigin::Imported)).unwrap();
    let mut stream = created();
    let service = Command::ChangeServiceScopes {
        service: ServiceAccess::Specific,
        service_scopes: None,
    };
    let renamed = update(|s| s.name = "desk".to_owned());
    for command in [service, renamed, rotate(2, HOUR), revoke(), Command::Delete] {
        assert_ne!(on(&mut stream, command).unwrap(), "");
    }
    imported.events.into_iter().chain(stream.events).collect()
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => Just(creation(KeyOrigin::Created)),
        1 => Just(creation(KeyOrigin::Imported)),
        2 => (0u64..100).prop_map(|after| update(|s| s.expires_at = Some(START.plus(seconds(after * 60))))),
        6 => (1u8..12, 0u64..600).prop_map(|(number, overlap)| rotate(number, seconds(overlap))),
        1 => (0u8..4).prop_map(|n| if n == 0 { Command::Delete } else { update(|_| {}) }),
        1 => (0u8..3).prop_map(|n| if n == 0 { revoke() } else { rotate(n, HOUR) }),
        1 => Just(Command::ChangeServiceScopes { service: ServiceAccess::All, service_scopes: None }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_decided_folds(commands in proptest::collection::vec(any_command(), 0..30)) {
        let mut stream = empty();
        for command in commands {
            stream.later(seconds(60));
            let before = stream.state();
            let done = on(&mut stream, command);
            let (Some(before), Some(after)) = (before, stream.state()) else { continue };
            if done.unwrap_or_default().is_empty() {
                prop_assert_eq!(&before, &after);
            }
            let was_deleted = matches!(before.phase, Phase::Deleted { .. });
            prop_assert!(!was_deleted || after == before);
            prop_assert!(after.former.len() <= MAX_FORMER_HASHES + 1);
            // Whatever opens the key, finds it.
            for number in 0..13 {
                let opens = after.accepts(&hash(number), stream.now).is_ok();
                prop_assert!(!opens || stream.is_found_by(HASH_LOOKUP, &hash(number).0));
            }
        }
    }
}
