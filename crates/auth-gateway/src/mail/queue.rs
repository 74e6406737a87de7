//! Mail on its way, in memory: a request puts a message down and goes on at once, whatever the mail server does. What
//! must survive a restart is written down by whoever calls `MailTransport::send` itself.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, mpsc},
    task::{JoinHandle, JoinSet},
};

use super::{
    message::Message,
    transport::{MailTransport, SendError},
};

/// How much mail may wait and how often it is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueSettings {
    /// Messages that may wait; the next is refused.
    pub(crate) waiting: usize,
    /// Messages sent at once.
    pub(crate) at_once: usize,
    /// Times a message is tried in all.
    pub(crate) tries: u32,
    /// Before the second try; doubled before each further one.
    pub(crate) first_wait: Duration,
}

impl Default for QueueSettings {
    /// A thousand messages, four at once, six times over about five minutes.
    fn default() -> Self {
        Self {
            waiting: 1000,
            at_once: 4,
            tries: 6,
            first_wait: Duration::from_secs(10),
        }
    }
}

/// What became of a message, for metrics: its letter's name, and why it was given up.
pub(crate) type Report = Arc<dyn Fn(&'static str, Result<(), SendError>) + Send + Sync>;

/// As much mail waits as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much mail waits to be sent")]
pub(crate) struct QueueFull;

/// Where messages are put down. When its last clone is dropped, what waits is still sent and the worker ends.
#[derive(Clone)]
pub(crate) struct MailQueue(mpsc::Sender<Message>);

impl MailQueue {
    /// Starts the worker on the current runtime. Await its handle to let the rest go out, with a deadline.
    pub(crate) fn start(
        transport: Arc<dyn MailTransport>,
        settings: QueueSettings,
        report: Report,
    ) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(settings.waiting.max(1));
        let worker = tokio::spawn(work(receiver, transport, settings, report));
        (Self(sender), worker)
    }

    /// Puts a message down. Takes the same short time whether there is a mail server or not.
    pub(crate) fn push(&self, message: Message) -> Result<(), QueueFull> {
        self.0.try_send(message).map_err(|_| QueueFull)
    }

    /// Messages that wait for the worker.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }
}

async fn work(
    mut receiver: mpsc::Receiver<Message>,
    transport: Arc<dyn MailTransport>,
    settings: QueueSettings,
    report: Report,
) {
    let places = Arc::new(Semaphore::new(settings.at_once.max(1)));
    let mut sending = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Some(message) = receiver.recv().await else { break };
        let (transport, report) = (Arc::clone(&transport), Arc::clone(&report));
        sending.spawn(async move {
            let outcome = try_again_and_again(transport.as_ref(), &message, settings).await;
            report(message.letter(), outcome);
            drop(place);
        });
        while sending.try_join_next().is_some() {}
    }
    while sending.join_next().await.is_some() {}
}

async fn try_again_and_again(
    transport: &dyn MailTransport,
    message: &Message,
    settings: QueueSettings,
) -> Result<(), SendError> {
    let mut wait = settings.first_wait;
    let mut tried = 1;
    loop {
        let Err(error) = transport.send(message).await else {
            return Ok(());
        };
        if !error.is_retryable() || tried >= settings.tries {
            tracing::error!(mail.id = %message.id(), mail.letter = message.letter(), mail.tries = tried, %error, "a message was given up");
            return Err(error);
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
        tried += 1;
    }
}

#[cfg(test)]
mod tests;
