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
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};

use super::{
    message::Message,
    transport::{MailTransport, SendError},
};

/// How much mail may wait and how often it is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueSettings {
    /// Messages that may wait for their first try; the next is refused. As many may wait for another one; the next is given
    /// up.
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
    /// The last try that tells of more than its own letter failed.
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
        let worker = Worker {
            transport,
            settings,
            report: Arc::clone(&report),
            fails: Arc::clone(&fails),
            sending: JoinSet::new(),
            resting: JoinSet::new(),
        };
        let worker = tokio::spawn(worker.work(receiver));
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

    /// Whether mail leaves, as far as anybody can tell: nothing was tried yet, or the last try that tells succeeded.
    pub(crate) fn delivers(&self) -> bool {
        !self.fails.load(Ordering::Relaxed)
    }

    /// Messages that wait for the worker.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.messages.max_capacity() - self.messages.capacity()
    }
}

/// A message and how often it was tried.
struct Tried {
    message: Message,
    times: u32,
}

struct Worker {
    transport: Arc<dyn MailTransport>,
    settings: QueueSettings,
    report: Report,
    fails: Arc<AtomicBool>,
    sending: JoinSet<(Tried, Result<(), SendError>)>,
    /// Those that wait for another try: meanwhile their places are others'.
    resting: JoinSet<Tried>,
}

impl Worker {
    async fn work(mut self, mut receiver: mpsc::Receiver<Message>) {
        loop {
            let has_place = self.sending.len() < self.settings.at_once.max(1);
            tokio::select! {
                Some(ended) = self.sending.join_next() => {
                    if let Ok((tried, result)) = ended {
                        self.judge(tried, result);
                    }
                }
                Some(rested) = self.resting.join_next(), if has_place => {
                    if let Ok(tried) = rested {
                        self.send(tried);
                    }
                }
                Some(message) = receiver.recv(), if has_place => self.send(Tried { message, times: 0 }),
                else => break,
            }
        }
    }

    fn send(&mut self, mut tried: Tried) {
        let transport = Arc::clone(&self.transport);
        self.sending.spawn(async move {
            let result = transport.send(&tried.message).await;
            tried.times += 1;
            (tried, result)
        });
    }

    fn judge(&mut self, tried: Tried, result: Result<(), SendError>) {
        let may_rest = tried.times < self.settings.tries && self.resting.len() < self.settings.waiting.max(1);
        let fate = match result {
            Ok(()) => Fate::Sent,
            Err(error) if error.is_retryable() && may_rest => Fate::Failed(error),
            Err(error) => Fate::GivenUp(error),
        };
        self.tell(&tried.message, tried.times, fate);
        if let Fate::Failed(_) = fate {
            let wait = self.settings.first_wait * 2_u32.pow(tried.times - 1);
            self.resting.spawn(async move {
                tokio::time::sleep(wait).await;
                tried
            });
        }
    }

    /// A letter that fails for its own sake says nothing of others.
    fn note_the_way(&self, fate: Fate) {
        match fate {
            Fate::Sent => self.fails.store(false, Ordering::Relaxed),
            Fate::Failed(error) | Fate::GivenUp(error) if error.concerns_all() => {
                self.fails.store(true, Ordering::Relaxed);
            }
            Fate::Failed(_) | Fate::GivenUp(_) | Fate::Dropped => {}
        }
    }

    /// The log names the letter and the request that asked for it, never whom it is for.
    fn tell(&self, message: &Message, tried: u32, fate: Fate) {
        self.note_the_way(fate);
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
