//! Messages to people, through SMTP, a webhook or a spool folder.
