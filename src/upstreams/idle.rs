//! Idle TLS connections to one endpoint, until the next exchange takes one.
//!
//! A connection belongs to the endpoint that it was opened and verified for: no other can be given it.

use super::connection::Connection;
use std::future::{Future as _, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, unconstrained};

/// How many idle TLS connections all endpoints may keep together.
pub(crate) type Room = Arc<Semaphore>;

#[derive(Debug)]
pub(crate) struct IdleConnections {
    /// How long each is kept.
    time: Duration,
    room: Room,
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    address: SocketAddr,
    slot: Arc<Slot>,
    watch: AbortHandle,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// Where a connection is until it is taken, or its watch gives it up.
#[derive(Debug)]
struct Slot(Mutex<Option<Idle>>);

#[derive(Debug)]
struct Idle {
    connection: Connection,
    /// Free again once the connection is taken or closed.
    _place: OwnedSemaphorePermit,
}

impl IdleConnections {
    pub(crate) fn new(time: Duration, room: &Room) -> Self {
        Self {
            time,
            room: Arc::clone(room),
            kept: Mutex::default(),
        }
    }

    /// The connection to the address that was used last, if it still stands.
    pub(crate) fn take(&self, address: SocketAddr) -> Option<Connection> {
        loop {
            let kept = {
                let mut all = self.kept();
                let index = all.iter().rposition(|kept| kept.address == address)?;
                all.remove(index)
            };
            let idle = kept.slot.idle().take();
            if let Some(connection) = idle.and_then(|idle| undisturbed(idle.connection)) {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection between two exchanges, or closes it when there is no room.
    pub(crate) fn keep(self: &Arc<Self>, address: SocketAddr, connection: Connection) {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            return;
        };
        let idle = Idle {
            connection,
            _place: place,
        };
        let slot = Arc::new(Slot(Mutex::new(Some(idle))));
        // Locked until it is in its place, so that its watch finds it there.
        let mut all = self.kept();
        let watch = tokio::spawn(watch(Arc::clone(&slot), self.time, Arc::downgrade(self))).abort_handle();
        all.push(Kept { address, slot, watch });
    }

    fn forget(&self, slot: &Arc<Slot>) {
        self.kept().retain(|kept| !Arc::ptr_eq(&kept.slot, slot));
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn idle(&self) -> MutexGuard<'_, Option<Idle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut idle = self.idle();
        idle.as_mut()
            .map_or(Poll::Ready(()), |idle| idle.connection.poll_disturbed(cx))
    }
}

/// Ends a connection that the upstream closes, or that nobody takes in time.
async fn watch(slot: Arc<Slot>, time: Duration, home: Weak<IdleConnections>) {
    let gone = tokio::time::timeout(time, poll_fn(|cx| slot.poll_gone(cx))).await;
    log::debug!("idle upstream connection closed, by the upstream: {}", gone.is_ok());
    drop(slot.idle().take());
    if let Some(home) = home.upgrade() {
        home.forget(&slot);
    }
}

/// Nothing is to be read from an idle connection: what comes is its end, or bytes that belong to no exchange.
fn undisturbed(mut connection: Connection) -> Option<Connection> {
    let idle = {
        // Without a task's budget, which would make a closed connection look idle.
        let disturbed = pin!(unconstrained(poll_fn(|cx| connection.poll_disturbed(cx))));
        disturbed.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    };
    idle.then_some(connection)
}
