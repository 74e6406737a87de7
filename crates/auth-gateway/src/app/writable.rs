//! Whether what a login writes could be written: reading works on when another program holds the lock or the disk is full.

use std::time::Duration;

use event_store::RecordChange;

use super::App;

const KIND: &str = "readiness";
/// Long enough to be written, and swept soon.
const KEPT: Duration = Duration::from_secs(60);

impl App {
    /// Writes one small record, always the same.
    pub(crate) async fn can_write(&self) -> bool {
        let now = self.clock.now();
        let put = RecordChange::Put {
            kind: KIND.into(),
            key: KIND.as_bytes().to_vec(),
            value: Vec::new(),
            expires: Some(now.plus(KEPT)),
        };
        self.store.change_records(vec![put], now).await.is_ok()
    }
}
