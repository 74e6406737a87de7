//! A message to one person, ready to be sent.

use std::fmt;

use event_store::Timestamp;
use lettre::Address;
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// Plain text first, HTML beside it. `Debug` shows neither the address nor the text: they hold personal facts and
/// one-time links.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    id: Uuid,
    letter: &'static str,
    #[serde(serialize_with = "as_text")]
    to: Address,
    subject: String,
    text: String,
    html: String,
    #[serde(skip)]
    written: Timestamp,
    #[serde(skip)]
    request_id: Option<String>,
}

/// An address that no mail can be sent to. The address itself is not told: errors are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address that mail can be sent to")]
pub(crate) struct NotAnAddress;

/// What a message says, apart from whom it is for.
pub(crate) struct Content {
    /// Which letter it is (`verify_email`, …), for logs and metrics.
    pub(crate) letter: &'static str,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Message {
    /// `id` stays the same however often the message is tried, so that a receiver can tell.
    pub(crate) fn new(id: Uuid, to: &str, content: Content, written: Timestamp) -> Result<Self, NotAnAddress> {
        let Content {
            letter,
            subject,
            text,
            html,
        } = content;
        let to = to.parse().map_err(|_| NotAnAddress)?;
        Ok(Self {
            id,
            letter,
            to,
            subject,
            text,
            html,
            written,
            request_id: None,
        })
    }

    /// The request that asked for it, for logs.
    pub(crate) fn asked_for_in(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    pub(crate) fn letter(&self) -> &'static str {
        self.letter
    }

    pub(crate) fn to(&self) -> &Address {
        &self.to
    }

    pub(crate) fn has_ascii_address(&self) -> bool {
        AsRef::<str>::as_ref(&self.to).is_ascii()
    }

    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn html(&self) -> &str {
        &self.html
    }

    /// When it was written; tried later, it still says so.
    pub(crate) fn written(&self) -> Timestamp {
        self.written
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Message({} {}, redacted)", self.letter, self.id)
    }
}

fn as_text<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}

#[cfg(test)]
mod tests {
    use event_store::Timestamp;
    use uuid::Uuid;

    use super::{Content, Message, NotAnAddress};

    fn message(to: &str) -> Result<Message, NotAnAddress> {
        let content = Content {
            letter: "test",
            subject: "subject".into(),
            text: "secret link".into(),
            html: "secret link".into(),
        };
        Message::new(Uuid::nil(), to, content, Timestamp(0))
    }

    #[test]
    fn an_address_can_t_bring_headers_or_other_recipients_along() {
        message("ada@example.org").unwrap();
        for to in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@example.org, eve@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada@example.org\n",
            "Ada <ada@example.org>",
            "ada@exa mple.org",
            " ada@example.org",
        ] {
            assert_eq!(message(to).unwrap_err(), NotAnAddress, "{to:?}");
        }
    }

    #[test]
    fn nothing_prints_the_address_or_the_text() {
        let shown = format!("{:?}", message("ada@example.org").unwrap());
        assert_eq!(shown, "Message(test 00000000-0000-0000-0000-000000000000, redacted)");
    }
}
