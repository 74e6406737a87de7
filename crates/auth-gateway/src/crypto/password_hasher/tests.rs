use std::{sync::Arc, time::Duration};

use super::{HasherError, HasherSettings, PasswordHasher};
use crate::crypto::{
    password::{Password, PasswordHash, UnusableHash, Verdict},
    password_parameters::PasswordParameters,
    random::SystemRandomness,
};
use crate::telemetry::metrics::Metrics;

fn hasher(at_once: usize, waiting: usize) -> PasswordHasher {
    let settings = HasherSettings {
        parameters: PasswordParameters::default(),
        at_once,
        waiting,
    };
    let meters = Metrics::new().unwrap().password_hashes;
    PasswordHasher::new(settings, None, meters, Arc::new(SystemRandomness::new()))
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

#[tokio::test]
async fn a_hashed_password_verifies_and_another_does_not() {
    let hasher = hasher(1, 1);
    let hash = hasher.hash(password("correct horse")).await.unwrap();
    assert_eq!(
        hasher.verify(password("correct horse"), hash.clone()).await.unwrap(),
        Verdict::Right
    );
    assert_eq!(
        hasher.verify(password("wrong horse"), hash).await.unwrap(),
        Verdict::Wrong
    );
}

#[tokio::test]
async fn the_same_password_is_never_hashed_alike() {
    let hasher = hasher(1, 1);
    let first = hasher.hash(password("correct horse")).await.unwrap();
    assert_ne!(first, hasher.hash(password("correct horse")).await.unwrap());
}

#[tokio::test]
async fn nobody_is_wrong_even_with_the_words_that_nobody_is_hashed_with() {
    assert_eq!(
        hasher(1, 1).verify_nobody(password("correct horse")).await.unwrap(),
        Verdict::Wrong
    );
}

#[tokio::test]
async fn an_unusable_hash_is_told_apart_from_a_wrong_password() {
    let verdict = hasher(1, 1)
        .verify(password("correct horse"), PasswordHash::from_stored("x".into()))
        .await;
    assert!(matches!(verdict, Err(HasherError::Unusable(UnusableHash))));
}

#[tokio::test]
async fn beyond_those_at_work_and_those_waiting_a_caller_is_told_to_come_back() {
    let hasher = hasher(1, 2);
    let work: Vec<_> = (0..3)
        .map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.verify_nobody(password("correct horse")).await })
        })
        .collect();
    while hasher.occupied() < 3 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(
        hasher.verify_nobody(password("correct horse")).await,
        Err(HasherError::Busy)
    ));
    for done in work {
        assert_eq!(done.await.unwrap().unwrap(), Verdict::Wrong);
    }
    assert_eq!(hasher.occupied(), 0);
    hasher.verify_nobody(password("correct horse")).await.unwrap();
}

#[tokio::test]
async fn callers_who_leave_give_their_places_back() {
    let hasher = hasher(1, 3);
    for _ in 0..4 {
        let leaving = tokio::time::timeout(
            Duration::from_millis(1),
            hasher.verify_nobody(password("correct horse")),
        );
        let _: Result<_, _> = leaving.await;
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while hasher.occupied() > 0 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{} places are still taken",
            hasher.occupied()
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_shared_under_load_and_released_after_it() {
    let hasher = hasher(2, 10);
    let work: Vec<_> = (0..10)
        .map(|_| {
            let hasher = hasher.clone();
            tokio::spawn(async move { hasher.verify_nobody(password("correct horse")).await })
        })
        .collect();
    let mut most_kept = 0;
    while work.iter().any(|work| !work.is_finished()) {
        most_kept = most_kept.max(hasher.0.memory.lock().unwrap().len());
        tokio::task::yield_now().await;
    }
    assert!(most_kept <= 2, "{most_kept}");
    assert!(hasher.0.memory.lock().unwrap().is_empty());
}
