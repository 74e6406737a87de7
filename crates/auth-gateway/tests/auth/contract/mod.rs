//! `/v1/auth`, as clients in the field depend on it, and what it must refuse.

mod bodies;
mod credentials;
mod enumeration;
mod enumeration_time;
mod first_administrator;
mod forged_tokens;
mod introspect;
mod key_rotation;
mod links;
mod lockout;
mod login;
mod logout;
mod nobody_special;
mod own_origin;
mod passwords;
mod project_scope;
mod queries;
mod refresh;
mod resolve;
mod sessions;
mod secrets;
mod several_gateways;
mod sign_up;
mod signing_keys;

use crate::support::gateway::{Answer, Client, PASSWORD, answer};
use reqwest::Method;
use serde_json::{Value, json};

/// `lanonasis_session=…` and `lanonasis_user=…`, whole lines, in this order.
fn cookies(answer: &Answer) -> Vec<String> {
    let lines = answer.headers.get_all("set-cookie").iter();
    lines.map(|line| line.to_str().expect("ASCII").to_owned()).collect()
}

/// What the session cookie of an answer holds.
fn handle(answer: &Answer) -> String {
    let line = cookies(answer).into_iter().next().expect("a session cookie");
    let value = line
        .strip_prefix("lanonasis_session=")
        .expect("the session cookie first");
    value.split(';').next().expect("a value").to_owned()
}

/// A browser signs in; its cookie's handle.
async fn browser(client: &Client, email: &str) -> String {
    let signed_in = client
        .post("/v1/auth/login", json!({"email": email, "password": PASSWORD}))
        .await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text);
    handle(&signed_in)
}

/// A request with the cookie.
async fn with_cookie(client: &Client, method: Method, path: &str, handle: &str) -> Answer {
    let cookie = format!("lanonasis_user=x; lanonasis_session={handle}");
    answer(client.request(method, path).header("cookie", cookie)).await
}

async fn with_bearer(client: &Client, method: Method, path: &str, token: &str) -> Answer {
    answer(client.request(method, path).bearer_auth(token)).await
}

/// `status` and `code` of a refusal.
pub(crate) fn refusal(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.code())
}

/// The claims of a token, believed without a look at its signature.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

pub(crate) fn part(token: &str, index: usize) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}
