//! Password hashing as a shared resource: so many at once, so many waiting, the next is refused. A hash fills tens of
//! megabytes and takes a core for tens of milliseconds; without bounds a burst of logins would take the memory and
//! every core.

mod meters;
mod threads;

pub(crate) use meters::Meters;

use std::io;
use std::sync::Arc;

use argon2::Block;
use tokio::sync::oneshot;

use meters::Counted;
use threads::{Full, Job, Threads, Turn};

use super::{
    password::{Password, PasswordHash, UnusableHash, Verdict},
    password_parameters::{PasswordParameters, Pepper},
    random::{self, Random},
};

/// How many hashes run and wait, and what one costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HasherSettings {
    pub(crate) parameters: PasswordParameters,
    /// Hashes at once; more than there are cores only makes each of them slower.
    pub(crate) at_once: usize,
    /// Callers who may wait for their turn.
    pub(crate) waiting: usize,
}

impl HasherSettings {
    /// One hash a core, and a queue of sixteen for each: about a second of waiting at its end.
    pub(crate) fn for_cores(parameters: PasswordParameters, cores: usize) -> Self {
        let at_once = cores.max(1);
        Self {
            parameters,
            at_once,
            waiting: at_once * 16,
        }
    }
}

/// Why no verdict was reached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HasherError {
    #[error("too many passwords wait to be hashed")]
    Busy,
    #[error(transparent)]
    Unusable(#[from] UnusableHash),
}

/// Hashes and verifies on threads of its own. Cheap to clone; clones share the threads, which end with the last of them.
#[derive(Clone)]
pub(crate) struct PasswordHasher {
    threads: Arc<Threads>,
    shared: Arc<Shared>,
}

/// What every hash needs.
struct Shared {
    parameters: PasswordParameters,
    pepper: Option<Pepper>,
    meters: Meters,
    random: Arc<dyn Random>,
    /// Hashes done: what an answer cost, which must tell nothing.
    #[cfg(test)]
    done: std::sync::atomic::AtomicUsize,
}

impl PasswordHasher {
    /// # Errors
    /// The system has no thread to spare.
    pub(crate) fn start(
        settings: HasherSettings,
        pepper: Option<Pepper>,
        meters: Meters,
        random: Arc<dyn Random>,
    ) -> io::Result<Self> {
        let threads = Threads::start(settings.at_once.max(1), settings.waiting)?;
        let shared = Shared {
            parameters: settings.parameters,
            pepper,
            meters,
            random,
            #[cfg(test)]
            done: std::sync::atomic::AtomicUsize::new(0),
        };
        Ok(Self {
            threads: Arc::new(threads),
            shared: Arc::new(shared),
        })
    }

    /// Hashes a new password with today's parameters and a fresh salt.
    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, HasherError> {
        self.run(move |shared, memory| {
            let salt = random::bytes(shared.random.as_ref());
            PasswordHash::make(&password, salt, shared.parameters, shared.pepper.as_ref(), memory)
        })
        .await
    }

    /// Compares a password with a stored hash. On `RightButStale`, `hash` the password and store that.
    pub(crate) async fn verify(&self, password: Password, stored: PasswordHash) -> Result<Verdict, HasherError> {
        let verdict =
            self.run(move |shared, memory| stored.verify(&password, shared.parameters, shared.pepper.as_ref(), memory));
        Ok(verdict.await??)
    }

    /// Costs what `verify` costs and finds nobody: for accounts that do not exist or have no password, so that time
    /// tells nothing.
    pub(crate) async fn verify_nobody(&self, password: Password) -> Result<Verdict, HasherError> {
        self.run(move |shared, memory| {
            PasswordHash::make(&password, [0; 16], shared.parameters, shared.pepper.as_ref(), memory);
            Verdict::Wrong
        })
        .await
    }

    /// Hashes running and waiting.
    #[cfg(test)]
    pub(crate) fn occupied(&self) -> usize {
        self.threads.occupied()
    }

    #[cfg(test)]
    pub(crate) fn done(&self) -> usize {
        self.shared.done.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// A caller who goes away while the hash runs frees its place when the hash is done, not before.
    async fn run<T, F>(&self, work: F) -> Result<T, HasherError>
    where
        T: Send + 'static,
        F: FnOnce(&Shared, &mut Vec<Block>) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            waits: Counted::new(&self.shared.meters.waiting),
            shared: Arc::clone(&self.shared),
            work,
            answer,
        };
        if let Err(Full) = self.threads.push(Box::new(asked)) {
            self.shared.meters.refused.inc();
            return Err(HasherError::Busy);
        }
        // Only a hash that panics gives no answer.
        answered.await.map_err(|_| HasherError::Busy)
    }
}

/// A hash that somebody has asked for.
struct Asked<T, F> {
    shared: Arc<Shared>,
    waits: Counted,
    work: F,
    answer: oneshot::Sender<T>,
}

impl<T, F> Job for Asked<T, F>
where
    T: Send,
    F: FnOnce(&Shared, &mut Vec<Block>) -> T + Send,
{
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn run(self: Box<Self>, mut turn: Turn<'_>) {
        let Self {
            shared,
            waits,
            work,
            answer,
        } = *self;
        drop(waits);
        let runs = Counted::new(&shared.meters.running);
        let timer = shared.meters.durations.start_timer();
        let result = work(&shared, &mut turn.memory);
        timer.observe_duration();
        drop(runs);
        #[cfg(test)]
        shared.done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        // Who has the answer finds the place free.
        drop(turn);
        // Who has left does not want to know.
        let _ = answer.send(result);
    }
}

#[cfg(test)]
mod tests;
