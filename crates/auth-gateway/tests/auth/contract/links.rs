//! Links in letters: machines that look at them use nothing up, and people use them once.

use super::refusal;
use crate::support::eventually;
use crate::support::gateway::{PASSWORD, answer, letters, new_address, shared};
use reqwest::Method;
use serde_json::json;

async fn link() -> String {
    let gateway = shared().await;
    let email = new_address();
    let body = json!({"email": email, "password": PASSWORD});
    assert_eq!(gateway.client().post("/v1/auth/signup", body).await.status, 202);
    format!(
        "/v1/auth/verify-email?token={}",
        gateway.token_in_letter_to(&email).await
    )
}

#[tokio::test]
async fn a_scanner_s_head_uses_no_link_up() {
    let (link, client) = (link().await, shared().await.client());
    let looked = answer(client.request(Method::HEAD, &link)).await;
    assert_eq!(looked.status, 405);
    assert_eq!(looked.header("allow"), Some("GET"));
    assert_eq!(client.get(&link).await.status, 200);
    assert_eq!(refusal(&client.get(&link).await), (400, "INVALID_CODE"));
}

/// Both to one address that nobody has verified yet.
async fn links_of_two_letters() -> [String; 2] {
    let gateway = shared().await;
    let (client, email) = (gateway.client(), new_address());
    let body = json!({"email": email, "password": PASSWORD});
    assert_eq!(client.post("/v1/auth/signup", body).await.status, 202);
    let first = gateway.token_in_letter_to(&email).await;
    let again = client
        .post("/v1/auth/verify-email/resend", json!({"email": email}))
        .await;
    assert_eq!(again.status, 200, "{}", again.text);
    eventually(|| (letters(&gateway.data.join("spool"), &email).len() == 2).then_some(())).await;
    let second = gateway.token_in_letter_to(&email).await;
    [first, second].map(|token| format!("/v1/auth/verify-email?token={token}"))
}

#[tokio::test]
async fn the_link_of_another_letter_is_used_up_too() {
    let client = shared().await.client();
    let [first, second] = links_of_two_letters().await;
    for (link, status) in [(&first, 200), (&second, 200), (&second, 400), (&first, 400)] {
        let followed = client.get(link).await;
        assert_eq!(followed.status, status, "{}", followed.text);
    }
}

/// Twenty follow it at once: of how many it is told that it worked, and nobody is told anything but that or that it is void.
async fn worked(link: &str) -> usize {
    let gateway = shared().await;
    let followed = (0..20).map(async |_| gateway.client().get(link).await.status.as_u16());
    let statuses = futures_util::future::join_all(followed).await;
    assert!(
        statuses.iter().all(|status| [200, 400].contains(status)),
        "{statuses:?}"
    );
    statuses.iter().filter(|status| **status == 200).count()
}

#[tokio::test]
async fn of_many_who_follow_one_link_at_once_one_verifies() {
    assert_eq!(worked(&link().await).await, 1);
}

#[tokio::test]
async fn of_many_who_follow_the_link_of_another_letter_at_once_one_uses_it_up() {
    let [first, second] = links_of_two_letters().await;
    assert_eq!(shared().await.client().get(&first).await.status, 200);
    assert_eq!(worked(&second).await, 1);
}
