//! Mail through somebody's HTTP endpoint: one signed POST a message, as JSON.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use event_store::Timestamp;
use reqwest::{Client, StatusCode, Url, redirect};

use super::{
    message::Message,
    transport::{MailTransport, SendError},
};
use crate::crypto::webhook_signature::WebhookKey;

/// The clock.
pub(crate) type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where to post, and the key that signs.
pub(crate) struct MailWebhookSettings {
    pub(crate) url: String,
    pub(crate) key: WebhookKey,
    /// From connecting to the end of the answer.
    pub(crate) timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MailWebhookRefused {
    #[error("the mail webhook's URL can't be read")]
    NotAUrl,
    #[error("the mail webhook must be https; http only on this machine")]
    NotEncrypted,
    #[error("no HTTP client could be made")]
    NoClient,
}

/// Posts `{id, letter, to, subject, text, html}` with the headers of Standard Webhooks.
pub(crate) struct MailWebhook {
    client: Client,
    url: Url,
    key: WebhookKey,
    now: Now,
}

impl MailWebhook {
    pub(crate) fn new(settings: MailWebhookSettings, now: Now) -> Result<Self, MailWebhookRefused> {
        let url: Url = settings.url.parse().map_err(|_| MailWebhookRefused::NotAUrl)?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            return Err(MailWebhookRefused::NotEncrypted);
        }
        // A redirect would carry a one-time link to a place nobody configured, and a proxy of the environment is one
        // too.
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(settings.timeout)
            .build();
        Ok(Self {
            client: client.map_err(|_| MailWebhookRefused::NoClient)?,
            url,
            key: settings.key,
            now,
        })
    }
}

#[async_trait]
impl MailTransport for MailWebhook {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let body = serde_json::to_vec(message).map_err(|_| SendError::Uncomposable)?;
        let (id, seconds) = (message.id().to_string(), (self.now)().seconds());
        let signature = self.key.sign(&id, seconds, &body);
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(answer) => judge(answer.status()),
            Err(error) if error.is_timeout() => Err(SendError::TimedOut),
            Err(_) => Err(SendError::Unreachable),
        }
    }
}

impl fmt::Debug for MailWebhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MailWebhook")
    }
}

fn judge(status: StatusCode) -> Result<(), SendError> {
    match status.as_u16() {
        200..=299 => Ok(()),
        later @ (408 | 425 | 429 | 500..=599) => Err(SendError::Later(later)),
        refused @ (400 | 413 | 422) => Err(SendError::Refused(refused)),
        elsewhere => Err(SendError::TurnedAway(elsewhere)),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests;
