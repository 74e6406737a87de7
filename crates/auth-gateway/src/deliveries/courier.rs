//! One receiver's courier: takes the lease, follows the log from where the receiver is, and tries each event until it is
//! taken. What a receiver refuses is tried again as long as it is configured.

use std::sync::Arc;
use std::time::Duration;

use event_store::{AppendError, Event, Position, Store};

use super::lease::Lease;
use super::{message, position};
use crate::clock::Clock;
use crate::config::settings::Delivery;
use crate::crypto::webhook_signature::WebhookKey;
use crate::telemetry::metrics::Metrics;

/// Between two looks at the lease: a third of its term.
const LOOK: Duration = Duration::from_secs(10);
/// After the first failure; doubled after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// After the database did not answer.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Courier {
    pub(super) receiver: Delivery,
    pub(super) key: WebhookKey,
    pub(super) client: reqwest::Client,
    pub(super) store: Store,
    pub(super) lease: Lease,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
}

/// Why an event was not taken. It holds nothing that the receiver said.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum NotTaken {
    #[error("the receiver can not be reached")]
    Unreachable,
    #[error("the receiver did not answer in time")]
    TimedOut,
    #[error("the receiver answered {0}")]
    Status(u16),
}

impl Courier {
    /// Never ends by itself.
    pub(super) async fn run(self) {
        let name = self.receiver.name.as_str();
        loop {
            self.show_backlog().await;
            let pause = match self.lease.take(self.clock.now()).await {
                Ok(true) => match self.deliver().await {
                    // Another gateway took over while this one stood still.
                    AppendError::RecordGone { .. } => LOOK,
                    error => {
                        tracing::warn!(delivery = name, %error, "deliveries pause");
                        PAUSE
                    }
                },
                Ok(false) => LOOK,
                Err(error) => {
                    tracing::warn!(delivery = name, %error, "deliveries pause");
                    PAUSE
                }
            };
            // After an error the lease may still be ours: it would be waited for in vain.
            self.lease.release(self.clock.now()).await;
            tokio::time::sleep(pause).await;
        }
    }

    /// Delivers until the lease is lost or the database does not answer, and says which.
    async fn deliver(&self) -> AppendError {
        let told = match position::told(&self.store, &self.receiver.name, self.clock.now()).await {
            Ok(told) => told.unwrap_or(0),
            Err(unavailable) => return unavailable.into(),
        };
        let mut subscription = self.store.subscribe(told);
        loop {
            let outcome = match tokio::time::timeout(LOOK, subscription.next()).await {
                Ok(Ok(events)) => self.tell_all(&events).await,
                Ok(Err(unavailable)) => Err(unavailable.into()),
                Err(_) => self.lease.renew(None, self.clock.now()).await,
            };
            if let Err(error) = outcome {
                return error;
            }
            self.show_backlog().await;
        }
    }

    /// What the receiver did not ask for is passed over; of what it did, each is noted as soon as it is taken.
    async fn tell_all(&self, events: &[Event]) -> Result<(), AppendError> {
        for event in events {
            if self.receiver.events.admits(&event.kind) {
                self.tell(event).await?;
                self.move_to(event.position).await?;
            }
        }
        match events.last() {
            Some(last) if !self.receiver.events.admits(&last.kind) => self.move_to(last.position).await,
            _ => Ok(()),
        }
    }

    /// Tries until the receiver takes it.
    async fn tell(&self, event: &Event) -> Result<(), AppendError> {
        let body = message::body(event);
        let mut wait = FIRST_WAIT;
        loop {
            self.lease.renew(None, self.clock.now()).await?;
            let Err(problem) = self.post(event, body.clone()).await else {
                return Ok(());
            };
            tracing::warn!(
                delivery = self.receiver.name.as_str(),
                position = event.position,
                wait_s = wait.as_secs(),
                %problem,
                "an event was not delivered and will be tried again"
            );
            self.show_backlog().await;
            self.wait(wait).await?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn post(&self, event: &Event, body: Vec<u8>) -> Result<(), NotTaken> {
        let (id, seconds) = (event.id.to_string(), self.clock.now().seconds());
        let signature = self.key.sign(&id, seconds, &body);
        let request = self
            .client
            .post(self.receiver.webhook.url.as_str())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(NotTaken::Status(answer.status().as_u16())),
            Err(error) if error.is_timeout() => Err(NotTaken::TimedOut),
            Err(_) => Err(NotTaken::Unreachable),
        }
    }

    /// Waits without letting the lease end.
    async fn wait(&self, mut left: Duration) -> Result<(), AppendError> {
        while !left.is_zero() {
            let nap = left.min(LOOK);
            tokio::time::sleep(nap).await;
            left -= nap;
            self.lease.renew(None, self.clock.now()).await?;
        }
        Ok(())
    }

    async fn move_to(&self, position: Position) -> Result<(), AppendError> {
        let moved = position::moved(&self.receiver.name, position);
        self.lease.renew(Some(moved), self.clock.now()).await
    }

    async fn show_backlog(&self) {
        let name = &self.receiver.name;
        if let Ok(Some(backlog)) = position::backlog(&self.store, name, self.clock.now()).await {
            self.metrics.delivery_backlog(name, backlog);
        }
    }
}
