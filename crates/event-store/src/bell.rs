//! Wakes subscriptions when another process appended to the same PostgreSQL database.

use sqlx::postgres::PgListener;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// The channel on which PostgreSQL announces that the head moved.
pub(crate) const CHANNEL: &str = "event_store_head";

/// Rings at each announcement, for ever. Announcements may be lost while there is no connection: who waits also looks.
pub(crate) async fn listen(url: String, pause: Duration, bell: watch::Sender<()>) {
    loop {
        if let Err(error) = listen_once(&url, &bell).await {
            log::debug!("no announcements of new events: {error}");
        }
        sleep(pause).await;
    }
}

async fn listen_once(url: &str, bell: &watch::Sender<()>) -> sqlx::Result<()> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    loop {
        listener.recv().await?;
        bell.send_replace(());
    }
}
