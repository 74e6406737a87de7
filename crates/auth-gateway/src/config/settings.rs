//! What a configuration comes to once it is valid. Nothing past the loader checks any of it again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use identity_contract::ScopeSet;
use ipnet::IpNet;
use lettre::message::Mailbox;
use secrecy::SecretString;

use super::issuer::Issuer;
use super::origin::OriginPattern;
use super::url::Url;
use crate::crypto::password_parameters::PasswordParameters;
use crate::domain::role::Role;

/// `conf/auth.yaml`, valid, with what the command line said in its stead.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) issuer: Issuer,
    /// Port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// Metrics, liveness and readiness; none when it is off.
    pub(crate) admin: Option<SocketAddr>,
    /// The folder of everything that is kept in files.
    pub(crate) data: PathBuf,
    pub(crate) database: Database,
    pub(crate) master_key: MasterKeySource,
    pub(crate) cookies: Cookies,
    pub(crate) sessions: Sessions,
    pub(crate) tokens: Tokens,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) passwords: Passwords,
    pub(crate) lockout: Lockout,
    pub(crate) scopes: RoleScopes,
    pub(crate) api_keys: ApiKeys,
    pub(crate) sign_up: SignUp,
    pub(crate) mail: Mail,
    pub(crate) deliveries: Vec<Delivery>,
    /// Who may say `X-Forwarded-For` and `X-Request-Id`.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Pages of these origins may call with credentials.
    pub(crate) cors_origins: Vec<OriginPattern>,
    /// Where a browser may be sent after it signed in, besides the issuer itself.
    pub(crate) return_to: Vec<OriginPattern>,
    pub(crate) limits: Limits,
    pub(crate) rates: RateLimits,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) log: LogLevel,
    /// How long a stopping server waits for requests that are under way.
    pub(crate) drain: Duration,
}

impl Settings {
    /// The settings of a server that took `address`: where the port was left open and the issuer is the listener, only now is
    /// the issuer known.
    pub(crate) fn bound_to(mut self, address: SocketAddr) -> Self {
        if self.listen.port() == 0 && self.issuer == Issuer::of_listener(self.listen) {
            let issuer = Issuer::of_listener(address);
            for audience in &mut self.tokens.audience {
                if audience == self.issuer.as_str() {
                    *audience = issuer.to_string();
                }
            }
            self.issuer = issuer;
        }
        self.listen = address;
        self
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) kind: DatabaseKind,
    /// Connections that read.
    pub(crate) readers: u32,
    /// Whether `serve` applies missing migrations before it starts.
    pub(crate) migrate_at_start: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum DatabaseKind {
    /// The file, inside the data folder.
    Sqlite(PathBuf),
    /// `postgres://…`, which may hold a password.
    Postgres(SecretString),
}

impl DatabaseKind {
    /// As the event store opens it: `sqlite:PATH` or `postgres://…`.
    pub(crate) fn url(&self) -> SecretString {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()).into(),
            Self::Postgres(url) => url.clone(),
        }
    }
}

/// Where the 32 bytes are that all other keys come from.
#[derive(Clone, Debug)]
pub(crate) enum MasterKeySource {
    /// Made at the first start.
    File(PathBuf),
    /// In base64.
    Secret(SecretString),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cookies {
    /// The `Domain` attribute, such as `example.org`; none makes cookies of the issuer's host alone.
    pub(crate) domain: Option<String>,
    pub(crate) secure: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sessions {
    /// Unused for this long, a session ends.
    pub(crate) idle: Duration,
    /// However much it is used, it ends after this.
    pub(crate) absolute: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access_ttl: Duration,
    /// Unused for this long, a refresh token is void. Never longer than a session may live.
    pub(crate) refresh_ttl: Duration,
    /// For this long after a rotation the same refresh token gets the same answer again.
    pub(crate) refresh_grace: Duration,
    /// Of the identity that introspection signs for upstreams.
    pub(crate) assertion_ttl: Duration,
    /// `aud` of access tokens; never empty.
    pub(crate) audience: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SigningKeys {
    pub(crate) rotate_every: Duration,
    /// So long a key that no longer signs is still accepted and published. Longer than any token lives.
    pub(crate) overlap: Duration,
    /// So long before it signs a key is published.
    pub(crate) publish_ahead: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passwords {
    /// In characters.
    pub(crate) min_length: usize,
    pub(crate) parameters: PasswordParameters,
    /// Hashes at once; none is one for each core.
    pub(crate) at_once: Option<usize>,
    /// Logins that may wait for their turn; none is sixteen for each hash at once.
    pub(crate) waiting: Option<usize>,
}

/// Limits on guessing passwords and codes, by what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lockout {
    /// One account from one address.
    pub(crate) per_pair: Patience,
    /// All accounts from one address.
    pub(crate) per_address: Patience,
    /// One account from anywhere but the owner's known places.
    pub(crate) per_account: Patience,
}

/// What waits of [`Lockout`] may grow to.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// How many tries are free, and how waits double after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) free_attempts: u32,
    pub(crate) first_wait: Duration,
    pub(crate) longest_wait: Duration,
}

/// What a login may do, by the role of the user.
#[derive(Clone, Debug)]
pub(crate) struct RoleScopes {
    everyone: ScopeSet,
    roles: BTreeMap<Role, ScopeSet>,
}

impl RoleScopes {
    /// `everyone` is for the roles that `roles` does not have.
    pub(crate) fn new(everyone: ScopeSet, roles: BTreeMap<Role, ScopeSet>) -> Self {
        Self { everyone, roles }
    }

    pub(crate) fn of(&self, role: &Role) -> &ScopeSet {
        self.roles.get(role).unwrap_or(&self.everyone)
    }

    /// The roles that a user may have, by name.
    pub(crate) fn names(&self) -> BTreeSet<Role> {
        let always = [Role::authenticated(), Role::admin()];
        self.roles.keys().cloned().chain(always).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiKeys {
    /// So long a rotated key still works when the caller asks for nothing else.
    pub(crate) rotation_overlap: Duration,
    /// The longest that a caller may ask for.
    pub(crate) longest_overlap: Duration,
    /// Keys of one user that are neither revoked nor expired.
    pub(crate) per_user: usize,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignUp {
    Open,
    /// Accounts are made by administrators.
    Closed,
}

#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) from: Mailbox,
    pub(crate) transport: MailTransport,
}

#[derive(Clone, Debug)]
pub(crate) enum MailTransport {
    Smtp(Smtp),
    Webhook(Webhook),
    /// One file a message.
    Spool(PathBuf),
}

#[derive(Clone, Debug)]
pub(crate) struct Smtp {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: SmtpSecurity,
    pub(crate) login: Option<SmtpLogin>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmtpSecurity {
    /// TLS from the first byte.
    Tls,
    /// Plain at first; nothing is sent before TLS holds.
    StartTls,
    /// On loopback only.
    Plain,
}

#[derive(Clone, Debug)]
pub(crate) struct SmtpLogin {
    pub(crate) user: String,
    pub(crate) password: SecretString,
}

/// A POST of JSON, signed with the secret.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) url: Url,
    pub(crate) secret: SecretString,
}

/// A receiver of what happened.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) name: String,
    pub(crate) webhook: Webhook,
    pub(crate) events: EventFilter,
}

/// Which kinds of events a receiver is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventFilter {
    All,
    /// `session.started` names one kind, `session.*` all that begin so.
    Some(Vec<String>),
}

impl EventFilter {
    pub(crate) fn admits(&self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(patterns) => patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => kind.starts_with(start),
                None => kind == pattern,
            }),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In bytes; a longer body is answered 413.
    pub(crate) body: usize,
    /// From a request's last header to the last byte of its body.
    pub(crate) body_time: Duration,
    /// From a request's last header to its answer; streams excepted.
    pub(crate) request_time: Duration,
    /// Open connections, in all.
    pub(crate) connections: usize,
    /// Open connections of one address; trusted proxies have the total alone.
    pub(crate) connections_per_address: usize,
    /// For a request's whole head, and between two requests of a connection.
    pub(crate) header_timeout: Duration,
}

/// So many requests at once, and as many again over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) requests: NonZeroU32,
    pub(crate) window: Duration,
}

/// Limits on guessing, by client address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RateLimits {
    /// For what has no limit of its own.
    pub(crate) default: Allowance,
    pub(crate) named: BTreeMap<&'static str, Allowance>,
}

#[cfg(test)]
impl RateLimits {
    pub(crate) fn of(&self, name: &str) -> Allowance {
        self.named.get(name).copied().unwrap_or(self.default)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoints {
    /// How often the log's state is signed, when it has changed.
    pub(crate) every: Duration,
    /// Where signed checkpoints are written: best a place that who owns the database cannot change.
    pub(crate) folder: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}
