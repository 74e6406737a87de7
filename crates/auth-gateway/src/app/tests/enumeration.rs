//! What an answer costs: as many hashes and writes, whether there is an account or not.

use super::*;

/// Transactions that the database has committed: frames of its write-ahead log which end one
/// (<https://www.sqlite.org/fileformat.html#walformat>).
fn commits(here: &Installation) -> usize {
    const HEADER: usize = 32;
    const FRAME_HEADER: usize = 24;
    let wal = std::fs::read(here.folder.path().join("auth.db-wal")).expect("a write-ahead log");
    let number = |at: usize| u32::from_be_bytes(wal[at..at + 4].try_into().expect("four bytes"));
    let frame = FRAME_HEADER + usize::try_from(number(8)).expect("a page");
    let frames = (HEADER..wal.len()).step_by(frame);
    frames.filter(|start| number(start + 4) != 0).count()
}

fn letters(here: &Installation) -> usize {
    here.letters.0.lock().expect("not poisoned").len()
}

async fn cost(here: &Installation, ask: impl AsyncFnOnce()) -> (usize, usize) {
    let (hashes, before) = (here.app.passwords.done(), commits(here));
    ask().await;
    (here.app.passwords.done() - hashes, commits(here) - before)
}

#[tokio::test]
async fn as_much_is_hashed_and_written_whoever_is_asked_about() {
    let here = Installation::new(|_| {}).await;
    let unverified: EmailAddress = "unverified@example.org".parse().expect("an address");
    let sign_up = async |email: &EmailAddress| {
        let wish = password("another password 12");
        here.app
            .sign_up(email.clone(), wish, None, &at(1))
            .await
            .expect("accepted");
    };
    let first = cost(&here, async || sign_up(&unverified).await).await;
    assert_eq!(first, (1, 2), "somebody new: the postage, and the account");
    let unknown: EmailAddress = "nobody@example.org".parse().expect("an address");
    for (number, email) in [&owner(), &unverified, &unknown].into_iter().enumerate() {
        let place = u8::try_from(number).expect("small");
        let forgot = cost(&here, async || {
            here.app.forgot_password(email, &at(2)).await.expect("accepted");
        })
        .await;
        assert_eq!(forgot, (0, 2), "a forgotten password of {}", email.as_str());
        let again = cost(&here, async || {
            here.app.verify_email_again(email, &at(3)).await.expect("accepted");
        })
        .await;
        assert_eq!(again, (0, 2), "another letter to {}", email.as_str());
        let login = cost(&here, async || {
            let login = Login {
                email: email.as_str().to_owned(),
                password: Password::new("a guess of many".to_owned()).ok(),
                platform: Platform::Cli,
                client_id: None,
                project_scope: None,
                cookie: false,
            };
            let refused = here.app.log_in(login, &at(10 + place)).await;
            assert!(matches!(refused, Err(Refusal::InvalidCredentials)));
        })
        .await;
        assert_eq!(login, (1, 1), "a guess at {}", email.as_str());
    }
    for email in [&owner(), &unverified, &unknown] {
        let before = letters(&here);
        assert_eq!(
            cost(&here, async || sign_up(email).await).await,
            first,
            "signing up {}",
            email.as_str()
        );
        while letters(&here) == before {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn an_answer_costs_one_hash_whoever_is_asked_about() {
    let here = Installation::new(|_| {}).await;
    let before = here.app.passwords.done();
    let cost = |since: usize| here.app.passwords.done() - since;
    let long = "x".repeat(5000);
    for (number, email) in [OWNER, "nobody@example.org", "no address"].into_iter().enumerate() {
        for (place, text) in ["a guess of many", "short", &long].into_iter().enumerate() {
            let since = here.app.passwords.done();
            let login = Login {
                email: email.to_owned(),
                password: Password::new(text.to_owned()).ok(),
                platform: Platform::Cli,
                client_id: None,
                project_scope: None,
                cookie: false,
            };
            let from = u8::try_from(number * 10 + place).expect("small");
            let refused = here.app.log_in(login, &at(from)).await;
            assert!(matches!(refused, Err(Refusal::InvalidCredentials)));
            assert_eq!(cost(since), 1, "{email} {}", text.len());
        }
    }
    for email in [OWNER, "somebody-new@example.org"] {
        let since = here.app.passwords.done();
        let address: EmailAddress = email.parse().expect("an address");
        here.app
            .sign_up(address.clone(), password("another password 12"), None, &at(9))
            .await
            .expect("accepted");
        assert_eq!(cost(since), 1, "signing up {email}");
        here.app.forgot_password(&address, &at(9)).await.expect("accepted");
        assert_eq!(cost(since), 1, "asking for a letter costs none");
    }
    assert_eq!(cost(before), 11);
}
