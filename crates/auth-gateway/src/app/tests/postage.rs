//! How many letters an address is sent.

use super::*;

/// How many were sent, when none waits any more.
async fn sent(here: &Installation, at_least: usize) -> usize {
    let sent = || here.letters.0.lock().expect("not poisoned").len();
    while here.app.mail.waiting() > 0 || sent() < at_least {
        tokio::task::yield_now().await;
    }
    sent()
}

#[tokio::test]
async fn an_address_is_sent_a_few_letters_an_hour_however_often_somebody_asks() {
    let here = Installation::new(|_| {}).await;
    let unverified: EmailAddress = "unverified@example.org".parse().expect("an address");
    for place in 0..30 {
        let wish = password("another password 12");
        here.app
            .sign_up(unverified.clone(), wish, None, &at(place))
            .await
            .expect("accepted");
        here.app.forgot_password(&owner(), &at(place)).await.expect("accepted");
        here.app
            .verify_email_again(&unverified, &at(place))
            .await
            .expect("accepted");
    }
    assert_eq!(sent(&here, 15).await, 15, "five for each of the three ways to ask");
    here.pass(Duration::from_secs(3600));
    here.app.forgot_password(&owner(), &at(1)).await.expect("accepted");
    assert_eq!(sent(&here, 16).await, 16, "an hour later it may be sent others");
    for _ in 0..10 {
        here.app
            .forgot_password(&owner(), &Caller::operator())
            .await
            .expect("sent");
    }
    assert_eq!(sent(&here, 26).await, 26, "an operator means it");
}
