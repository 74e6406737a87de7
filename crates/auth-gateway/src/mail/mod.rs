//! Messages to people, through SMTP, a webhook or a spool folder. Who is written to and when is decided above.

pub(crate) mod queue;
pub(crate) mod smtp;
pub(crate) mod webhook;
pub(crate) mod spool;
pub(crate) mod mime;
pub(crate) mod transport;
pub(crate) mod letter;
pub(crate) mod template;
pub(crate) mod message;
