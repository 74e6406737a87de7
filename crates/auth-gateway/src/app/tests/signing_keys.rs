//! Signing keys over time.

use super::*;

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
        assert!(here.app.keys.signer(&kid).is_err(), "its private half is forgotten");
        here.pass(DAY - Duration::from_secs(3 * 3600));
        here.app.tend().await.expect("tended");
        here.pass(Duration::from_secs(3600));
        here.app.tend().await.expect("tended");
    }
    assert_eq!(kids.len(), 11);
}
