//! Password hashing as a shared resource: so many at once, so many waiting, the next is refused. A hash fills tens of
//! megabytes and takes a core for tens of milliseconds; without bounds a burst of logins would take the memory and
//! every core.

mod meters;

pub(crate) use meters::Meters;

use std::sync::{Arc, Mutex, PoisonError};

use argon2::Block;
use tokio::{sync::Semaphore, task};

use meters::Counted;

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

/// Hashes and verifies on threads that may block. Cheap to clone; clones share the bounds.
#[derive(Clone)]
pub(crate) struct PasswordHasher(Arc<Shared>);

struct Shared {
    settings: HasherSettings,
    pepper: Option<Pepper>,
    meters: Meters,
    random: Arc<dyn Random>,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// Kept from one hash to the next while others run or wait: fresh pages cost a tenth of a hash. Empty when the
    /// last has finished.
    memory: Mutex<Vec<Vec<Block>>>,
    /// Hashes done: what an answer cost, which must tell nothing.
    #[cfg(test)]
    done: std::sync::atomic::AtomicUsize,
}

impl PasswordHasher {
    pub(crate) fn new(
        settings: HasherSettings,
        pepper: Option<Pepper>,
        meters: Meters,
        random: Arc<dyn Random>,
    ) -> Self {
        let at_once = settings.at_once.max(1);
        Self(Arc::new(Shared {
            settings,
            pepper,
            meters,
            random,
            places: Arc::new(Semaphore::new(at_once + settings.waiting)),
            turns: Arc::new(Semaphore::new(at_once)),
            memory: Mutex::new(Vec::new()),
            #[cfg(test)]
            done: std::sync::atomic::AtomicUsize::new(0),
        }))
    }

    /// Hashes a new password with today's parameters and a fresh salt.
    pub(crate) async fn hash(&self, password: Password) -> Result<PasswordHash, HasherError> {
        self.run(move |shared, memory| {
            let salt = random::bytes(shared.random.as_ref());
            PasswordHash::make(
                &password,
                salt,
                shared.settings.parameters,
                shared.pepper.as_ref(),
                memory,
            )
        })
        .await
    }

    /// Compares a password with a stored hash. On `RightButStale`, `hash` the password and store that.
    pub(crate) async fn verify(&self, password: Password, stored: PasswordHash) -> Result<Verdict, HasherError> {
        let verdict = self.run(move |shared, memory| {
            stored.verify(&password, shared.settings.parameters, shared.pepper.as_ref(), memory)
        });
        Ok(verdict.await??)
    }

    /// Costs what `verify` costs and finds nobody: for accounts that do not exist or have no password, so that time
    /// tells nothing.
    pub(crate) async fn verify_nobody(&self, password: Password) -> Result<Verdict, HasherError> {
        self.run(move |shared, memory| {
            PasswordHash::make(
                &password,
                [0; 16],
                shared.settings.parameters,
                shared.pepper.as_ref(),
                memory,
            );
            Verdict::Wrong
        })
        .await
    }

    /// Hashes running and waiting.
    #[cfg(test)]
    pub(crate) fn occupied(&self) -> usize {
        self.0.occupied()
    }

    #[cfg(test)]
    pub(crate) fn done(&self) -> usize {
        self.0.done.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// A caller who goes away while the hash runs frees its place when the hash is done, not before.
    async fn run<T, F>(&self, work: F) -> Result<T, HasherError>
    where
        T: Send + 'static,
        F: FnOnce(&Shared, &mut Vec<Block>) -> T + Send + 'static,
    {
        let meters = &self.0.meters;
        let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else {
            meters.refused.inc();
            return Err(HasherError::Busy);
        };
        let waits = Counted::new(&meters.waiting);
        let turn = Arc::clone(&self.0.turns)
            .acquire_owned()
            .await
            .map_err(|_| HasherError::Busy)?;
        drop(waits);
        let runs = Counted::new(&meters.running);
        let shared = Arc::clone(&self.0);
        let running = task::spawn_blocking(move || {
            let mut memory = shared.take_memory();
            let timer = shared.meters.durations.start_timer();
            let result = work(&shared, &mut memory);
            timer.observe_duration();
            drop(runs);
            #[cfg(test)]
            shared.done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            drop(place);
            shared.give_back(memory);
            drop(turn);
            result
        });
        // Only a runtime that shuts down drops a blocking task.
        running.await.map_err(|_| HasherError::Busy)
    }
}

impl Shared {
    fn occupied(&self) -> usize {
        (self.settings.at_once.max(1) + self.settings.waiting).saturating_sub(self.places.available_permits())
    }

    fn take_memory(&self) -> Vec<Block> {
        self.memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_default()
    }

    fn give_back(&self, memory: Vec<Block>) {
        let mut kept = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        // This hash has left its place before: of two that end together, the one that looks last finds nobody.
        if self.occupied() > 0 {
            kept.push(memory);
        } else {
            kept.clear();
        }
    }
}

#[cfg(test)]
mod tests;
