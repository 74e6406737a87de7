//! Log lines between the requests that write them and the thread that takes them to the log.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Buffers up to this size are kept for the next lines.
const KEPT: usize = 1024 * 1024;

/// Lines on their way to the writer.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Mutex<Lines>,
    /// Lines that wait or are being written, at most `limit`.
    count: AtomicUsize,
    limit: usize,
}

/// Lines end to end: a line costs no memory of its own.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            count: AtomicUsize::new(0),
            limit,
        }
    }

    /// Whether there was room.
    pub(super) fn push(&self, line: &[u8]) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Added to under the lock alone.
        if self.count.load(Ordering::Relaxed) >= self.limit {
            return false;
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        waiting.bytes.extend_from_slice(line);
        let end = waiting.bytes.len();
        waiting.ends.push(end);
        true
    }

    /// Swaps what waits with an empty buffer.
    pub(super) fn take(&self, empty: &mut Lines) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *waiting, empty);
    }

    pub(super) fn line_written(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lines {
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[*start..*end])
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn clear(&mut self) {
        if self.bytes.capacity() > KEPT {
            // A burst's.
            self.bytes = Vec::new();
        }
        self.bytes.clear();
        self.ends.clear();
    }
}
