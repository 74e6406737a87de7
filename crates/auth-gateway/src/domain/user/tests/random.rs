//! Random histories: whatever is decided folds.

use super::*;
use crate::domain::sealed::SealedFact;
use proptest::prelude::*;

fn any_command() -> impl Strategy<Value = Command> {
    let password_hash = || "$argon2id$x".to_owned();
    let except = proptest::option::of((1u128..4).prop_map(session));
    prop_oneof![
        Just(Command::Register(registration())),
        Just(Command::VerifyEmail),
        except.clone().prop_map(move |except| Command::ChangePassword {
            password_hash: password_hash(),
            except
        }),
        Just(Command::RehashPassword {
            compared: SealedFact {
                event: Uuid::nil(),
                kind: "user.password_set".to_owned(),
                bytes: Vec::new(),
            },
            password_hash: password_hash()
        }),
        Just(Command::RequestPasswordReset {
            device: Device::default()
        }),
        Just(Command::CompletePasswordReset {
            password_hash: password_hash(),
            device: Device::default()
        }),
        any::<bool>().prop_map(|admin| Command::ChangeRole {
            role: if admin { Role::admin() } else { Role::default() },
        }),
        Just(Command::Disable {
            reason: DisableReason::Compromised
        }),
        Just(Command::Enable),
        except.prop_map(|except| Command::EndSessions {
            except,
            reason: SessionsEnd::ByOwner
        }),
        Just(Command::RecordLogin {
            session: session(1),
            login: login()
        }),
        Just(Command::RecordFailedLogin {
            reason: LoginFailure::WrongPassword,
            login: login()
        }),
        (0u8..8).prop_map(|n| if n == 0 { Command::Erase } else { Command::Enable }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// `Stream::when` panics when what was decided does not fold.
    #[test]
    fn whatever_is_decided_folds(commands in proptest::collection::vec(any_command(), 0..30)) {
        let mut stream = Stream::<User>::new(user_id().stream());
        for command in commands {
            stream.later(seconds(1));
            let before = stream.state();
            let ended = matches!(
                &command,
                Command::EndSessions { .. } | Command::ChangePassword { .. } | Command::CompletePasswordReset { .. }
            );
            let done = on(&mut stream, command);
            let Some(user) = stream.state() else { continue };
            match before {
                Some(before) if done.as_deref().unwrap_or_default().is_empty() => prop_assert_eq!(&user, &before),
                Some(before) => {
                    prop_assert!(user.sessions.epoch >= before.sessions.epoch);
                    prop_assert!(!ended || user.sessions.epoch > before.sessions.epoch);
                    prop_assert!(!matches!(before.lifecycle, Lifecycle::Erased { .. }), "nothing follows an erasure");
                }
                None => prop_assert!(done.is_ok()),
            }
            prop_assert_eq!(matches!(user.lifecycle, Lifecycle::Erased { .. }), user.email.is_none());
        }
    }
}
