//! Passwords forgotten, chosen anew, and changed.

use super::{browser, refusal, with_cookie};
use crate::support::eventually;
use crate::support::gateway::{ISSUER, PASSWORD, Person, Served, letters, shared};
use reqwest::Method;
use serde_json::json;

const NEW: &str = "eleven brown bears 20";

/// The newest reset token for the address, after asking for one more.
async fn ask(gateway: &Served, email: &str) -> String {
    let spool = gateway.data.join("spool");
    let resets = || {
        letters(&spool, email)
            .into_iter()
            .filter(|letter| letter.contains("/web/reset-password?token="))
    };
    let before = resets().count();
    let answer = gateway
        .client()
        .post("/v1/auth/password/forgot", json!({"email": email}))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.fields("")),
        (200, vec!["message".to_owned(), "success".to_owned()])
    );
    let letter = eventually(|| resets().nth(before)).await;
    let (_, rest) = letter
        .split_once(&format!("{ISSUER}/web/reset-password?token="))
        .expect("a link to the issuer");
    rest.chars()
        .take_while(|&c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        .collect()
}

async fn login_status(gateway: &Served, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    gateway.client().post("/v1/auth/login", body).await.status.as_u16()
}

#[tokio::test]
async fn a_reset_works_once_and_ends_every_session() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let handle = browser(&person.client, &person.email).await;
    let token = ask(gateway, &person.email).await;
    let weak = json!({"token": token, "password": "password"});
    assert_eq!(
        refusal(&gateway.client().post("/v1/auth/password/reset", weak).await),
        (400, "WEAK_PASSWORD")
    );
    let body = json!({"token": token, "password": NEW});
    let reset = gateway.client().post("/v1/auth/password/reset", body.clone()).await;
    assert_eq!(
        reset.status, 200,
        "a refused password does not use the link up: {}",
        reset.text
    );
    assert!(reset.header("set-cookie").is_none(), "a reset signs nobody in");
    let again = gateway.client().post("/v1/auth/password/reset", body).await;
    assert_eq!(refusal(&again), (400, "INVALID_CODE"));

    assert_eq!(refusal(&person.get("/v1/auth/me").await), (401, "SESSION_INVALID"));
    let check = with_cookie(&person.client, Method::GET, "/v1/auth/session/check", &handle).await;
    assert_eq!(check.body["authenticated"], false);
    let refresh = json!({"refresh_token": person.refresh_token});
    assert_eq!(person.client.post("/v1/auth/refresh", refresh).await.status, 401);
    assert_eq!(login_status(gateway, &person.email, PASSWORD).await, 401);
    assert_eq!(login_status(gateway, &person.email, NEW).await, 200);
    // And its owner is told.
    eventually(|| {
        let all = letters(&gateway.data.join("spool"), &person.email);
        all.iter()
            .any(|letter| letter.contains("/web/forgot-password"))
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_reset_voids_the_links_that_were_sent_before() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let first = ask(gateway, &person.email).await;
    let second = ask(gateway, &person.email).await;
    let reset = async |token: &str, password: &str| {
        let body = json!({"token": token, "password": password});
        gateway.client().post("/v1/auth/password/reset", body).await
    };
    assert_eq!(reset(&second, NEW).await.status, 200);
    assert_eq!(
        refusal(&reset(&first, "a thief's choice 66").await),
        (400, "INVALID_CODE")
    );
    assert_eq!(login_status(gateway, &person.email, NEW).await, 200);
}

#[tokio::test]
async fn a_link_can_not_be_used_twice_at_once() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let token = ask(gateway, &person.email).await;
    let passwords: Vec<String> = (0..8).map(|number| format!("chosen in a race {number}")).collect();
    let tried = passwords.iter().map(async |password| {
        let body = json!({"token": token, "password": password});
        gateway
            .client()
            .post("/v1/auth/password/reset", body)
            .await
            .status
            .as_u16()
    });
    let statuses = futures_util::future::join_all(tried).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_reset_lets_an_owner_in_whose_password_was_guessed_at() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let client = gateway.client();
    for _ in 0..7 {
        client
            .post(
                "/v1/auth/login",
                json!({"email": person.email, "password": "a guess of many 77"}),
            )
            .await;
    }
    let token = ask(gateway, &person.email).await;
    let body = json!({"token": token, "password": NEW});
    assert_eq!(client.post("/v1/auth/password/reset", body).await.status, 200);
    Person::log_in(client, &person.email, NEW).await;
}

#[tokio::test]
async fn a_change_needs_the_current_password_and_keeps_this_session_alone() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let other = Person::log_in(gateway.client(), &person.email, PASSWORD).await;
    let link = ask(gateway, &person.email).await;
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        person.post("/v1/auth/password/change", body).await
    };
    assert_eq!(
        refusal(&change("not it at all", NEW).await),
        (401, "AUTH_INVALID_CREDENTIALS")
    );
    assert_eq!(refusal(&change(PASSWORD, "12345678").await), (400, "WEAK_PASSWORD"));
    let changed = change(PASSWORD, NEW).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(person.get("/v1/auth/me").await.status, 200);
    assert_eq!(refusal(&other.get("/v1/auth/me").await), (401, "SESSION_INVALID"));
    assert_eq!(login_status(gateway, &person.email, PASSWORD).await, 401);
    assert_eq!(login_status(gateway, &person.email, NEW).await, 200);
    let body = json!({"token": link, "password": "from an old letter 3"});
    let late = gateway.client().post("/v1/auth/password/reset", body).await;
    assert_eq!(
        refusal(&late),
        (400, "INVALID_CODE"),
        "links from before the change are void"
    );
}

#[tokio::test]
async fn the_current_password_is_not_guessed_with_a_stolen_session() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let body = json!({"current_password": "a guess of many 77", "new_password": NEW});
        statuses.push(person.post("/v1/auth/password/change", body).await.status.as_u16());
    }
    assert_eq!(statuses[..6], [401, 401, 401, 401, 401, 429]);
}

#[tokio::test]
async fn letters_go_to_the_address_of_the_account_and_not_to_what_was_typed() {
    let gateway = shared().await;
    gateway.register("kelvin@example.org").await;
    // The sign of the unit folds to the letter, and is another mailbox.
    let typed = "\u{212a}elvin@example.org";
    let spool = gateway.data.join("spool");
    let before = letters(&spool, "kelvin@example.org").len();
    let forgot = json!({"email": typed});
    assert_eq!(
        gateway.client().post("/v1/auth/password/forgot", forgot).await.status,
        200
    );
    let sign_up = json!({"email": typed, "password": NEW});
    assert_eq!(gateway.client().post("/v1/auth/signup", sign_up).await.status, 202);
    eventually(|| (letters(&spool, "kelvin@example.org").len() == before + 2).then_some(())).await;
}

#[tokio::test]
async fn who_signed_up_first_with_another_s_address_has_no_password_to_it() {
    let gateway = shared().await;
    let email = crate::support::gateway::new_address();
    let sign_up = async |password: &str| {
        let body = json!({"email": email, "password": password});
        assert_eq!(gateway.client().post("/v1/auth/signup", body).await.status, 202);
    };
    sign_up("the squatter's own 1").await;
    gateway.token_in_letter_to(&email).await;
    sign_up("the owner's own 22").await;
    let link = eventually(|| {
        let all = letters(&gateway.data.join("spool"), &email);
        let (_, rest) = all.last()?.split_once("/web/reset-password?token=")?;
        Some(rest.split_whitespace().next()?.to_owned())
    })
    .await;
    let token: String = link
        .chars()
        .take_while(|&c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        .collect();
    let body = json!({"token": token, "password": NEW});
    assert_eq!(gateway.client().post("/v1/auth/password/reset", body).await.status, 200);
    assert_eq!(login_status(gateway, &email, "the squatter's own 1").await, 401);
    assert_eq!(login_status(gateway, &email, NEW).await, 200);
}

#[tokio::test]
async fn of_two_changes_at_once_with_one_password_one_counts() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let other = Person::log_in(gateway.client(), &person.email, PASSWORD).await;
    let change = async |who: &Person, new: &str| {
        let body = json!({"current_password": PASSWORD, "new_password": new});
        who.post("/v1/auth/password/change", body).await.status.as_u16()
    };
    let second = "twelve brown bears 20";
    let statuses: [u16; 2] = tokio::join!(change(&person, NEW), change(&other, second)).into();
    let (kept, lost, (winner, loser)) = match statuses {
        [200, _] => (NEW, second, (&person, &other)),
        _ => (second, NEW, (&other, &person)),
    };
    let mut sorted = statuses;
    sorted.sort_unstable();
    assert_eq!(sorted, [200, 409]);
    assert_eq!(login_status(gateway, &person.email, kept).await, 200);
    assert_eq!(login_status(gateway, &person.email, lost).await, 401);
    assert_eq!(winner.get("/v1/auth/me").await.status, 200);
    assert_eq!(refusal(&loser.get("/v1/auth/me").await), (401, "SESSION_INVALID"));
}
