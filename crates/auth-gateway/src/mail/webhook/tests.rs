use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::post,
};
use event_store::Timestamp;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Mutex};
use uuid::Uuid;

use super::{MailWebhook, MailWebhookRefused, MailWebhookSettings};
use crate::{
    crypto::webhook_signature::WebhookKey,
    mail::{
        message::{Content, Message},
        transport::{MailTransport as _, SendError},
    },
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What a receiver got, and the status it answers with.
#[derive(Clone)]
struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answer: Arc<Mutex<StatusCode>>,
    url: String,
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    receiver.got.lock().await.push((headers, body));
    let answer = *receiver.answer.lock().await;
    (answer, [(header::LOCATION, "/mail")], "ada@example.org is unknown")
}

async fn receiver() -> Receiver {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mail", listener.local_addr().unwrap());
    let receiver = Receiver {
        got: Arc::default(),
        answer: Arc::new(Mutex::new(StatusCode::OK)),
        url,
    };
    let router = Router::new().route("/mail", post(receive)).with_state(receiver.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    receiver
}

fn webhook(url: &str, timeout: Duration) -> Result<MailWebhook, MailWebhookRefused> {
    let settings = MailWebhookSettings {
        url: url.to_owned(),
        key: WebhookKey::from_secret(SECRET).unwrap(),
        timeout,
    };
    MailWebhook::new(settings, Arc::new(|| Timestamp(1_700_000_000_999)))
}

fn message() -> Message {
    let content = Content {
        letter: "test",
        subject: "Hello".into(),
        text: "text".into(),
        html: "<p>hello</p>".into(),
    };
    Message::new(
        Uuid::from_u128(1),
        "ada@example.org",
        content,
        Timestamp(1_600_000_000_000),
    )
    .unwrap()
}

#[tokio::test]
async fn a_message_arrives_signed_with_the_time_of_sending() {
    let receiver = receiver().await;
    webhook(&receiver.url, Duration::from_secs(10))
        .unwrap()
        .send(&message())
        .await
        .unwrap();
    let got = receiver.got.lock().await;
    let (headers, body) = &got[0];
    let id = "00000000-0000-0000-0000-000000000001";
    assert_eq!(
        (
            headers["webhook-id"].to_str().unwrap(),
            headers["webhook-timestamp"].to_str().unwrap()
        ),
        (id, "1700000000")
    );
    let expected = WebhookKey::from_secret(SECRET).unwrap().sign(id, 1_700_000_000, body);
    assert_eq!(headers["webhook-signature"].to_str().unwrap(), expected);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(
        serde_json::from_slice::<Value>(body).unwrap(),
        json!({"id": id, "letter": "test", "to": "ada@example.org", "subject": "Hello", "text": "text", "html": "<p>hello</p>"})
    );
}

#[tokio::test]
async fn the_answer_decides_whether_to_try_again_and_redirects_are_not_followed() {
    let receiver = receiver().await;
    let webhook = webhook(&receiver.url, Duration::from_secs(10)).unwrap();
    let cases = [
        (204, Ok(())),
        (500, Err(SendError::Later(500))),
        (503, Err(SendError::Later(503))),
        (429, Err(SendError::Later(429))),
        (400, Err(SendError::Refused(400))),
        (422, Err(SendError::Refused(422))),
        (401, Err(SendError::TurnedAway(401))),
        (410, Err(SendError::TurnedAway(410))),
        (307, Err(SendError::TurnedAway(307))),
        (308, Err(SendError::TurnedAway(308))),
    ];
    for (status, expected) in cases {
        *receiver.answer.lock().await = StatusCode::from_u16(status).unwrap();
        assert_eq!(webhook.send(&message()).await, expected, "{status}");
    }
    assert_eq!(receiver.got.lock().await.len(), cases.len());
}

#[tokio::test]
async fn a_receiver_that_is_not_there_or_hangs_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging = format!("http://{}/mail", listener.local_addr().unwrap());
    let timed_out = webhook(&hanging, Duration::from_millis(200))
        .unwrap()
        .send(&message())
        .await;
    assert_eq!(timed_out, Err(SendError::TimedOut));
    drop(listener);
    let unreachable = webhook(&hanging, Duration::from_secs(10))
        .unwrap()
        .send(&message())
        .await;
    assert_eq!(unreachable, Err(SendError::Unreachable));
    assert!(SendError::TimedOut.is_retryable() && SendError::Unreachable.is_retryable());
}

#[test]
fn only_encrypted_or_local_receivers_are_accepted() {
    for url in [
        "https://mail.example.org/hook",
        "http://127.0.0.1:1/mail",
        "http://localhost/mail",
        "http://[::1]/mail",
    ] {
        webhook(url, Duration::from_secs(1)).unwrap();
    }
    let cases = [
        ("http://mail.example.org/hook", MailWebhookRefused::NotEncrypted),
        ("http://127.0.0.1.example.org/", MailWebhookRefused::NotEncrypted),
        ("ftp://localhost/", MailWebhookRefused::NotEncrypted),
        ("mail", MailWebhookRefused::NotAUrl),
    ];
    for (url, expected) in cases {
        assert_eq!(webhook(url, Duration::from_secs(1)).unwrap_err(), expected, "{url}");
    }
}
