//! Links in letters over time.

use super::*;

#[tokio::test]
async fn a_reset_link_is_void_after_an_hour() {
    let here = Installation::new(|_| {}).await;
    let link = here.reset_link().await;
    here.pass(Duration::from_secs(3600));
    let late = here
        .app
        .reset_password(&link, password("eleven brown bears"), &at(9))
        .await;
    assert!(matches!(late, Err(Refusal::LinkExpired)), "{late:?}");
    let link = here.reset_link().await;
    here.pass(Duration::from_secs(3599));
    here.app
        .reset_password(&link, password("eleven brown bears"), &at(9))
        .await
        .expect("in time");
}
