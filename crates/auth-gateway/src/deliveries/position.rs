//! How far a receiver has been told: a record under its name, 8 bytes big-endian.

use event_store::{AppendError, Position, RecordChange, Store, Timestamp, Unavailable};

const KIND: &str = "delivery";

/// Begins at the end of the log, once.
pub(super) async fn enrol(store: &Store, name: &str, now: Timestamp) -> Result<(), AppendError> {
    if told(store, name, now).await?.is_none() {
        let head = store.head().await?;
        store.change_records(vec![moved(name, head)], now).await?;
    }
    Ok(())
}

/// The position of the last event that the receiver has, or did not ask for. `None` if no gateway has met it yet.
pub(crate) async fn told(store: &Store, name: &str, now: Timestamp) -> Result<Option<Position>, Unavailable> {
    let record = store.record(KIND, name.as_bytes(), now).await?;
    Ok(record.and_then(|record| Some(Position::from_be_bytes(record.value.try_into().ok()?))))
}

/// Events that the receiver has not been told of, those among them that it will not be asked to take.
pub(crate) async fn backlog(store: &Store, name: &str, now: Timestamp) -> Result<Option<u64>, Unavailable> {
    let told = told(store, name, now).await?;
    let head = store.head().await?;
    Ok(told.map(|told| head.saturating_sub(told)))
}

pub(super) fn moved(name: &str, position: Position) -> RecordChange {
    RecordChange::Put {
        kind: KIND.into(),
        key: name.as_bytes().to_vec(),
        value: position.to_be_bytes().to_vec(),
        expires: None,
    }
}
