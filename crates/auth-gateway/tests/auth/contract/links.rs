//! Links in letters: machines that look at them use nothing up.

use super::refusal;
use crate::support::gateway::{PASSWORD, answer, new_address, shared};
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
