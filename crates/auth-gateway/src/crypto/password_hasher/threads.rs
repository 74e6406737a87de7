//! Threads that hash, fed by one bounded queue: when a hash ends, the next that waits begins on the same thread at once.
//! A way there through the async runtime would leave a core without work, or cost it a change of tasks.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use argon2::Block;

/// Linux shows fifteen bytes of it.
const NAME: &str = "password-hash";

/// What a thread does once.
pub(super) trait Job: Send {
    /// Whether anybody still waits for its outcome.
    fn is_wanted(&self) -> bool;

    fn run(self: Box<Self>, turn: Turn<'_>);
}

/// There are as many jobs as may run and wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The threads, which end when this is dropped.
pub(super) struct Threads(Arc<Queue>);

struct Queue {
    /// Jobs that may run and wait.
    places: usize,
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Job>>,
    running: usize,
    /// Kept from one hash to the next while others run or wait: fresh pages cost a tenth of a hash. Empty when the
    /// last has finished.
    memory: Vec<Vec<Block>>,
    is_closed: bool,
}

/// A job's place among those that run, and memory to hash in. Dropping it gives both back.
pub(super) struct Turn<'q> {
    queue: &'q Queue,
    pub(super) memory: Vec<Block>,
}

impl Threads {
    /// # Errors
    /// The system has no thread to spare.
    pub(super) fn start(at_once: usize, waiting: usize) -> io::Result<Self> {
        let queue = Queue {
            places: at_once + waiting,
            state: Mutex::default(),
            news: Condvar::new(),
        };
        let threads = Self(Arc::new(queue));
        for _ in 0..at_once {
            let queue = Arc::clone(&threads.0);
            thread::Builder::new()
                .name(NAME.to_owned())
                .spawn(move || work(&queue))?;
        }
        Ok(threads)
    }

    pub(super) fn push(&self, job: Box<dyn Job>) -> Result<(), Full> {
        let mut state = self.0.state();
        if state.occupied() >= self.0.places {
            // Who has left is in nobody's way.
            state.waiting.retain(|job| job.is_wanted());
        }
        if state.occupied() >= self.0.places {
            return Err(Full);
        }
        state.waiting.push_back(job);
        drop(state);
        self.0.news.notify_one();
        Ok(())
    }

    /// Jobs running and waiting.
    #[cfg(test)]
    pub(super) fn occupied(&self) -> usize {
        self.0.state().occupied()
    }

    /// Pieces of memory that are kept for the next job.
    #[cfg(test)]
    pub(super) fn memory_kept(&self) -> usize {
        self.0.state().memory.len()
    }

    /// Tells whether the threads are still there.
    #[cfg(test)]
    pub(super) fn watch(&self) -> impl Fn() -> bool + use<> {
        let queue = Arc::downgrade(&self.0);
        move || queue.strong_count() > 0
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.news.notify_all();
    }
}

fn work(queue: &Queue) {
    while let Some((job, turn)) = queue.next() {
        if job.is_wanted() {
            // Its own caller gets no answer; the next one's job is none the worse.
            let _ = catch_unwind(AssertUnwindSafe(|| job.run(turn)));
        }
    }
}

impl Queue {
    /// Waits for a job. `None` when there will be none: nobody waits for what is still in the queue then.
    fn next(&self) -> Option<(Box<dyn Job>, Turn<'_>)> {
        let mut state = self.state();
        while !state.is_closed {
            if let Some(job) = state.waiting.pop_front() {
                state.running += 1;
                let memory = state.memory.pop().unwrap_or_default();
                return Some((job, Turn { queue: self, memory }));
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn occupied(&self) -> usize {
        self.running + self.waiting.len()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.running -= 1;
        state.memory.push(mem::take(&mut self.memory));
        if state.occupied() == 0 {
            let unneeded = mem::take(&mut state.memory);
            // Freeing takes longer than others should wait for the queue.
            drop(state);
            drop(unneeded);
        }
    }
}
