//! Signing keys over time.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use tokio::task::JoinHandle;

use super::super::key_ring::KeyRing;
use super::*;
use crate::domain::signing_key::{Command, Signs};

#[tokio::test]
async fn keys_rotate_ten_times_under_load_and_a_retired_one_is_refused_after_the_overlap() {
    let here = Installation::new(|settings| {
        settings.signing_keys.rotate_every = DAY;
        settings.signing_keys.publish_ahead = Duration::from_secs(3600);
        settings.signing_keys.overlap = Duration::from_secs(2 * 3600);
        settings.tokens.access_ttl = Duration::from_secs(2 * 3600);
    })
    .await;
    let mut kids = std::collections::BTreeSet::new();
    for rotation in 0..=10 {
        let (first, second) = tokio::join!(here.log_in(PASSWORD, 1), here.log_in(PASSWORD, 2));
        let tokens = [first, second].map(|in_session| in_session.expect("no failed login").tokens.access_token);
        let kid = here.app.keys.current().expect("a key").kid().to_owned();
        assert!(kids.insert(kid.clone()), "rotation {rotation} has a key of its own");
        // To the next rotation, in the steps in which a server tends: somebody logs in at each of them.
        here.pass(DAY - Duration::from_secs(3600));
        here.app.tend().await.expect("tended");
        let last = here
            .log_in(PASSWORD, 1)
            .await
            .expect("no failed login")
            .tokens
            .access_token;
        here.pass(Duration::from_secs(3600));
        let (tended, during) = tokio::join!(here.app.tend(), here.log_in(PASSWORD, 2));
        tended.expect("tended");
        during.expect("no failed login while keys change");
        assert_ne!(here.app.keys.current().expect("a key").kid(), kid);
        // What the former key signed last is still good; what has expired is not.
        here.shown(last.expose()).await.expect("within the overlap");
        for token in tokens {
            assert!(matches!(
                here.shown(token.expose()).await,
                Err(Refusal::ExpiredCredential)
            ));
        }
        assert!(here.publishes(&kid), "shown for the overlap");
        here.pass(Duration::from_secs(2 * 3600));
        assert!(!here.publishes(&kid), "at its end, before anybody tends");
        // No signature of it counts any more, whatever its token says of its time.
        assert!(matches!(
            here.shown(last.expose()).await,
            Err(Refusal::InvalidCredential)
        ));
        here.app.tend().await.expect("tended");
        assert!(here.app.keys.signer(&kid).is_none(), "its private half is forgotten");
        here.pass(DAY - Duration::from_secs(3 * 3600));
        here.app.tend().await.expect("tended");
        here.pass(Duration::from_secs(3600));
        here.app.tend().await.expect("tended");
    }
    assert_eq!(kids.len(), 11);
}

#[tokio::test]
async fn a_rotation_that_was_asked_for_is_made_when_the_next_key_was_published_for_long_enough() {
    let here = Installation::new(|_| {}).await;
    let former = here.app.keys.current().expect("a key").kid().to_owned();
    let next = here
        .app
        .rotate_signing_key(&Caller::operator())
        .await
        .expect("asked for");
    let ahead = here.app.settings.signing_keys.publish_ahead;
    assert_eq!(next.signs, Signs::From(here.clock.now().plus(ahead)));
    assert!(here.publishes(&next.kid));
    here.pass(ahead - Duration::from_millis(1));
    here.app.tend().await.expect("tended");
    assert_eq!(here.app.keys.current().expect("a key").kid(), former);
    here.pass(Duration::from_millis(1));
    here.app.tend().await.expect("tended");
    assert_eq!(here.app.keys.current().expect("a key").kid(), next.kid);
    assert!(here.publishes(&former), "what it signed stays good");
}

#[tokio::test]
async fn a_retry_after_a_withdrawal_gets_the_same_refresh_token_and_a_good_access_token() {
    let here = Installation::new(|_| {}).await;
    let first = here.log_in(PASSWORD, 1).await.expect("in").tokens.refresh_token;
    let refreshed = here.app.refresh(first.expose(), &at(1)).await.expect("refreshed");
    let kid = here.app.keys.current().expect("a key").kid().to_owned();
    let reason = "the answer was lost".parse().expect("a reason");
    here.app
        .withdraw_signing_key(&kid, reason, &Caller::operator())
        .await
        .expect("withdrawn");
    let void = here.shown(refreshed.access_token.expose()).await;
    assert!(matches!(void, Err(Refusal::InvalidCredential)));
    let [again, once_more] = [
        here.app
            .refresh(first.expose(), &at(1))
            .await
            .expect("within the grace"),
        here.app
            .refresh(first.expose(), &at(1))
            .await
            .expect("within the grace"),
    ];
    assert_eq!(again.refresh_token.expose(), refreshed.refresh_token.expose());
    assert_eq!(again.access_token.expose(), once_more.access_token.expose());
    here.shown(again.access_token.expose()).await.expect("good");
    let next = here.app.refresh(again.refresh_token.expose(), &at(1)).await;
    next.expect("the session goes on");
}

#[tokio::test]
async fn the_private_half_of_a_withdrawn_key_is_in_no_record() {
    let here = Installation::new(|_| {}).await;
    let kid = here.app.keys.current().expect("a key").kid().to_owned();
    let record = async || {
        let found = here.app.store.record("signing_key", kid.as_bytes(), here.clock.now());
        found.await.expect("a database").is_some()
    };
    assert!(record().await);
    let reason = "it was copied".parse().expect("a reason");
    here.app
        .withdraw_signing_key(&kid, reason, &Caller::operator())
        .await
        .expect("withdrawn");
    assert!(!record().await);
    assert!(!here.publishes(&kid));
    here.log_in(PASSWORD, 1).await.expect("another one signs");
}

/// A withdrawal and a login at once: whichever the log has first decides.
#[tokio::test(flavor = "multi_thread")]
async fn no_session_that_begins_after_a_withdrawal_has_a_token_of_the_withdrawn_key() {
    let here = Arc::new(Installation::new(|_| {}).await);
    let master = MasterKey::open_or_make(&here.folder.path().join("master.key"), &SystemRandomness::new());
    let (master, _) = master.expect("the key");
    let (store, journal) = (here.app.store.clone(), Arc::clone(&here.app.journal));
    let random = Arc::new(SystemRandomness::new());
    let beside = KeyRing::new(store, journal, master.seal_key(), random, here.app.keys.schedule);
    let logins: Vec<_> = (1..5)
        .map(|from| {
            let here = Arc::clone(&here);
            tokio::spawn(async move {
                let mut logins = Vec::new();
                for _ in 0..25 {
                    logins.push(here.log_in(PASSWORD, from).await.expect("in"));
                }
                logins
            })
        })
        .collect();
    let mut withdrawn = HashMap::new();
    while !logins.iter().all(JoinHandle::is_finished) {
        let now = here.clock.now();
        let signing = here.app.signing_keys().await.expect("keys");
        let kid = signing.active().expect("one signs").kid.clone();
        let withdraw = |successor| Command::Withdraw {
            kid: kid.clone(),
            reason: "a test".parse().expect("a reason"),
            successor,
        };
        beside
            .change(withdraw, &Caller::operator(), now)
            .await
            .expect("withdrawn");
        withdrawn.insert(kid, here.app.store.head().await.expect("a log"));
    }
    for login in futures_util::future::join_all(logins).await {
        for login in login.expect("no panic") {
            let header = login.tokens.access_token.expose().split('.').next().expect("a header");
            let header = URL_SAFE_NO_PAD.decode(header).expect("base64url");
            let header: serde_json::Value = serde_json::from_slice(&header).expect("JSON");
            let kid = header["kid"].as_str().expect("a key's id");
            let began = here.app.store.stream_events(&login.session.id.stream(), 1, 1).await;
            let began = began.expect("a log")[0].position;
            assert!(withdrawn.get(kid).is_none_or(|at| began < *at), "{kid} at {began}");
        }
    }
}
