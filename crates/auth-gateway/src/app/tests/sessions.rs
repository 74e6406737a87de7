//! Sessions over time: refreshed, idle, over, ended.

use super::*;

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
