//! How long assertions for upstreams last: never longer than the credential they are about, and none is made of one that has
//! ended.

use identity_contract::Assertion;

use super::*;
use crate::app::api_keys::NewKey;
use crate::crypto::api_key_text::ApiKeyText;
use crate::domain::session::EndReason;

const MEMORY: &str = "https://memory.example.org";
const MCP: &str = "https://mcp.example.org";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn token(session: &LoggedIn) -> Shown {
    Shown::Token(SecretText::new(session.tokens.access_token.expose().to_owned()))
}

fn handle(session: &LoggedIn) -> Shown {
    let handle = session.handle.as_ref().expect("a cookie");
    Shown::Handle(SecretText::new(handle.expose().to_owned()))
}

async fn key(here: &Installation, expires_in: Option<Duration>) -> Shown {
    let owner = here.app.user_named(OWNER).await.expect("there").state;
    let wish = NewKey {
        name: "of a program".to_owned(),
        expires_in,
        ..NewKey::default()
    };
    let made: (_, ApiKeyText) = here.app.create_key(&owner, wish, &at(1)).await.expect("made");
    Shown::ApiKey(SecretText::new(made.1.expose().to_owned()))
}

async fn assertion(here: &Installation, shown: &Shown, audience: &str) -> Assertion {
    let known = here.app.resolve(shown).await.expect("it is good");
    here.app.assertion(&known, audience).expect("made")
}

/// For how many seconds it is good from now on.
fn lasts(here: &Installation, assertion: &Assertion) -> i64 {
    assertion.expires_at.unix_seconds() - here.clock.now().seconds()
}

#[tokio::test]
async fn an_assertion_about_a_token_ends_with_it() {
    let here = Installation::new(|settings| settings.tokens.access_ttl = seconds(60)).await;
    let shown = token(&here.log_in(PASSWORD, 1).await.expect("in"));
    assert_eq!(lasts(&here, &assertion(&here, &shown, MEMORY).await), 60);
    here.pass(seconds(40));
    for audience in [MEMORY, MCP] {
        let assertion = assertion(&here, &shown, audience).await;
        assert_eq!(lasts(&here, &assertion), 20, "{audience}");
    }
    here.pass(seconds(20));
    assert!(matches!(
        here.app.resolve(&shown).await,
        Err(Refusal::ExpiredCredential)
    ));
}

#[tokio::test]
async fn an_assertion_about_a_key_ends_with_it_and_is_handed_out_again_for_half_its_lifetime() {
    let here = Installation::new(|settings| settings.tokens.assertion_ttl = seconds(300)).await;
    let shown = key(&here, Some(seconds(400))).await;
    let first = assertion(&here, &shown, MEMORY).await;
    assert_eq!(lasts(&here, &first), 300);
    here.pass(seconds(149));
    assert_eq!(
        assertion(&here, &shown, MEMORY).await.token.expose(),
        first.token.expose()
    );
    here.pass(seconds(1));
    assert_eq!(lasts(&here, &assertion(&here, &shown, MEMORY).await), 250);
    here.pass(seconds(249));
    assert_eq!(lasts(&here, &assertion(&here, &shown, MCP).await), 1);
    here.pass(seconds(1));
    assert!(matches!(
        here.app.resolve(&shown).await,
        Err(Refusal::ExpiredCredential)
    ));
}

#[tokio::test]
async fn an_assertion_about_a_session_ends_where_it_would_be_idle_or_over() {
    let here = Installation::new(|settings| {
        settings.sessions.idle = seconds(120);
        settings.sessions.absolute = seconds(200);
    })
    .await;
    let session = here.log_in(PASSWORD, 1).await.expect("in");
    for shown in [token(&session), handle(&session)] {
        assert_eq!(lasts(&here, &assertion(&here, &shown, MEMORY).await), 120, "idle");
    }
    here.pass(seconds(100));
    assert_eq!(
        lasts(&here, &assertion(&here, &handle(&session), MCP).await),
        100,
        "over"
    );
}

/// Each was asserted just before, and the assertion is remembered.
#[tokio::test]
async fn nothing_is_asserted_of_a_session_that_was_ended_or_of_an_erased_user() {
    let here = Installation::new(|_| {}).await;
    let (ended, other) = (
        here.log_in(PASSWORD, 1).await.expect("in"),
        here.log_in(PASSWORD, 2).await.expect("in"),
    );
    let key = key(&here, None).await;
    let of_ended = [token(&ended), handle(&ended)];
    let of_user = [token(&other), handle(&other), key];
    for shown in of_ended.iter().chain(&of_user) {
        assertion(&here, shown, MEMORY).await;
    }
    let id = ended.session.id;
    let reason = EndReason::ByAdministrator;
    here.app.end_session(id, None, reason, &at(9)).await.expect("ended");
    let is_nobody = async |shown: &Shown| {
        let resolved = here.app.resolve(shown).await;
        matches!(resolved, Err(Refusal::SessionEnded | Refusal::InvalidCredential))
    };
    for shown in &of_ended {
        assert!(is_nobody(shown).await, "{shown:?}");
    }
    for shown in &of_user {
        assertion(&here, shown, MEMORY).await;
    }
    let owner = here.app.user_named(OWNER).await.expect("there").state.id;
    here.app.erase_user(owner, &at(9)).await.expect("erased");
    for shown in &of_user {
        assert!(is_nobody(shown).await, "{shown:?}");
    }
}
