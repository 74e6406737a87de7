//! How long guessing waits, and who waits.

use super::*;
use event_store::{AppendError, RecordChange};

use super::super::attempts::Attempts;

#[tokio::test]
async fn waits_double_and_only_the_guesser_waits() {
    let here = Installation::new(|_| {}).await;
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    for _ in 0..5 {
        assert!(matches!(
            here.log_in("a guess of many", 66).await,
            Err(Refusal::InvalidCredentials)
        ));
    }
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let told = here.log_in("a guess of many", 66).await;
        let Err(Refusal::TooManyAttempts { retry_after }) = told else {
            panic!("not refused before {wait} s")
        };
        assert_eq!(retry_after, Duration::from_secs(wait));
        here.pass(retry_after - Duration::from_millis(1));
        assert!(matches!(
            here.log_in(PASSWORD, 66).await,
            Err(Refusal::TooManyAttempts { .. })
        ));
        here.pass(Duration::from_millis(1));
        assert!(matches!(
            here.log_in("a guess of many", 66).await,
            Err(Refusal::InvalidCredentials)
        ));
    }
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
}

#[tokio::test]
async fn many_addresses_together_can_not_keep_the_owner_out() {
    let here = Installation::new(|_| {}).await;
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    let mut refused = 0;
    for address in 50..80 {
        refused += u32::from(matches!(
            here.log_in("a guess of many", address).await,
            Err(Refusal::TooManyAttempts { .. })
        ));
    }
    assert_eq!(
        refused, 10,
        "twenty guesses of the account are free, wherever they come from"
    );
    assert!(matches!(
        here.log_in(PASSWORD, 200).await,
        Err(Refusal::TooManyAttempts { .. })
    ));
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
}

#[tokio::test]
async fn a_success_from_home_forgets_what_others_guessed() {
    let here = Installation::new(|settings| settings.lockout.per_account.free_attempts = 2).await;
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    for address in [66, 67] {
        here.log_in("a guess of many", address).await.err().expect("wrong");
    }
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    here.log_in(PASSWORD, 2).await.expect("the owner, from elsewhere");
}

#[tokio::test]
async fn the_longest_wait_is_remembered_to_its_end() {
    let here = Installation::new(|settings| {
        let day = &mut settings.lockout.per_pair;
        (day.free_attempts, day.first_wait, day.longest_wait) = (2, DAY, DAY);
    })
    .await;
    for _ in 0..2 {
        here.log_in("a guess of many", 1).await.err().expect("wrong");
    }
    here.pass(DAY - Duration::from_millis(1));
    assert!(matches!(
        here.log_in(PASSWORD, 1).await,
        Err(Refusal::TooManyAttempts { .. })
    ));
    here.pass(Duration::from_millis(1));
    here.log_in("a guess of many", 1).await.err().expect("wrong");
    assert!(matches!(
        here.log_in(PASSWORD, 1).await,
        Err(Refusal::TooManyAttempts { .. })
    ));
}

#[tokio::test]
async fn what_is_said_of_a_new_password_tells_nothing_of_the_current_one() {
    let here = Installation::new(|_| {}).await;
    let owner = here.log_in(PASSWORD, 1).await.expect("in").account.user.id;
    for current in [PASSWORD, "a guess of many"] {
        let (hashed, weak) = (here.app.passwords.done(), password("password1234"));
        let changed = here
            .app
            .change_password(owner, password(current), weak, None, &at(1))
            .await;
        assert!(
            matches!(changed, Err(Refusal::WeakPassword(_))),
            "{current}: {changed:?}"
        );
        assert_eq!(here.app.passwords.done(), hashed, "{current}: not compared");
    }
}

#[tokio::test]
async fn an_address_stays_familiar_as_long_as_its_owner_comes_back() {
    let here = Installation::new(|settings| settings.lockout.per_account.free_attempts = 1).await;
    for _ in 0..4 {
        here.log_in(PASSWORD, 1).await.expect("the owner, from home");
        here.pass(DAY * 60);
    }
    assert!(matches!(
        here.log_in("a guess of many", 66).await,
        Err(Refusal::InvalidCredentials)
    ));
    assert!(matches!(
        here.log_in(PASSWORD, 77).await,
        Err(Refusal::TooManyAttempts { .. })
    ));
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    here.pass(DAY * 91);
    here.log_in("a guess of many", 66).await.err().expect("wrong");
    assert!(
        matches!(here.log_in(PASSWORD, 1).await, Err(Refusal::TooManyAttempts { .. })),
        "home is forgotten"
    );
}

#[tokio::test]
async fn an_attempt_that_was_broken_off_counts_no_more() {
    let here = Installation::new(|settings| settings.lockout.per_pair.free_attempts = 1).await;
    for _ in 0..3 {
        let now = here.clock.now();
        let attempt = here.app.attempts.begin("password", OWNER, at(1).address, now).await;
        let beside = here.app.attempts.begin("password", OWNER, at(1).address, now).await;
        assert!(matches!(beside, Err(Refusal::TooManyAttempts { .. })));
        drop(attempt.expect("the only one"));
    }
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
}

/// Attempts begin while others end.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_attempts_that_fail_at_once_exactly_the_free_ones_are_made() {
    let here = Arc::new(Installation::new(|_| {}).await);
    for round in 0..100 {
        let attempts = (0..20).map(|_| {
            let here = Arc::clone(&here);
            tokio::spawn(async move {
                let attempts = &here.app.attempts;
                let account = format!("account {round}");
                let attempt = attempts.begin("password", &account, None, here.clock.now()).await?;
                attempts.write_down(attempt).await
            })
        });
        let mut made = 0;
        for attempt in futures_util::future::join_all(attempts).await {
            match attempt.expect("no panic") {
                Ok(()) => made += 1,
                Err(refusal) => assert!(matches!(refusal, Refusal::TooManyAttempts { .. }), "{refusal}"),
            }
        }
        assert_eq!(made, 5, "round {round}");
        here.pass(DAY * 2);
    }
}

#[tokio::test]
async fn a_success_is_not_told_after_too_many_guesses_at_another_gateway() {
    let here = Installation::new(|_| {}).await;
    let now = here.clock.now();
    let key = here.folder.path().join("master.key");
    let (key, _) = MasterKey::open_or_make(&key, &SystemRandomness::new()).expect("the key");
    let beside = Attempts::new(here.app.store.clone(), key.attempts(), here.app.settings.lockout);
    let begin = || here.app.attempts.begin("password", OWNER, at(1).address, now);
    for refused in [false, true] {
        let right = begin().await.expect("no wait");
        for _ in 0..if refused { 5 } else { 4 } {
            let wrong = beside.begin("password", OWNER, at(1).address, now).await;
            beside.write_down(wrong.expect("no wait")).await.expect("written");
        }
        let told = here.app.store.change_records(right.succeeded(), now).await;
        assert_eq!(
            matches!(told, Err(AppendError::CountedOften { .. })),
            refused,
            "{told:?}"
        );
        drop(right);
        if !refused {
            here.log_in(PASSWORD, 1).await.expect("the owner, from home");
        }
    }
}

#[tokio::test]
async fn a_success_forgets_what_there_is_and_else_changes_nothing() {
    let here = Installation::new(|_| {}).await;
    let changes = async || {
        let now = here.clock.now();
        let begun = here.app.attempts.begin("password", OWNER, at(1).address, now).await;
        let mut changes = begun.expect("no wait").succeeded();
        changes.retain(|change| !matches!(change, RecordChange::AtMost { .. }));
        changes
    };
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    assert_eq!(changes().await, []);
    here.log_in("a guess of many", 1).await.err().expect("wrong");
    let forgotten = changes().await;
    assert!(matches!(forgotten[..], [RecordChange::Delete { .. }]), "{forgotten:?}");
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    assert_eq!(changes().await, []);
    here.pass(DAY + Duration::from_millis(1));
    let renewed = changes().await;
    assert!(matches!(renewed[..], [RecordChange::Put { .. }]), "{renewed:?}");
}

#[tokio::test]
async fn who_tries_one_project_after_the_other_waits() {
    let here = Installation::new(|_| {}).await;
    let wish = NewUser {
        email: "member@example.org".parse().expect("an address"),
        name: None,
        password: Some(password(PASSWORD)),
        role: Role::authenticated(),
        project_scope: Some("own".to_owned()),
        verified: true,
        source: UserSource::Admin,
    };
    here.app.register(wish, &Caller::system()).await.expect("a user");
    let mut refused = Vec::new();
    for number in 0..6 {
        let login = Login {
            email: "member@example.org".to_owned(),
            password: Some(password(PASSWORD)),
            platform: Platform::Cli,
            client_id: None,
            project_scope: Some(format!("other-{number}").parse().expect("a project")),
            cookie: false,
        };
        refused.push(here.app.log_in(login, &at(1)).await.err().expect("another project"));
    }
    let waits = |refusal: &Refusal| matches!(refusal, Refusal::TooManyAttempts { .. });
    assert_eq!(
        refused.iter().map(waits).collect::<Vec<_>>(),
        [false, false, false, false, false, true]
    );
    assert!(matches!(refused[0], Refusal::OtherProject));
}
