//! Given what happened, when something is asked, then this follows.

use super::*;
use crate::domain::testing::{HOUR, START, Stream, client_id};
use event_store::Event;
use proptest::prelude::*;
use std::time::Duration;

fn hash(number: u8) -> KeyHash {
    KeyHash([number; 32])
}

fn settings() -> ClientSettings {
    ClientSettings {
        name: "The edge".to_owned(),
        allowed_scopes: "memories:*".parse().unwrap(),
        capabilities: [Capability::Introspect, Capability::Feed].into(),
        audiences: [].into(),
        redirect_uris: Vec::new(),
    }
}

fn registration() -> Registration {
    Registration {
        kind: ClientKind::Confidential,
        settings: settings(),
        hash: Some(hash(1)),
    }
}

fn on(stream: &mut Stream<Client>, command: Command) -> Result<String, Refusal> {
    stream.when(|state, now| decide(state, command, now))
}

fn rotate(number: u8, overlap: Duration) -> Command {
    let hash = hash(number);
    Command::RotateSecret { hash, overlap }
}

fn empty() -> Stream<Client> {
    Stream::new(client_id().stream())
}

fn registered() -> Stream<Client> {
    let mut stream = empty();
    assert_eq!(
        on(&mut stream, Command::Register(registration())).unwrap(),
        "client.registered"
    );
    stream
}

#[test]
fn a_client_proves_itself_with_its_secret_and_may_what_it_was_given() {
    let client = registered().known();
    assert_eq!(client.id, client_id());
    assert!(client.accepts_secret(&hash(1), START) && !client.accepts_secret(&hash(2), START));
    assert!(client.may(Capability::Introspect) && !client.may(Capability::Audit));
}

#[test]
fn a_replaced_secret_is_dead_exactly_at_the_end_of_the_overlap() {
    let mut stream = registered();
    assert_eq!(on(&mut stream, rotate(2, HOUR)).unwrap(), "client.secret_rotated");
    let client = stream.known();
    let deadline = START.plus(HOUR);
    assert!(client.accepts_secret(&hash(1), Timestamp(deadline.0 - 1)));
    assert!(!client.accepts_secret(&hash(1), deadline));
    assert!(client.accepts_secret(&hash(2), deadline));
    assert_eq!(on(&mut stream, rotate(1, HOUR)), Err(Refusal::SecretInUse));
    on(&mut stream, rotate(3, Duration::ZERO)).unwrap();
    let client = stream.known();
    assert!(!client.accepts_secret(&hash(1), START) && !client.accepts_secret(&hash(2), START));
    assert_eq!(client.secrets.len(), 1);
}

#[test]
fn a_disabled_client_is_nobody() {
    let mut stream = registered();
    assert_eq!(on(&mut stream, Command::Disable).unwrap(), "client.disabled");
    let client = stream.known();
    assert!(!client.accepts_secret(&hash(1), START) && !client.may(Capability::Introspect));
    assert_eq!(on(&mut stream, Command::Disable).unwrap(), "");
    assert_eq!(on(&mut stream, rotate(2, HOUR)), Err(Refusal::ClientDisabled));
}

#[test]
fn what_does_not_fit_a_client_is_refused() {
    let public = Registration {
        kind: ClientKind::Public,
        settings: ClientSettings {
            capabilities: [].into(),
            ..settings()
        },
        hash: None,
    };
    let cases = [
        (
            Registration {
                hash: None,
                ..registration()
            },
            Refusal::SecretUnfit,
        ),
        (
            Registration {
                hash: Some(hash(1)),
                ..public.clone()
            },
            Refusal::SecretUnfit,
        ),
        (
            Registration {
                settings: settings(),
                ..public.clone()
            },
            Refusal::PublicClientWithCapabilities,
        ),
        (
            Registration {
                settings: ClientSettings {
                    name: " ".to_owned(),
                    ..settings()
                },
                ..registration()
            },
            Refusal::NameUnfit,
        ),
        (
            Registration {
                settings: ClientSettings {
                    audiences: ["two words".to_owned()].into(),
                    ..settings()
                },
                ..registration()
            },
            Refusal::AudienceUnfit,
        ),
    ];
    for (registration, refusal) in cases {
        assert_eq!(on(&mut empty(), Command::Register(registration)), Err(refusal));
    }
    let mut stream = empty();
    on(&mut stream, Command::Register(public.clone())).unwrap();
    assert_eq!(on(&mut stream, rotate(1, HOUR)), Err(Refusal::SecretUnfit));
    assert_eq!(on(&mut stream, Command::Register(public)), Err(Refusal::ClientExists));
    assert_eq!(on(&mut empty(), Command::Disable), Err(Refusal::ClientUnknown));
}

/// A history in which every kind of event happens.
pub(crate) fn every_event() -> Vec<Event> {
    let mut stream = registered();
    for command in [rotate(2, HOUR), Command::Disable] {
        assert_ne!(on(&mut stream, command).unwrap(), "");
    }
    stream.events
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Register(registration())),
        (1u8..5, 0u64..100).prop_map(|(number, overlap)| rotate(number, Duration::from_secs(overlap))),
        Just(Command::Disable),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_decided_folds(commands in proptest::collection::vec(any_command(), 0..30)) {
        let mut stream = empty();
        for command in commands {
            stream.later(Duration::from_secs(30));
            let before = stream.state();
            let done = on(&mut stream, command);
            let Some(client) = stream.state() else { continue };
            prop_assert!(!done.unwrap_or_default().is_empty() || before.as_ref() == Some(&client));
            let lasting = client.secrets.iter().filter(|secret| secret.valid_until.is_none());
            prop_assert_eq!(lasting.count(), 1, "one secret lasts");
        }
    }
}
