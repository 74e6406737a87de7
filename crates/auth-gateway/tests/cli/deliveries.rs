//! A receiver of what happened, which fails at first.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Router, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::installation::{Installation, eventually};

const SECRET: &str = "a secret of at least 24 bytes";

/// What came in, in the order it came.
#[derive(Clone, Default)]
struct Receiver {
    failures_left: Arc<Mutex<u32>>,
    refused: Arc<Mutex<Vec<Told>>>,
    taken: Arc<Mutex<Vec<Told>>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Told {
    id: String,
    body: Value,
}

impl Receiver {
    async fn listening(self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let router = Router::new().route("/hook", post(take)).with_state(self);
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/hook")
    }

    fn taken(&self) -> Vec<Told> {
        self.taken.lock().expect("not poisoned").clone()
    }

    fn kinds(&self) -> Vec<String> {
        let kind = |told: &Told| told.body["type"].as_str().expect("a kind").to_owned();
        self.taken().iter().map(kind).collect()
    }

    fn refuse(&self, times: u32) {
        *self.failures_left.lock().expect("not poisoned") = times;
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers[name].to_str().expect("ASCII").to_owned();
    let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes())));
    assert_eq!(header("webhook-signature"), signature);
    let told = Told {
        id: header("webhook-id"),
        body: serde_json::from_str(&body).expect("JSON"),
    };
    let mut left = receiver.failures_left.lock().expect("not poisoned");
    if *left > 0 {
        *left -= 1;
        receiver.refused.lock().expect("not poisoned").push(told);
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    receiver.taken.lock().expect("not poisoned").push(told);
    StatusCode::NO_CONTENT
}

fn installation(url: &str) -> Installation {
    let deliveries = format!(
        "deliveries:\n  - name: crm\n    url: {url}\n    secret: {{ secret: CRM_SECRET }}\n    events: [user.*]\n"
    );
    let installation = Installation::configured(&deliveries).with_variable("CRM_SECRET", SECRET);
    installation.done(&["migrate"]);
    installation
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_refuses_is_told_again_in_order() {
    let receiver = Receiver::default();
    receiver.refuse(2);
    let installation = installation(&receiver.clone().listening().await);
    let serving = installation.serve();
    let id = installation.user("ada@example.org");
    installation.done(&["users", "disable", &id]);
    installation.done(&["users", "enable", &id]);
    eventually("all events", || (receiver.taken().len() >= 4).then_some(())).await;
    assert_eq!(
        receiver.kinds(),
        ["user.registered", "user.password_set", "user.disabled", "user.enabled"]
    );
    let refused = receiver.refused.lock().expect("not poisoned").clone();
    assert_eq!(refused, [receiver.taken()[0].clone(), receiver.taken()[0].clone()]);
    let first = &receiver.taken()[0].body;
    assert_eq!(first["data"]["stream"]["id"], id.as_str());
    assert!(
        !first.to_string().contains("ada@example.org") && first["data"].get("sealed").is_none(),
        "{first}"
    );
    serving.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_nobody_served_is_told_later_and_shown_by_doctor() {
    let receiver = Receiver::default();
    let installation = installation(&receiver.clone().listening().await);
    let serving = installation.serve();
    let id = installation.user("ada@example.org");
    eventually("two events", || (receiver.taken().len() == 2).then_some(())).await;
    serving.terminate();

    installation.done(&["users", "disable", &id]);
    let doctor = installation.done(&["doctor"]);
    assert!(
        doctor.contains("delivery crm") && doctor.contains("wait for it"),
        "{doctor}"
    );
    let serving = installation.serve();
    eventually("the third event", || (receiver.taken().len() >= 3).then_some(())).await;
    assert_eq!(
        receiver.kinds(),
        ["user.registered", "user.password_set", "user.disabled"]
    );
    eventually("no backlog", || {
        installation
            .done(&["doctor"])
            .contains("it has everything")
            .then_some(())
    })
    .await;
    serving.terminate();
}
