//! How a message leaves: one method, and what can go wrong with it.

use async_trait::async_trait;

use super::message::Message;

/// A way to send mail. Slow by nature: call it from the queue, never from a request.
#[async_trait]
pub(crate) trait MailTransport: Send + Sync {
    /// Hands the message over, once. After an error it may be called again with the same message.
    async fn send(&self, message: &Message) -> Result<(), SendError>;
}

/// Of SMTP: busy, or a stranger's first letter is to come again.
const MAILBOX_UNAVAILABLE: u16 = 450;

/// Why a message was not handed over. It holds no text of the other side, which likes to quote addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the mail server can't be reached")]
    Unreachable,
    #[error("the mail server did not answer in time")]
    TimedOut,
    #[error("no encrypted connection to the mail server could be made")]
    Tls,
    #[error("the mail server said: later ({0})")]
    Later(u16),
    #[error("the mail server refused the message ({0})")]
    Refused(u16),
    #[error("the mail server turns us away, whatever the message ({0})")]
    TurnedAway(u16),
    #[error("the mail server carries no address with letters beyond ASCII (SMTPUTF8)")]
    AddressBeyondAscii,
    #[error("the message could not be composed")]
    Uncomposable,
    #[error("the message could not be written to the spool folder ({0})")]
    Spool(std::io::ErrorKind),
}

impl SendError {
    /// Whether the same message may go through another time.
    pub(crate) fn is_retryable(self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut | Self::Tls | Self::Later(_) | Self::Spool(_) => true,
            Self::Refused(_) | Self::TurnedAway(_) | Self::AddressBeyondAscii | Self::Uncomposable => false,
        }
    }

    /// Whether other messages would fail as well: a fault of the way, not of this message or whom it is for.
    pub(crate) fn concerns_all(self) -> bool {
        match self {
            Self::Refused(_) | Self::Later(MAILBOX_UNAVAILABLE) | Self::AddressBeyondAscii | Self::Uncomposable => {
                false
            }
            Self::Unreachable | Self::TimedOut | Self::Tls | Self::Later(_) | Self::TurnedAway(_) | Self::Spool(_) => {
                true
            }
        }
    }
}
