//! Logins: what is answered without reading it is what the store has, and who waits for whom.

use super::*;
use crate::app::journal::Loaded;
use crate::app::log_in::Entry;
use crate::domain::ids::SessionId;
use crate::domain::login::LoginFailure;
use crate::domain::session::Session;
use crate::domain::user::LoginFact;
use identity_contract::AuthMethod;

async fn stored(here: &Installation, id: SessionId) -> Session {
    let loaded: Option<Loaded<Session>> = here.app.journal.load(id.stream()).await.expect("read");
    loaded.expect("it is there").state
}

#[tokio::test]
async fn the_session_of_an_answer_is_the_one_that_is_stored() {
    let here = Installation::new(|_| {}).await;
    for (platform, project) in [(Platform::Web, Some("a-project")), (Platform::Cli, None)] {
        let login = Login {
            email: OWNER.to_owned(),
            password: Password::new(PASSWORD.to_owned()).ok(),
            platform,
            client_id: Some("lanonasis-cli".parse().expect("a client's name")),
            project_scope: project.map(|name| name.parse().expect("a project's name")),
            cookie: platform == Platform::Web,
        };
        let caller = Caller {
            user_agent: Some("a browser".to_owned()),
            ..at(1)
        };
        let answered = here.app.log_in(login, &caller).await.expect("in");
        assert_eq!(answered.session, stored(&here, answered.session.id).await);
        here.pass(DAY);
    }
}

#[tokio::test]
async fn the_tokens_of_a_refresh_are_those_of_the_session_that_is_stored() {
    let here = Installation::new(|_| {}).await;
    let before = here.log_in(PASSWORD, 1).await.expect("in");
    here.pass(Duration::from_secs(60));
    let refresh_token = before.tokens.refresh_token.expose();
    let answered = here.app.refresh(refresh_token, &at(1)).await.expect("refreshed");
    let session = stored(&here, before.session.id).await;
    assert_eq!(session.generation, 2);
    let tokens = here.app.tokens.pair(&session, &before.account.user).expect("tokens");
    assert_eq!(answered.access_token.expose(), tokens.access_token.expose());
    assert_eq!(answered.refresh_token.expose(), tokens.refresh_token.expose());
}

#[tokio::test]
async fn a_wait_for_one_account_is_none_for_another_from_the_same_address() {
    let here = Installation::new(|settings| settings.lockout.per_pair.free_attempts = 1).await;
    let guess_at = async |email: &str| {
        let login = Login {
            email: email.to_owned(),
            password: Password::new("a guess of many".to_owned()).ok(),
            platform: Platform::Cli,
            client_id: None,
            project_scope: None,
            cookie: false,
        };
        here.app.log_in(login, &at(66)).await.err()
    };
    for email in [OWNER, "somebody@example.org", "nobody@example.org"] {
        let first = guess_at(email).await;
        assert!(matches!(first, Some(Refusal::InvalidCredentials)), "{email}: {first:?}");
        let second = guess_at(email).await;
        assert!(
            matches!(second, Some(Refusal::TooManyAttempts { .. })),
            "{email}: {second:?}"
        );
    }
}

#[tokio::test]
async fn a_login_beside_an_erasure_is_one_of_an_unknown_account() {
    let here = Installation::new(|_| {}).await;
    let now = here.clock.now();
    let before = here
        .app
        .user_by_email(&owner())
        .await
        .expect("read")
        .expect("the owner");
    let caller = at(1);
    here.app.erase_user(before.state.id, &caller).await.expect("erased");
    let fact = || LoginFact {
        method: AuthMethod::Password,
        client_id: None,
        platform: Platform::Web,
        device: caller.device(),
    };
    let failed = here.app.record_failure(
        Some(before.clone()),
        LoginFailure::WrongPassword,
        fact(),
        Vec::new(),
        &caller,
        now,
    );
    failed.await.expect("kept as that of an unknown account");
    let entry = Entry {
        login: fact(),
        project_scope: None,
        cookie: true,
        records: Vec::new(),
    };
    let opened = here.app.open_session(&before.state, entry, &caller, now).await;
    assert!(matches!(opened, Err(Refusal::InvalidCredentials)), "{:?}", opened.err());
}

#[tokio::test]
async fn whoever_asks_for_many_letters_at_once_is_answered_alike_for_every_address() {
    let here = Installation::new(|_| {}).await;
    for address in [OWNER, "nobody@example.org"] {
        let email: EmailAddress = address.parse().expect("an address");
        let caller = at(9);
        let answers = futures_util::future::join_all((0..40).map(|_| here.app.forgot_password(&email, &caller))).await;
        let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        assert!(refused.is_empty(), "{address}: {refused:?}");
    }
}
