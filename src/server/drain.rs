//! The way down: no new connections, then time for what is under way, requests first and streams after.

use crate::live::Gateway;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Returns when nothing is under way, or when its time is over. Reports how many requests were cut off.
pub(super) async fn wait(gateway: &Gateway) -> u64 {
    let limits = gateway.snapshot().settings.drain;
    let started = Instant::now();
    loop {
        let streams = gateway.open.websockets.load(Ordering::Relaxed) + gateway.open.sse.load(Ordering::Relaxed);
        let open = gateway.open.requests.load(Ordering::Relaxed);
        let requests = open.saturating_sub(streams);
        gateway.metrics.draining.set(gateway.metrics.connections.get());
        let waited = started.elapsed();
        let requests_over = requests == 0 || waited >= limits.requests;
        let streams_over = streams == 0 || waited >= limits.streams;
        if requests_over && streams_over {
            return open;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
