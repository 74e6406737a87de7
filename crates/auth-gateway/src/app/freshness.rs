//! The read barrier of introspection: nobody is answered from memory before the store has said, after the question came
//! in, that nothing newer concerns the answer. One query serves everyone who waits at that moment.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use event_store::{Position, Store, StreamId, Unavailable};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Under load rounds begin no closer together than this: it bounds the queries a second, and nobody waits longer for it.
const SPACING: Duration = Duration::from_millis(1);
/// Changes read at a time while catching up.
const CHUNK: u32 = 512;
/// Streams whose last change is remembered. When there are more, all is forgotten and all memory of before is stale.
const REMEMBERED: usize = 65_536;

/// How far the log had been read, for sure, after the question was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, PartialOrd, Ord)]
pub(crate) struct AsOf(pub(crate) Position);

/// Cheap to clone; all clones share one reader of the log.
#[derive(Clone)]
pub(crate) struct Freshness {
    shared: Arc<Shared>,
}

struct Shared {
    asked: Notify,
    /// Rounds begun so far. A question is answered by a round that begins after it.
    begun: AtomicU64,
    ended: watch::Sender<Round>,
    changes: RwLock<Changes>,
}

#[derive(Clone)]
struct Round {
    number: u64,
    outcome: Result<AsOf, Unavailable>,
}

/// Which stream changed last where.
struct Changes {
    /// Memory from before this position can not be judged any more.
    horizon: Position,
    last: HashMap<StreamId, Position>,
}

impl Freshness {
    /// Starts reading at the head of the log: what is remembered from now on can be judged.
    pub(crate) async fn start(store: Store) -> Result<Self, Unavailable> {
        let head = store.head().await?;
        let first = Round {
            number: 0,
            outcome: Ok(AsOf(head)),
        };
        let shared = Arc::new(Shared {
            asked: Notify::new(),
            begun: AtomicU64::new(0),
            ended: watch::Sender::new(first),
            changes: RwLock::new(Changes {
                horizon: head,
                last: HashMap::new(),
            }),
        });
        tokio::spawn(answer_rounds(store, Arc::downgrade(&shared), AsOf(head)));
        Ok(Self { shared })
    }

    /// Waits until a query that began after this call has told where the log ends, and all up to there is noted.
    pub(crate) async fn current(&self) -> Result<AsOf, Unavailable> {
        let wanted = self.shared.begun.load(Ordering::SeqCst) + 1;
        let mut ended = self.shared.ended.subscribe();
        self.shared.asked.notify_one();
        let round = ended
            .wait_for(|round| round.number >= wanted)
            .await
            .map_err(|_| Unavailable::Stopped)?;
        round.outcome.clone()
    }

    /// Whether what was read at `as_of` still holds: none of these streams has changed since.
    pub(crate) fn still_holds<'a>(&self, as_of: AsOf, streams: impl IntoIterator<Item = &'a StreamId>) -> bool {
        let changes = self
            .shared
            .changes
            .read()
            .expect("nobody panics while holding this lock");
        as_of.0 >= changes.horizon
            && streams
                .into_iter()
                .all(|stream| changes.last.get(stream).is_none_or(|changed| *changed <= as_of.0))
    }
}

/// Runs until nobody asks any more.
async fn answer_rounds(store: Store, shared: std::sync::Weak<Shared>, mut noted: AsOf) {
    loop {
        let Some(strong) = shared.upgrade() else { return };
        // Wakes now and then without a question, to see whether anybody is left who could ask.
        let _ = tokio::time::timeout(Duration::from_secs(1), strong.asked.notified()).await;
        let began = Instant::now();
        let number = strong.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let outcome = catch_up(&store, &strong.changes, noted).await;
        if let Ok(reached) = outcome {
            noted = reached;
        }
        strong.ended.send_replace(Round { number, outcome });
        drop(strong);
        tokio::time::sleep_until(began + SPACING).await;
    }
}

/// Notes every change after `noted`, up to the end of the log.
async fn catch_up(store: &Store, changes: &RwLock<Changes>, noted: AsOf) -> Result<AsOf, Unavailable> {
    let mut reached = noted.0;
    loop {
        let found = store.changes_after(reached, CHUNK).await?;
        let is_last = found.len() < CHUNK as usize;
        if !found.is_empty() {
            let mut changes = changes.write().expect("nobody panics while holding this lock");
            for (position, stream) in found {
                reached = position;
                changes.note(stream, position);
            }
        }
        if is_last {
            return Ok(AsOf(reached));
        }
    }
}

impl Changes {
    fn note(&mut self, stream: StreamId, position: Position) {
        if self.last.len() >= REMEMBERED && !self.last.contains_key(&stream) {
            self.last.clear();
            self.horizon = position;
        }
        self.last.insert(stream, position);
    }
}
