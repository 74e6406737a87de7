//! Letters on their way: written here, sent by the mail queue. Nobody's request waits for a mail server.

use std::time::Duration;

use event_store::Timestamp;

use super::App;
use crate::domain::email_address::EmailAddress;
use crate::mail::letter::Letter;
use crate::mail::message::Message;

/// What letters call us.
const PRODUCT: &str = "LanOnasis";
/// A link to verify an address is good for so long.
pub(crate) const VERIFY_FOR: Duration = Duration::from_secs(24 * 3600);
/// A link to choose a new password is good for so long.
pub(crate) const RESET_FOR: Duration = Duration::from_secs(3600);

impl App {
    /// Hands a letter to the queue. A full queue loses it, loudly: people can ask for another.
    pub(super) fn post(&self, to: &EmailAddress, letter: Letter<'_>, now: Timestamp) {
        let message = Message::new(self.journal.new_id(now), to.as_str(), letter.write(PRODUCT), now);
        let Ok(message) = message else {
            tracing::warn!("a letter could not be addressed");
            return;
        };
        if self.mail.push(message).is_err() {
            tracing::error!("the mail queue is full: a letter was dropped");
        }
    }

    /// A page of the issuer's.
    pub(super) fn link(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.settings.issuer.as_str())
    }
}
