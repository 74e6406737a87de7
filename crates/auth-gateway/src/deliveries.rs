//! What happened, told to webhooks: at least once, in order, never given up. How far a receiver is told is a record, so
//! whoever serves goes on from there; of several gateways one delivers to a receiver at a time.

mod courier;
mod lease;
mod message;
pub(crate) mod position;

use std::sync::Arc;
use std::time::Duration;

use event_store::Store;
use reqwest::redirect;
use secrecy::ExposeSecret as _;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::settings::Delivery;
use crate::crypto::webhook_signature::{UnusableSecret, WebhookKey};
use crate::telemetry::metrics::Metrics;
use courier::Courier;
use lease::Lease;

/// From connecting to the end of a receiver's answer. Shorter than a lease.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Deliveries could not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDelivering {
    #[error("the secret of the delivery `{name}`: {source}")]
    Secret { name: String, source: UnusableSecret },
    #[error("no HTTP client could be made")]
    NoClient,
    #[error(transparent)]
    Store(#[from] event_store::AppendError),
    #[error(transparent)]
    Unavailable(#[from] event_store::Unavailable),
}

/// Deliveries under way; they end when this is stopped or dropped.
pub(crate) struct Deliveries {
    couriers: Vec<(Lease, JoinHandle<()>)>,
    clock: Arc<dyn Clock>,
}

impl Deliveries {
    /// Starts one courier a receiver. A receiver who is new is told of what happens from now on.
    ///
    /// # Errors
    /// A secret is unusable, or the database does not answer.
    pub(crate) async fn start(
        receivers: &[Delivery],
        store: &Store,
        clock: &Arc<dyn Clock>,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, NotDelivering> {
        // A redirect would carry events to a place nobody configured, and a proxy of the environment is one too.
        let client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .build()
            .map_err(|_| NotDelivering::NoClient)?;
        let holder = Uuid::new_v4();
        let mut couriers = Vec::with_capacity(receivers.len());
        for receiver in receivers {
            position::enrol(store, &receiver.name, clock.now()).await?;
            let key = WebhookKey::from_secret(receiver.webhook.secret.expose_secret()).map_err(|source| {
                NotDelivering::Secret {
                    name: receiver.name.clone(),
                    source,
                }
            })?;
            let lease = Lease::new(store.clone(), &receiver.name, holder);
            let courier = Courier {
                receiver: receiver.clone(),
                key,
                client: client.clone(),
                store: store.clone(),
                lease: lease.clone(),
                clock: Arc::clone(clock),
                metrics: Arc::clone(metrics),
            };
            couriers.push((lease, tokio::spawn(courier.run())));
        }
        Ok(Self {
            couriers,
            clock: Arc::clone(clock),
        })
    }

    /// Ends them and gives the receivers free, so that the next gateway need not wait.
    pub(crate) async fn stop(mut self) {
        for (lease, courier) in std::mem::take(&mut self.couriers) {
            courier.abort();
            let _ = courier.await;
            lease.release(self.clock.now()).await;
        }
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        for (_, courier) in &self.couriers {
            courier.abort();
        }
    }
}
