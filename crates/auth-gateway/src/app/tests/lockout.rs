//! How long guessing waits, and who waits.

use super::*;

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
