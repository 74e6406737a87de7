//! Mail on its way, in memory: a request puts a message down and goes on at once, whatever the mail server does. What
//! must survive a restart is written down by whoever calls `MailTransport::send` itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

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

/// What became of a message, or of one try to send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Sent,
    /// It is tried again.
    Failed(SendError),
    GivenUp(SendError),
    /// There was no place for it.
    Dropped,
}

impl Fate {
    pub(crate) fn outcome(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed(_) => "failed",
            Self::GivenUp(_) => "given_up",
            Self::Dropped => "dropped",
        }
    }
}

/// Hears, for metrics, the name of a letter and what became of it.
pub(crate) type Report = Arc<dyn Fn(&'static str, Fate) + Send + Sync>;

/// As much mail waits as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much mail waits to be sent")]
pub(crate) struct QueueFull;

/// Where messages are put down. When its last clone is dropped, what waits is still sent and the worker ends.
#[derive(Clone)]
pub(crate) struct MailQueue {
    messages: mpsc::Sender<Message>,
    report: Report,
    /// The last try to send anything failed.
    fails: Arc<AtomicBool>,
}

impl MailQueue {
    /// Starts the worker on the current runtime. Await its handle to let the rest go out, with a deadline.
    pub(crate) fn start(
        transport: Arc<dyn MailTransport>,
        settings: QueueSettings,
        report: Report,
    ) -> (Self, JoinHandle<()>) {
        let (messages, receiver) = mpsc::channel(settings.waiting.max(1));
        let fails = Arc::new(AtomicBool::new(false));
        let sender = Sender {
            transport,
            settings,
            report: Arc::clone(&report),
            fails: Arc::clone(&fails),
        };
        let worker = tokio::spawn(work(receiver, Arc::new(sender)));
        let queue = Self {
            messages,
            report,
            fails,
        };
        (queue, worker)
    }

    /// Puts a message down. Takes the same short time whether there is a mail server or not.
    pub(crate) fn push(&self, message: Message) -> Result<(), QueueFull> {
        let letter = message.letter();
        self.messages.try_send(message).map_err(|_| {
            (self.report)(letter, Fate::Dropped);
            QueueFull
        })
    }

    /// Whether mail leaves, as far as anybody can tell: nothing was tried yet, or the last try succeeded.
    pub(crate) fn delivers(&self) -> bool {
        !self.fails.load(Ordering::Relaxed)
    }

    /// Messages that wait for the worker.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.messages.max_capacity() - self.messages.capacity()
    }
}

struct Sender {
    transport: Arc<dyn MailTransport>,
    settings: QueueSettings,
    report: Report,
    fails: Arc<AtomicBool>,
}

async fn work(mut receiver: mpsc::Receiver<Message>, sender: Arc<Sender>) {
    let places = Arc::new(Semaphore::new(sender.settings.at_once.max(1)));
    let mut sending = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Some(message) = receiver.recv().await else { break };
        let sender = Arc::clone(&sender);
        sending.spawn(async move {
            sender.try_again_and_again(&message).await;
            drop(place);
        });
        while sending.try_join_next().is_some() {}
    }
    while sending.join_next().await.is_some() {}
}

impl Sender {
    async fn try_again_and_again(&self, message: &Message) {
        let mut wait = self.settings.first_wait;
        let mut tried = 1;
        loop {
            let fate = match self.transport.send(message).await {
                Ok(()) => Fate::Sent,
                Err(error) if error.is_retryable() && tried < self.settings.tries => Fate::Failed(error),
                Err(error) => Fate::GivenUp(error),
            };
            self.tell(message, tried, fate);
            let Fate::Failed(_) = fate else { return };
            tokio::time::sleep(wait).await;
            wait *= 2;
            tried += 1;
        }
    }

    /// The log names the letter and the request that asked for it, never whom it is for.
    fn tell(&self, message: &Message, tried: u32, fate: Fate) {
        self.fails.store(fate != Fate::Sent, Ordering::Relaxed);
        (self.report)(message.letter(), fate);
        let (id, letter, request_id) = (message.id(), message.letter(), message.request_id());
        match fate {
            Fate::Failed(error) => {
                tracing::warn!(mail.id = %id, mail.letter = letter, mail.tries = tried, request_id, %error, "a letter could not be delivered and will be tried again");
            }
            Fate::GivenUp(error) => {
                tracing::error!(mail.id = %id, mail.letter = letter, mail.tries = tried, request_id, %error, "a letter was given up");
            }
            Fate::Sent | Fate::Dropped => {
                tracing::debug!(mail.id = %id, mail.letter = letter, mail.tries = tried, request_id, "sent");
            }
        }
    }
}

#[cfg(test)]
mod tests;
