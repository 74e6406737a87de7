//! Random histories: whatever is decided folds.

use super::*;
use proptest::prelude::*;

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Start(Box::new(opening()))),
        (1u32..6, any::<u8>()).prop_map(|(next, number)| Command::Rotate {
            next,
            issue: issue(number)
        }),
        (0u32..6).prop_map(|presented| Command::ReportReplay {
            presented,
            device: device()
        }),
        (0u8..6).prop_map(|n| match n {
            0 => Command::End {
                reason: EndReason::Logout
            },
            n => Command::Rotate {
                next: u32::from(n) + 1,
                issue: issue(n)
            },
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_decided_folds(commands in proptest::collection::vec(any_command(), 0..30)) {
        let mut stream = Stream::<Session>::new(session_id().stream());
        for command in commands {
            stream.later(seconds(600));
            let before = stream.state();
            let done = on(&mut stream, command);
            match (before, stream.state()) {
                (Some(before), Some(after)) => {
                    prop_assert!(after.generation == before.generation || after.generation == before.generation + 1);
                    prop_assert!(before.phase == Phase::Open || after == before, "the end is the end");
                    prop_assert!(!done.unwrap_or_default().is_empty() || after == before);
                    prop_assert_eq!(after.phase == Phase::Open, !stream.row.lookups.is_empty());
                }
                (None, Some(after)) => prop_assert_eq!(after.generation, 1),
                (None, None) => prop_assert!(done.is_err()),
                (Some(_), None) => prop_assert!(false, "a session does not vanish"),
            }
        }
    }

    #[test]
    fn only_the_current_token_rotates_and_only_the_former_repeats(
        generation in 0u32..5, presented in 0u32..6, after in 0u64..20_000
    ) {
        let mut session = rotated().known();
        session.generation = generation;
        let now = session.refreshed_at.plus(Duration::from_millis(after));
        match session.presented(presented, now, GRACE) {
            Presented::Rotate { next } => prop_assert!(presented == generation && next == generation + 1),
            Presented::Repeat { generation: current, .. } => {
                prop_assert!(presented + 1 == generation && current == generation && after < 10_000);
            }
            Presented::Replay => prop_assert!(presented != generation && (presented + 1 != generation || after >= 10_000)),
        }
    }
}
