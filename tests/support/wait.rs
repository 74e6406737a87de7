//! Waits for a condition, never for a time.

use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// Far beyond what any condition needs; reached only when it never comes true.
const PATIENCE: Duration = Duration::from_secs(20);

/// Polls until `probe` yields a value; panics with `what` when it never does.
pub async fn eventually<T, F, Fut>(what: &str, mut probe: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A future that must end; panics with `what` when it hangs.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("hung: {what}"))
}
