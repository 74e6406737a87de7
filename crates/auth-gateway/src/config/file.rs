//! The shape of `auth.yaml`, and how its sections become settings. One section a file; this one puts them together.

mod database;
mod deliveries;
mod limits;
mod mail;
mod passwords;
mod scopes;
mod sessions;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use config_text::addresses::Network;
use config_text::bounded::{Patience, TimeLimit};
use config_text::code;
use config_text::decode::Decode;
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::environment::Environment;
use config_text::secret::SecretName;
use config_text::version::{self, Version};
use config_text::written::{OrOff, Text};
use config_text::yaml::Node;
use serde_json::Value;

use super::code::DUPLICATE_ADDRESS;
use super::issuer::Issuer;
use super::origin::OriginPattern;
use super::overrides::Overrides;
use super::settings::{Checkpoints, Database, LogLevel, Settings, SignUp};
use database::RawDatabase;
use deliveries::RawDelivery;
use limits::{RawApiKeys, RawLimits, RawRateLimits};
use mail::RawMail;
use passwords::{RawLockout, RawPasswords};
use scopes::RawScopes;
use sessions::{RawCookies, RawSessions, RawSigningKeys, RawTokens};

config_text::record! {
    /// The identity provider: its name, where it listens, where it keeps what it knows, and how long what it gives out holds.
    pub(super) struct RawAuth as "the configuration" {
        /// The version of this format.
        version: needed Version,
        /// The URL that clients know this program by, without a slash at its end; `https` unless it is loopback.
        issuer: needed Spanned<Issuer>,
        /// An address with a port; port 0 takes a free one.
        listen: default("127.0.0.1:4000") Spanned<SocketAddr>,
        /// Metrics, liveness and readiness: an address with a port, or `off`. Never reachable from outside.
        admin: default("127.0.0.1:9091") Spanned<OrOff<SocketAddr>>,
        /// The folder of what is kept in files: the SQLite database, the master key, mail that is not sent, checkpoints.
        data: default("/var/lib/auth-gateway") Text,
        /// Where events and state are kept.
        database: default({}) RawDatabase,
        /// The key that all others come from. Without it, the secret `AUTH_MASTER_KEY` if it is supplied, else the file
        /// `master.key` in the data folder, which the first start makes.
        master_key: optional SecretName,
        /// The cookies of a browser's session.
        cookies: default({}) RawCookies,
        /// How long a login lasts.
        sessions: default({}) RawSessions,
        /// What a login gets, and for how long it holds.
        tokens: default({}) RawTokens,
        /// The keys that sign tokens.
        signing_keys: default({}) RawSigningKeys,
        /// What a password must be, and what checking one costs.
        passwords: default({}) RawPasswords,
        /// How guessing waits.
        lockout: default({}) RawLockout,
        /// What a login may do, by the role of the user.
        scopes: default({}) RawScopes,
        /// Keys that users make for programs.
        api_keys: default({}) RawApiKeys,
        /// Who may register.
        sign_up: default("open") RawSignUp,
        /// How messages reach people.
        mail: optional RawMail,
        /// Who is told of what happened.
        deliveries: default([]) Vec<RawDelivery>,
        /// Addresses and networks that may say who the client is and what the request is called, such as the edge.
        trusted_proxies: default([]) Vec<Network>,
        /// Origins whose pages may call with credentials; `https://*.example.org` stands for one label.
        cors_origins: default([]) Vec<OriginPattern>,
        /// Origins that a browser may be sent to after it signed in, besides the issuer's own.
        return_to: default([]) Vec<OriginPattern>,
        /// Bounds of one connection and one request.
        limits: default({}) RawLimits,
        /// Limits on guessing, by client address.
        rate_limits: default({}) RawRateLimits,
        /// Signed statements of what the log held.
        checkpoints: default({}) RawCheckpoints,
        /// What is written to standard output, one JSON line each.
        log: default({}) RawLog,
        /// How long a stopping server waits for requests that are under way.
        drain: default("30s") Patience,
    }
}

config_text::choice! {
    /// `open` for everyone, `closed` when administrators make accounts.
    pub(super) enum RawSignUp {
        Open = "open",
        Closed = "closed",
    }
}

config_text::record! {
    /// Signed statements of what the log held, by which a shortened or rewritten one is found out.
    pub(super) struct RawCheckpoints as "the `checkpoints` section" {
        /// How often one is made, when events were added.
        every: default("10m") TimeLimit,
        /// Where they are written, best a place that who owns the database cannot change; without it, `checkpoints` in the data
        /// folder.
        folder: optional Text,
    }
}

config_text::record! {
    /// What is written to standard output.
    pub(super) struct RawLog as "the `log` section" {
        /// The least that is worth a line.
        level: default("info") RawLogLevel,
    }
}

config_text::choice! {
    /// The least that is worth a line.
    pub(super) enum RawLogLevel {
        Error = "error",
        Warn = "warn",
        Info = "info",
        Debug = "debug",
        Trace = "trace",
    }
}

pub(super) fn schema() -> Value {
    RawAuth::schema()
}

/// What the file is read with, besides its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) environment: &'a Environment,
    pub(super) overrides: &'a Overrides,
    /// Where relative paths begin.
    pub(super) folder: &'a Path,
}

/// The settings of a file; `None` when a part of them was reported.
pub(super) fn settings(node: &Node, around: Surroundings<'_>, cx: &mut Diagnostics) -> Option<Settings> {
    if !version::is_supported(node, cx) {
        return None;
    }
    let raw = RawAuth::decode(node, cx)?;
    let settings = assemble(&raw, around, cx);
    raw.version.and(settings)
}

fn assemble(raw: &RawAuth, around: Surroundings<'_>, cx: &mut Diagnostics) -> Option<Settings> {
    let Surroundings {
        environment,
        overrides,
        folder,
    } = around;
    let data = data_folder(raw, around);
    refuse_one_address_twice(raw, overrides, cx);
    // Sections that need the issuer are judged by a stand-in when it was reported, so that one run finds their mistakes too.
    let issuer = raw
        .issuer
        .as_ref()
        .map_or_else(|| Issuer::of_listener(raw.listen.value), |issuer| issuer.value.clone());
    let database = database(raw, &data, around, cx);
    let master_key = database::master_key(raw.master_key.as_ref(), &data, environment, cx);
    let cookies = raw
        .issuer
        .as_ref()
        .map(|issuer| sessions::cookies(&raw.cookies, issuer, cx));
    let sessions = sessions::sessions(&raw.sessions, cx);
    let tokens = sessions::tokens(&raw.tokens, &issuer, sessions, cx);
    let signing_keys = sessions::signing_keys(&raw.signing_keys, &tokens, cx);
    let passwords = passwords::passwords(&raw.passwords, cx);
    let lockout = passwords::lockout(&raw.lockout, cx);
    let scopes = scopes::scopes(&raw.scopes, cx);
    let api_keys = limits::api_keys(&raw.api_keys, cx);
    let mail = mail::mail(raw.mail.as_ref(), &issuer, &data, folder, environment, cx);
    let deliveries = deliveries::deliveries(&raw.deliveries, environment, cx);
    if let Some(issuer) = &raw.issuer {
        mail::warn_of_unsent_mail(raw.mail.as_ref(), issuer, cx);
    }
    Some(Settings {
        issuer: raw.issuer.as_ref()?.value.clone(),
        listen: overrides.listen.unwrap_or(raw.listen.value),
        admin: raw.admin.value.0,
        checkpoints: checkpoints(&raw.checkpoints, &data, folder),
        data,
        database: database?,
        master_key: master_key?,
        cookies: cookies?,
        sessions,
        tokens,
        signing_keys,
        passwords: passwords?,
        lockout,
        scopes,
        api_keys,
        sign_up: match raw.sign_up {
            RawSignUp::Open => SignUp::Open,
            RawSignUp::Closed => SignUp::Closed,
        },
        mail: mail?,
        deliveries,
        trusted_proxies: raw.trusted_proxies.iter().map(|network| network.0).collect(),
        cors_origins: raw.cors_origins.clone(),
        return_to: raw.return_to.clone(),
        limits: limits::limits(&raw.limits),
        rates: limits::rate_limits(&raw.rate_limits),
        log: log_level(raw.log.level),
        drain: raw.drain.0,
    })
}

fn data_folder(raw: &RawAuth, around: Surroundings<'_>) -> PathBuf {
    let written = || around.folder.join(&raw.data.value);
    around.overrides.data.clone().unwrap_or_else(written)
}

/// What the command line names stands in the place of what the file does, whose secret need not be there then.
fn database(raw: &RawAuth, data: &Path, around: Surroundings<'_>, cx: &mut Diagnostics) -> Option<Database> {
    let Some(url) = &around.overrides.database_url else {
        return database::database(&raw.database, data, around.environment, cx);
    };
    let Some(kind) = database::kind(url, data) else {
        let message = "`--database-url` names no database";
        let diagnostic = Diagnostic::placeless(code::INVALID_VALUE, message);
        cx.push(diagnostic.help("write `sqlite`, `sqlite:` and a path, or `postgres://host/database`"));
        return None;
    };
    Some(database::of_kind(kind, &raw.database))
}

fn refuse_one_address_twice(raw: &RawAuth, overrides: &Overrides, cx: &mut Diagnostics) {
    let Some(admin) = raw.admin.value.0 else {
        return;
    };
    let listen = overrides.listen.unwrap_or(raw.listen.value);
    // Port 0 is another port each time.
    if admin == listen && admin.port() != 0 {
        let message = format!("{admin} is listened on twice");
        // A default has the place of the whole file, which says nothing.
        let written = [(&raw.admin.span, "`listen`"), (&raw.listen.span, "`admin`")];
        let place = written.into_iter().find(|(span, _)| **span != raw.span);
        cx.push(match place {
            Some((span, other)) => {
                Diagnostic::error(DUPLICATE_ADDRESS, *span, message).label(format!("{other} has it too"))
            }
            None => Diagnostic::placeless(DUPLICATE_ADDRESS, message),
        });
    }
}

fn checkpoints(raw: &RawCheckpoints, data: &Path, folder: &Path) -> Checkpoints {
    let written = raw.folder.as_ref().map(|written| folder.join(&written.value));
    Checkpoints {
        every: raw.every.0,
        folder: written.unwrap_or_else(|| data.join("checkpoints")),
    }
}

fn log_level(raw: RawLogLevel) -> LogLevel {
    match raw {
        RawLogLevel::Error => LogLevel::Error,
        RawLogLevel::Warn => LogLevel::Warn,
        RawLogLevel::Info => LogLevel::Info,
        RawLogLevel::Debug => LogLevel::Debug,
        RawLogLevel::Trace => LogLevel::Trace,
    }
}

#[cfg(test)]
mod tests;
