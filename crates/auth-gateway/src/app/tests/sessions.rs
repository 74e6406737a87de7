//! Sessions over time: refreshed, idle, over, ended.

use super::*;
use event_store::{Command, Expected};
use identity_contract::AuthMethod;

use crate::app::journal::Loaded;
use crate::domain::ids::SessionId;
use crate::domain::login::{self, LoginFailure};
use crate::domain::session::{EndReason, Phase, Session, USER_LOOKUP};

#[tokio::test]
async fn a_retry_within_the_grace_is_the_same_answer_and_at_its_end_a_replay() {
    let here = Installation::new(|_| {}).await;
    let session = here.log_in(PASSWORD, 1).await.expect("in");
    let first = session.tokens.refresh_token.expose().to_owned();
    here.pass(Duration::from_secs(60));
    let refreshed = here.app.refresh(&first, &at(1)).await.expect("refreshed");
    here.pass(Duration::from_millis(9_999));
    let again = here.app.refresh(&first, &at(1)).await.expect("the same");
    assert_eq!(refreshed.access_token.expose(), again.access_token.expose());
    assert_eq!(refreshed.refresh_token.expose(), again.refresh_token.expose());
    here.pass(Duration::from_millis(1));
    assert!(matches!(
        here.app.refresh(&first, &at(1)).await,
        Err(Refusal::InvalidRefreshToken)
    ));
    let family = here.app.refresh(again.refresh_token.expose(), &at(1)).await;
    assert!(matches!(family, Err(Refusal::SessionEnded)));
    assert!(matches!(
        here.shown(again.access_token.expose()).await,
        Err(Refusal::SessionEnded)
    ));
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_in_the_end_however_it_is_used() {
    let here = Installation::new(|_| {}).await;
    let idle = here.log_in(PASSWORD, 1).await.expect("in");
    let used = here.log_in(PASSWORD, 2).await.expect("in");
    let handle = |session: &LoggedIn| {
        let handle = session.handle.as_ref().expect("a cookie").expose().to_owned();
        Shown::Handle(SecretText::new(handle))
    };
    for _ in 0..29 {
        here.pass(DAY);
        here.app.resolve(&handle(&used)).await.expect("used daily");
    }
    assert!(matches!(
        here.app.resolve(&handle(&idle)).await,
        Err(Refusal::SessionEnded)
    ));
    here.pass(DAY);
    assert!(here.app.resolve(&handle(&used)).await.is_err(), "thirty days are all");
}

#[tokio::test]
async fn a_session_that_ended_is_refused_however_much_else_has_happened_since() {
    let here = Installation::new(|_| {}).await;
    let session = here.log_in(PASSWORD, 1).await.expect("in");
    let token = session.tokens.access_token.expose();
    for _ in 0..2 {
        here.shown(token).await.expect("the second time from memory");
    }
    let now = here.clock.now();
    let failed = || {
        let reason = LoginFailure::UnknownAccount;
        login::failed(AuthMethod::Password, reason, None, Platform::Web, &at(66).device())
    };
    let many = here.app.journal.seal((0..2000).map(|_| failed()).collect(), now).await;
    let change = Command::new(at(66).context(now)).append(login::stream(now), Expected::Any, many.expect("sealed"));
    here.app.store.append(change).await.expect("appended");
    let owner = session.account.user.id;
    let id = session.session.id;
    let ended = here.app.end_session(id, Some(owner), EndReason::Logout, &at(1)).await;
    ended.expect("it was there");
    assert!(matches!(here.shown(token).await, Err(Refusal::SessionEnded)));
}

#[tokio::test]
async fn a_session_whose_time_is_over_gets_its_end_and_the_others_go_on() {
    let here = Installation::new(|_| {}).await;
    let old = here.log_in(PASSWORD, 1).await.expect("in").session;
    here.pass(DAY);
    let ended = here.log_in(PASSWORD, 1).await.expect("in").session;
    let by_owner = here.app.end_session(ended.id, None, EndReason::Logout, &at(1)).await;
    by_owner.expect("it was there");
    here.pass(old.expires_at.since(here.clock.now()));
    let young = here.log_in(PASSWORD, 1).await.expect("in").session;
    let phase = async |id: SessionId| {
        let loaded: Option<Loaded<Session>> = here.app.journal.load(id.stream()).await.expect("read");
        loaded.expect("it is there").state.phase
    };
    // The second time there is nothing to do, and it begins where the first has stopped.
    for _ in 0..2 {
        here.app.tend().await.expect("tended");
        let reason = EndReason::Expired;
        assert!(matches!(phase(old.id).await, Phase::Ended { reason: found, .. } if found == reason));
        assert!(matches!(
            phase(ended.id).await,
            Phase::Ended {
                reason: EndReason::Logout,
                ..
            }
        ));
        assert_eq!(phase(young.id).await, Phase::Open);
    }
    let found = here
        .app
        .journal
        .find_all::<Session>(USER_LOOKUP, young.user_id.0.as_bytes())
        .await;
    assert_eq!(found.expect("found").len(), 1, "the others are found no more");
}

#[tokio::test]
async fn a_use_is_known_while_it_is_written_and_forgotten_with_its_session() {
    let here = Installation::new(|_| {}).await;
    let session = here.log_in(PASSWORD, 1).await.expect("in");
    here.shown(session.tokens.access_token.expose()).await.expect("good");
    let (id, used_at) = (session.session.id.0, here.clock.now());
    let known = async || here.app.usage.last_used(id, here.clock.now()).await.expect("read");
    assert_eq!(known().await, Some(used_at));
    here.app.tend().await.expect("written");
    assert_eq!(known().await, Some(used_at), "now from the database");
    here.pass(session.session.expires_at.since(here.clock.now()));
    assert_eq!(known().await, None);
}

#[tokio::test]
async fn who_signs_out_with_an_expired_token_is_signed_out() {
    let here = Installation::new(|_| {}).await;
    let session = here.log_in(PASSWORD, 1).await.expect("in");
    here.pass(Duration::from_secs(3600));
    let token = &session.tokens.access_token;
    assert!(matches!(
        here.shown(token.expose()).await,
        Err(Refusal::ExpiredCredential)
    ));
    assert!(here.app.end_lapsed_session(token, &at(1)).await.expect("ended"));
    let refreshed = here.app.refresh(session.tokens.refresh_token.expose(), &at(1)).await;
    assert!(matches!(refreshed, Err(Refusal::SessionEnded)));
}
