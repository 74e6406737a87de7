//! `mail`: how messages reach people.

use std::path::Path;

use config_text::code;
use config_text::decode::Decode;
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::environment::Environment;
use config_text::secret::SecretName;
use config_text::written::{Text, decode_parsed};
use config_text::yaml::Node;
use lettre::Address;
use lettre::message::Mailbox;
use serde_json::{Value, json};

use super::deliveries::signing_secret;
use crate::config::code::{CONFLICTING_VALUES, INSECURE_TRANSPORT, MAIL_NOT_SENT};
use crate::config::issuer::Issuer;
use crate::config::settings::{Mail, MailTransport, Smtp, SmtpLogin, SmtpSecurity, Webhook};
use crate::config::url::{Parts, Url, is_host_name, is_loopback};

config_text::record! {
    /// How messages reach people. One of `smtp`, `webhook` and `spool`; without any, they are files in the data folder.
    pub(super) struct RawMail as "the `mail` section" {
        /// The sender, such as `Example <no-reply@example.org>`; without it, `no-reply` at the issuer's host.
        from: optional Sender,
        /// A mail server.
        smtp: optional RawSmtp,
        /// Another program that sends mail.
        webhook: optional RawMailWebhook,
        /// A folder in which each message is a file, for development and tests.
        spool: optional Text,
    }
}

config_text::record! {
    /// A mail server.
    pub(super) struct RawSmtp as "the `smtp` section" {
        /// Its host name or address.
        host: required Host,
        /// Unless given, 465 with `tls`, 587 with `starttls`, 25 with `plain`.
        port: optional u16,
        /// `tls` from the first byte, `starttls` (nothing is sent before TLS holds), or `plain`, on loopback alone.
        security: default("tls") RawSmtpSecurity,
        /// Who signs in; without it, nobody does.
        user: optional Spanned<String>,
        /// The password of that user.
        password: optional SecretName,
    }
}

config_text::choice! {
    /// How the connection to a mail server is protected.
    pub(super) enum RawSmtpSecurity {
        Tls = "tls",
        StartTls = "starttls",
        Plain = "plain",
    }
}

config_text::record! {
    /// Another program that sends mail: a signed POST of JSON for each message.
    pub(super) struct RawMailWebhook as "the `webhook` section" {
        /// Where messages are posted.
        url: required Url,
        /// What signs them: at least 24 characters.
        secret: required SecretName,
    }
}

/// Whom messages are from.
#[derive(Clone, Debug)]
pub(super) struct Sender(Mailbox);

impl Decode for Sender {
    const WHAT: &'static str = "a sender";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            let problem = "write an address, or a name and an address: `Example <no-reply@example.org>`";
            text.parse().map(Self).map_err(|_| problem.to_owned())
        })
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "@" })
    }
}

/// The name or the address of a host.
#[derive(Clone, Debug)]
pub(super) struct Host(Spanned<String>);

impl Decode for Host {
    const WHAT: &'static str = "a host";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let host = decode_parsed(node, cx, Self::WHAT, |text| {
            let whole = format!("https://{text}");
            let bracketed = format!("https://[{text}]");
            let fine = is_host_name(text)
                || Parts::parse(&whole).is_ok_and(|parts| parts.rest.is_empty() && parts.port.is_none());
            match fine || Parts::parse(&bracketed).is_ok() {
                true => Ok(text.to_owned()),
                false => Err("a host is a name or an address, without a port: `mail.example.org`".to_owned()),
            }
        })?;
        Some(Self(Spanned::new(host, node.span)))
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

/// `folder` is where relative paths begin.
pub(super) fn mail(
    raw: Option<&RawMail>,
    issuer: &Issuer,
    data: &Path,
    folder: &Path,
    environment: &Environment,
    cx: &mut Diagnostics,
) -> Option<Mail> {
    let from = raw.and_then(|raw| raw.from.clone());
    let from = from.map_or_else(|| default_sender(issuer), |sender| Some(sender.0))?;
    let Some(raw) = raw else {
        return Some(Mail {
            from,
            transport: MailTransport::Spool(data.join("spool")),
        });
    };
    let named = [raw.smtp.is_some(), raw.webhook.is_some(), raw.spool.is_some()];
    if named.into_iter().filter(|named| *named).count() > 1 {
        let message = "mail takes one way";
        let label = "keep one of `smtp`, `webhook` and `spool`";
        cx.push(Diagnostic::error(CONFLICTING_VALUES, raw.span, message).label(label));
    }
    let transport = match (&raw.smtp, &raw.webhook, &raw.spool) {
        (Some(smtp), _, _) => self::smtp(smtp, environment, cx).map(MailTransport::Smtp)?,
        (None, Some(webhook), _) => MailTransport::Webhook(Webhook {
            url: webhook.url.clone(),
            secret: signing_secret(&webhook.secret, environment, cx)?,
        }),
        (None, None, Some(spool)) => MailTransport::Spool(folder.join(&spool.value)),
        (None, None, None) => MailTransport::Spool(data.join("spool")),
    };
    Some(Mail { from, transport })
}

/// Says that nobody will get mail, where somebody seems to expect it.
pub(super) fn warn_of_unsent_mail(raw: Option<&RawMail>, issuer: &Spanned<Issuer>, cx: &mut Diagnostics) {
    let unsaid = raw.is_none_or(|raw| raw.smtp.is_none() && raw.webhook.is_none() && raw.spool.is_none());
    if unsaid && !issuer.is_loopback() {
        let message = "nobody gets mail: messages are written to the folder `spool` of the data folder";
        cx.push(
            Diagnostic::warning(MAIL_NOT_SENT, issuer.span, message)
                .label("others can reach this program")
                .help("add `mail` with `smtp` or `webhook`, or with `spool` if that is meant"),
        );
    }
}

fn default_sender(issuer: &Issuer) -> Option<Mailbox> {
    let host = if issuer.host().parse::<std::net::IpAddr>().is_ok() {
        "localhost"
    } else {
        issuer.host()
    };
    let address = Address::new("no-reply", host).ok()?;
    Some(Mailbox::new(None, address))
}

fn smtp(raw: &RawSmtp, environment: &Environment, cx: &mut Diagnostics) -> Option<Smtp> {
    let (security, usual_port) = match raw.security {
        RawSmtpSecurity::Tls => (SmtpSecurity::Tls, 465),
        RawSmtpSecurity::StartTls => (SmtpSecurity::StartTls, 587),
        RawSmtpSecurity::Plain => (SmtpSecurity::Plain, 25),
    };
    let Host(host) = &raw.host;
    if security == SmtpSecurity::Plain && !is_loopback(host) {
        let message = "mail with links that open accounts could be read on the way";
        cx.push(
            Diagnostic::error(INSECURE_TRANSPORT, host.span, message)
                .label("not this machine")
                .help("write `security: tls` or `security: starttls`"),
        );
    }
    let login = match (&raw.user, &raw.password) {
        (None, None) => None,
        (Some(user), Some(SecretName(password))) => Some(SmtpLogin {
            user: user.value.clone(),
            password: config_text::secret::reveal(password, environment, cx)?,
        }),
        (Some(_), None) | (None, Some(_)) => {
            let message = "the `smtp` section has one half of a login";
            let label = "write both `user` and `password`, or neither";
            cx.push(Diagnostic::error(code::MISSING_KEY, raw.span, message).label(label));
            return None;
        }
    };
    Some(Smtp {
        host: host.value.clone(),
        port: raw.port.unwrap_or(usual_port),
        security,
        login,
    })
}
