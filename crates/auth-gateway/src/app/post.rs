//! Letters on their way: written here, sent by the mail queue. Nobody's request waits for a mail server.

use std::time::Duration;

use event_store::Timestamp;

use super::App;
use super::caller::Caller;
use super::postage::Postage;
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
    pub(super) fn post(
        &self,
        postage: Postage,
        to: &EmailAddress,
        letter: Letter<'_>,
        caller: &Caller,
        now: Timestamp,
    ) {
        let message = Message::new(self.journal.new_id(now), to.as_str(), letter.write(PRODUCT), now);
        let request_id = caller.request_id.as_deref();
        let Ok(message) = message else {
            tracing::warn!(request_id, "a letter could not be addressed");
            return;
        };
        if postage == Postage::UsedUp {
            return;
        }
        if self.mail.push(message.asked_for_in(caller.request_id.clone())).is_err() {
            tracing::error!(request_id, "the mail queue is full: a letter was dropped");
        }
    }

    /// Whether mail leaves.
    pub(crate) fn mail_delivers(&self) -> bool {
        self.mail.delivers()
    }

    /// A page of the issuer's.
    pub(super) fn link(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.settings.issuer.as_str())
    }
}
