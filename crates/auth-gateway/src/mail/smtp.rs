//! Mail through an SMTP server. Without encryption only to a server on this very machine.

use std::{fmt, net::IpAddr, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    message::Message,
    mime::{self, Encoding},
    transport::{MailTransport, SendError},
};

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmtpSecurity {
    /// TLS from the first byte; usually port 465.
    Implicit,
    /// Plain until STARTTLS, which must succeed; usually port 587.
    StartTls,
    /// None. Accepted for loopback only.
    Plain,
}

/// Where and how to send.
pub(crate) struct SmtpSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: SmtpSecurity,
    pub(crate) credentials: Option<(String, SecretString)>,
    pub(crate) from: Mailbox,
    /// For each step of the dialogue.
    pub(crate) timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SmtpRefused {
    #[error("without encryption mail may go to a server on this machine only, and {0} is none")]
    PlainBeyondLoopback(String),
    #[error("no certificate could name {0}")]
    UnusableHost(String),
}

/// One connection a message: mail is rare here, and a server that hangs up on idle connections costs nothing.
pub(crate) struct SmtpTransport {
    mailer: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// For the whole dialogue: a server that answers each step just in time is no better than one that hangs.
    deadline: Duration,
}

impl SmtpTransport {
    pub(crate) fn new(settings: SmtpSettings) -> Result<Self, SmtpRefused> {
        let host = settings.host;
        let encrypted = || TlsParameters::new(host.clone()).map_err(|_| SmtpRefused::UnusableHost(host.clone()));
        let tls = match settings.security {
            SmtpSecurity::Implicit => Tls::Wrapper(encrypted()?),
            SmtpSecurity::StartTls => Tls::Required(encrypted()?),
            SmtpSecurity::Plain if is_loopback(&host) => Tls::None,
            SmtpSecurity::Plain => return Err(SmtpRefused::PlainBeyondLoopback(host)),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.timeout));
        if let Some((user, password)) = settings.credentials {
            builder = builder.credentials(Credentials::new(user, password.expose_secret().to_owned()));
        }
        Ok(Self {
            mailer: builder.build(),
            from: settings.from,
            deadline: settings.timeout * 4,
        })
    }
}

#[async_trait]
impl MailTransport for SmtpTransport {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mail = mime::compose(message, &self.from, Encoding::Transport)?;
        match tokio::time::timeout(self.deadline, self.mailer.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(what_went_wrong(&error, message)),
            Err(_) => Err(SendError::TimedOut),
        }
    }
}

impl fmt::Debug for SmtpTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SmtpTransport")
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Codes that are about who sends, not about a recipient, are those of RFC 4954 (`AUTH`) and RFC 7504 (takes no mail).
fn what_went_wrong(error: &lettre::transport::smtp::Error, message: &Message) -> SendError {
    match error.status().map(u16::from) {
        Some(code @ (504 | 521 | 530 | 534 | 535 | 538)) => SendError::TurnedAway(code),
        Some(code) if error.is_permanent() => SendError::Refused(code),
        Some(code) => SendError::Later(code),
        None if error.is_timeout() => SendError::TimedOut,
        // lettre counts it as a fault of ours when the server lacks SMTPUTF8 or STARTTLS.
        None if error.is_client() && !message.has_ascii_address() => SendError::AddressBeyondAscii,
        None if error.is_tls() || error.is_client() => SendError::Tls,
        None => SendError::Unreachable,
    }
}

#[cfg(test)]
mod tests;
