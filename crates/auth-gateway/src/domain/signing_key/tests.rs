//! Given what happened, when something is asked, then this follows.

use super::*;
use crate::domain::testing::{HOUR, START, Stream};
use event_store::Event;
use proptest::prelude::*;

const SCHEDULE: Schedule = Schedule {
    publish_ahead: HOUR,
    active_for: HOUR.saturating_mul(24),
    overlap: HOUR.saturating_mul(2),
};

fn kid(number: u32) -> String {
    format!("k{number}")
}

fn new_key(number: u32) -> NewKey {
    NewKey {
        kid: kid(number),
        algorithm: "EdDSA".to_owned(),
        public_key: "AAAA".to_owned(),
    }
}

fn publish(number: u32) -> Command {
    Command::Publish(new_key(number))
}

fn replace(number: u32) -> Command {
    Command::Replace {
        successor: new_key(number),
        overlap: SCHEDULE.overlap,
    }
}

fn activate(number: u32) -> Command {
    Command::Activate {
        kid: kid(number),
        overlap: SCHEDULE.overlap,
    }
}

fn retire(number: u32) -> Command {
    Command::Retire { kid: kid(number) }
}

fn withdraw(number: u32, successor: u32) -> Command {
    Command::Withdraw {
        kid: kid(number),
        reason: "it was copied".parse().unwrap(),
        successor: new_key(successor),
    }
}

fn on(stream: &mut Stream<SigningKeys>, command: Command) -> Result<String, Refusal> {
    stream.when(|state, now| decide(state, command, now))
}

fn with_an_active_key() -> Stream<SigningKeys> {
    let mut stream = Stream::new(stream());
    assert_eq!(on(&mut stream, publish(1)).unwrap(), "signing_key.published");
    assert_eq!(on(&mut stream, activate(1)).unwrap(), "signing_key.activated");
    stream
}

fn valid(stream: &Stream<SigningKeys>) -> String {
    let keys = stream.known();
    let kids: Vec<&str> = keys.valid(stream.now).map(|key| key.kid.as_str()).collect();
    kids.join(" ")
}

#[test]
fn the_active_key_signs_and_every_published_one_is_shown() {
    let mut stream = with_an_active_key();
    on(&mut stream, publish(2)).unwrap();
    assert_eq!(stream.known().active().unwrap().kid, "k1");
    assert_eq!(valid(&stream), "k1 k2");
    assert_eq!(on(&mut stream, publish(2)), Err(Refusal::KeyExists));
    assert_eq!(on(&mut stream, activate(3)), Err(Refusal::KeyUnknown));
    assert_eq!(on(&mut stream, activate(1)).unwrap(), "");
}

#[test]
fn another_key_takes_over_and_the_former_is_shown_until_the_overlap_ends() {
    let mut stream = with_an_active_key();
    on(&mut stream, publish(2)).unwrap();
    assert_eq!(
        on(&mut stream, activate(2)).unwrap(),
        "signing_key.retiring signing_key.activated"
    );
    assert_eq!(stream.known().active().unwrap().kid, "k2");
    assert_eq!(on(&mut stream, activate(1)), Err(Refusal::KeyRetiring));
    assert_eq!(on(&mut stream, retire(1)), Err(Refusal::StillNeeded));
    assert_eq!(on(&mut stream, retire(2)), Err(Refusal::StillNeeded));
    assert_eq!(valid(&stream), "k1 k2");
    stream.later(SCHEDULE.overlap);
    assert_eq!(valid(&stream), "k2", "no grace beyond the overlap, retired or not");
    assert_eq!(on(&mut stream, retire(1)).unwrap(), "signing_key.retired");
    assert!(stream.known().get("k1").is_none());
}

#[test]
fn keys_change_on_schedule() {
    let mut stream: Stream<SigningKeys> = Stream::new(stream());
    let due_now = |stream: &Stream<SigningKeys>| due(&stream.state().unwrap_or_default(), SCHEDULE, stream.now);
    let activate_step = |number| Step::Activate { kid: kid(number) };
    assert_eq!(due_now(&stream), [Step::Publish], "there is no key at all");
    on(&mut stream, publish(1)).unwrap();
    assert_eq!(due_now(&stream), [activate_step(1)], "nothing signs: at once");
    on(&mut stream, activate(1)).unwrap();
    assert_eq!(due_now(&stream), []);
    stream.now = Timestamp(START.plus(HOUR * 23).0 - 1);
    assert_eq!(due_now(&stream), []);
    stream.now = START.plus(HOUR * 23);
    assert_eq!(due_now(&stream), [Step::Publish], "an hour ahead");
    on(&mut stream, publish(2)).unwrap();
    assert_eq!(due_now(&stream), []);
    stream.now = START.plus(HOUR * 24);
    assert_eq!(due_now(&stream), [activate_step(2)]);
    on(&mut stream, activate(2)).unwrap();
    assert_eq!(due_now(&stream), []);
    stream.now = START.plus(HOUR * 26);
    assert_eq!(due_now(&stream), [Step::Retire { kid: kid(1) }]);
    on(&mut stream, retire(1)).unwrap();
    assert_eq!(due_now(&stream), []);
}

#[test]
fn a_key_published_late_is_shown_for_its_time_before_it_signs() {
    let mut stream = with_an_active_key();
    stream.later(SCHEDULE.active_for * 2);
    on(&mut stream, publish(2)).unwrap();
    let steps = |stream: &Stream<SigningKeys>| due(&stream.known(), SCHEDULE, stream.now);
    assert_eq!(steps(&stream), []);
    stream.later(SCHEDULE.publish_ahead);
    assert_eq!(steps(&stream), [Step::Activate { kid: kid(2) }]);
}

#[test]
fn a_rotation_that_is_asked_for_waits_only_until_the_next_key_is_known() {
    let mut stream = with_an_active_key();
    let steps = |stream: &Stream<SigningKeys>| due(&stream.known(), SCHEDULE, stream.now);
    assert_eq!(
        on(&mut stream, Command::RequestRotation).unwrap(),
        "signing_key.rotation_requested"
    );
    assert_eq!(
        on(&mut stream, Command::RequestRotation).unwrap(),
        "",
        "it is asked for"
    );
    assert_eq!(steps(&stream), [Step::Publish]);
    on(&mut stream, publish(2)).unwrap();
    let from = stream.now.plus(SCHEDULE.publish_ahead);
    let expected = |kid: u32, signs| {
        Some(Successor {
            kid: self::kid(kid),
            signs,
        })
    };
    assert_eq!(successor(&stream.known(), SCHEDULE), expected(2, Signs::From(from)));
    stream.now = Timestamp(from.0 - 1);
    assert_eq!(steps(&stream), []);
    stream.now = from;
    assert_eq!(steps(&stream), [Step::Activate { kid: kid(2) }]);
    on(&mut stream, activate(2)).unwrap();
    assert_eq!(successor(&stream.known(), SCHEDULE), expected(2, Signs::Now));
    assert_eq!(steps(&stream), [], "what was asked for is done");
}

#[test]
fn a_key_is_replaced_at_once_by_the_one_that_is_shown_or_by_a_new_one() {
    let mut stream = with_an_active_key();
    assert_eq!(
        on(&mut stream, replace(2)).unwrap(),
        "signing_key.published signing_key.retiring signing_key.activated"
    );
    assert_eq!(stream.known().active().unwrap().kid, "k2");
    assert_eq!(valid(&stream), "k1 k2", "what the former signed stays good");
    on(&mut stream, publish(3)).unwrap();
    assert_eq!(
        on(&mut stream, replace(4)).unwrap(),
        "signing_key.retiring signing_key.activated"
    );
    assert_eq!(stream.known().active().unwrap().kid, "k3");
    assert!(stream.known().get("k4").is_none());
}

#[test]
fn a_withdrawn_key_counts_no_more_and_a_new_one_signs_where_it_was_the_active() {
    let mut stream = with_an_active_key();
    on(&mut stream, publish(2)).unwrap();
    assert_eq!(
        on(&mut stream, withdraw(1, 3)).unwrap(),
        "signing_key.withdrawn signing_key.published signing_key.activated"
    );
    assert_eq!(valid(&stream), "k2 k3");
    assert_eq!(stream.known().active().unwrap().kid, "k3", "not the one that was shown");
    assert_eq!(on(&mut stream, withdraw(1, 4)), Err(Refusal::KeyUnknown));
    assert_eq!(on(&mut stream, activate(1)), Err(Refusal::KeyUnknown));
}

#[test]
fn a_key_that_does_not_sign_is_withdrawn_without_a_successor() {
    let mut stream = with_an_active_key();
    on(&mut stream, publish(2)).unwrap();
    on(&mut stream, activate(2)).unwrap();
    on(&mut stream, publish(3)).unwrap();
    for number in [1, 3] {
        assert_eq!(on(&mut stream, withdraw(number, 4)).unwrap(), "signing_key.withdrawn");
    }
    assert_eq!(valid(&stream), "k2");
}

#[test]
fn a_reason_is_one_line_of_at_most_200_characters() {
    for text in ["", "  ", "a\nb", "\u{1b}[2J", &"x".repeat(201)] {
        assert!(text.parse::<WithdrawReason>().is_err(), "{text:?}");
    }
    let reason: WithdrawReason = format!(" {} ", "ä".repeat(200)).parse().unwrap();
    assert_eq!(String::from(reason), "ä".repeat(200));
}

/// A history in which every kind of event happens.
pub(crate) fn every_event() -> Vec<Event> {
    let mut stream = with_an_active_key();
    for command in [Command::RequestRotation, publish(2), activate(2)] {
        assert_ne!(on(&mut stream, command).unwrap(), "");
    }
    stream.later(SCHEDULE.overlap);
    for command in [retire(1), withdraw(2, 3)] {
        assert_ne!(on(&mut stream, command).unwrap(), "");
    }
    stream.events
}

fn any_command() -> impl Strategy<Value = Command> {
    let number = 1u32..5;
    prop_oneof![
        number.clone().prop_map(publish),
        number.clone().prop_map(activate),
        number.clone().prop_map(retire),
        number.clone().prop_map(replace),
        (number.clone(), number).prop_map(|(number, successor)| withdraw(number, successor)),
        Just(Command::RequestRotation),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_decided_folds(commands in proptest::collection::vec(any_command(), 0..40)) {
        let mut stream: Stream<SigningKeys> = Stream::new(stream());
        let mut signs = false;
        for command in commands {
            stream.later(HOUR);
            let _refused_or_done = on(&mut stream, command);
            let keys = stream.state().unwrap_or_default();
            let active = keys.keys.iter().filter(|key| matches!(key.phase, Phase::Active { .. })).count();
            prop_assert!(active <= 1);
            prop_assert!(active == 1 || !signs, "one signs always, once one has signed");
            signs = active == 1;
        }
    }

    /// However late somebody looks, the steps lead to one active key and to nothing left to do.
    #[test]
    fn the_schedule_comes_to_rest(delays in proptest::collection::vec(1u32..100, 1..20)) {
        let mut stream: Stream<SigningKeys> = Stream::new(stream());
        let mut made = 0;
        for delay in delays {
            stream.later(HOUR * delay);
            for _round in 0..5 {
                for step in due(&stream.state().unwrap_or_default(), SCHEDULE, stream.now) {
                    let command = match step {
                        Step::Publish => { made += 1; publish(made) }
                        Step::Activate { kid } => Command::Activate { kid, overlap: SCHEDULE.overlap },
                        Step::Retire { kid } => Command::Retire { kid },
                    };
                    on(&mut stream, command).unwrap();
                }
            }
            prop_assert_eq!(due(&stream.known(), SCHEDULE, stream.now), []);
            prop_assert!(stream.known().active().is_some());
            prop_assert!(stream.known().keys.len() <= 3);
        }
    }
}
