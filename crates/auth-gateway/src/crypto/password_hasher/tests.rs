use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::FutureExt as _;

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
    PasswordHasher::start(settings, None, meters, Arc::new(SystemRandomness::new())).unwrap()
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
        leave_at_once(&hasher);
    }
    until(|| hasher.occupied() == 0).await;
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
        most_kept = most_kept.max(hasher.threads.memory_kept());
        tokio::task::yield_now().await;
    }
    assert!(most_kept <= 2, "{most_kept}");
    assert_eq!(hasher.threads.memory_kept(), 0);
}

#[tokio::test]
async fn who_left_before_the_turn_came_costs_no_hash() {
    let hasher = hasher(1, 3);
    let first = Held::by(&hasher).await;
    leave_at_once(&hasher);
    let last = tokio::spawn({
        let hasher = hasher.clone();
        async move { hasher.verify_nobody(password("correct horse")).await }
    });
    until(|| hasher.occupied() == 3).await;
    first.release().await;
    last.await.unwrap().unwrap();
    assert_eq!(hasher.done(), 2);
}

#[tokio::test]
async fn who_has_left_keeps_nobody_else_from_waiting() {
    let hasher = hasher(1, 2);
    let first = Held::by(&hasher).await;
    for _ in 0..2 {
        leave_at_once(&hasher);
    }
    let waiting = hasher.verify_nobody(password("correct horse"));
    let (verdict, ()) = tokio::join!(waiting, first.release());
    assert_eq!(verdict.unwrap(), Verdict::Wrong);
}

/// The runtime's only thread stands still meanwhile.
#[tokio::test]
async fn the_next_hash_begins_without_the_runtime() {
    let hasher = hasher(1, 1);
    let (tell, told) = mpsc::channel();
    let ask = |number: u32| {
        let (hasher, tell) = (hasher.clone(), tell.clone());
        tokio::spawn(async move { hasher.run(move |_, _| tell.send(number).unwrap()).await })
    };
    let first = Held::by(&hasher).await;
    let second = ask(2);
    until(|| hasher.occupied() == 2).await;
    first.let_go();
    assert_eq!(told.recv_timeout(Duration::from_secs(60)), Ok(2));
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_hash_that_panics_takes_no_thread_and_no_place_with_it() {
    let hasher = hasher(1, 1);
    for _ in 0..3 {
        let panicking = hasher.run(|_, _| panic!("on purpose"));
        let panicked = tokio::time::timeout(Duration::from_secs(60), panicking).await;
        assert!(matches!(panicked, Ok(Err::<(), _>(HasherError::Busy))));
    }
    assert_eq!(
        hasher.verify_nobody(password("correct horse")).await.unwrap(),
        Verdict::Wrong
    );
    assert_eq!(hasher.occupied(), 0);
    assert_eq!(hasher.shared.meters.running.get(), 0);
}

#[tokio::test]
async fn the_threads_end_with_the_last_clone() {
    let hasher = hasher(2, 2);
    let other = hasher.clone();
    let are_there = hasher.threads.watch();
    drop(hasher);
    other.verify_nobody(password("correct horse")).await.unwrap();
    assert!(are_there());
    drop(other);
    until(|| !are_there()).await;
}

#[tokio::test]
async fn waiting_running_and_refused_hashes_are_counted() {
    let hasher = hasher(1, 1);
    let meters = hasher.shared.meters.clone();
    let counts = || (meters.waiting.get(), meters.running.get(), meters.refused.get());
    let first = Held::by(&hasher).await;
    let second = tokio::spawn({
        let hasher = hasher.clone();
        async move { hasher.verify_nobody(password("correct horse")).await }
    });
    until(|| hasher.occupied() == 2).await;
    assert_eq!(counts(), (1, 1, 0));
    hasher.verify_nobody(password("correct horse")).await.unwrap_err();
    assert_eq!(counts(), (1, 1, 1));
    first.release().await;
    second.await.unwrap().unwrap();
    assert_eq!(counts(), (0, 0, 1));
    assert_eq!(meters.durations.get_sample_count(), 2);
}

/// A thread that a test holds: the others wait for it.
struct Held {
    release: mpsc::Sender<()>,
    ended: tokio::task::JoinHandle<Result<(), HasherError>>,
}

impl Held {
    async fn by(hasher: &PasswordHasher) -> Self {
        let (release, released) = mpsc::channel();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let holding = hasher.clone();
        let ended = tokio::spawn(async move {
            let hold = move |_: &super::Shared, _: &mut Vec<_>| {
                begin.send(()).unwrap();
                released.recv().unwrap();
            };
            holding.run(hold).await
        });
        begun.await.unwrap();
        Self { release, ended }
    }

    fn let_go(&self) {
        self.release.send(()).unwrap();
    }

    async fn release(self) {
        self.let_go();
        self.ended.await.unwrap().unwrap();
    }
}

/// Asks and goes away before there is an answer.
fn leave_at_once(hasher: &PasswordHasher) {
    assert!(hasher.verify_nobody(password("correct horse")).now_or_never().is_none());
}

async fn until(reached: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !reached() {
        assert!(tokio::time::Instant::now() < deadline, "not reached in a minute");
        tokio::task::yield_now().await;
    }
}
