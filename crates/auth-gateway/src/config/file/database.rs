//! `database` and `master_key`: where everything is kept, and what opens it.

use std::path::Path;

use config_text::bounded::Count;
use config_text::code;
use config_text::decode::{Decode, wrong_type};
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::environment::{Environment, SecretError};
use config_text::secret::{SecretName, reveal};
use config_text::yaml::{Kind, Node};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::config::settings::{Database, DatabaseKind, MasterKeySource};
use crate::crypto::master_key::MasterKey;

/// Used when the file names no other and it can be had.
const MASTER_KEY: &str = "AUTH_MASTER_KEY";

config_text::record! {
    /// Where events and state are kept.
    pub(super) struct RawDatabase as "the `database` section" {
        /// `sqlite` for `auth.db` in the data folder, `sqlite:` and another path, a URL `postgres://…` without a password, or
        /// `{ secret: NAME }` for one with a password.
        url: default("sqlite") RawDatabaseUrl,
        /// Connections that read.
        readers: default(4) Count<1, 256>,
        /// Whether `serve` applies missing migrations before it starts; unless given, on SQLite alone.
        migrate_at_start: optional bool,
    }
}

#[derive(Clone, Debug)]
pub(super) enum RawDatabaseUrl {
    Written(Spanned<SecretString>),
    Secret(SecretName),
}

impl Decode for RawDatabaseUrl {
    const WHAT: &'static str = "a database";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let Kind::Scalar(scalar) = &node.kind else {
            return match node.kind {
                Kind::Mapping(_) => SecretName::decode(node, cx).map(Self::Secret),
                Kind::Scalar(_) | Kind::Sequence(_) | Kind::Reported => {
                    wrong_type(node, Self::WHAT, cx);
                    None
                }
            };
        };
        if holds_password(&scalar.text) {
            let message = "a database's password stands here";
            let help = "name the whole URL, and supply it from outside: `{ secret: NAME }`";
            cx.push(Diagnostic::error(code::INLINE_SECRET, node.span, message).help(help));
            cx.conceal(node.span);
            return None;
        }
        let url = SecretString::from(String::decode(node, cx)?);
        if kind(&url, Path::new("")).is_none() {
            let message = "this is not a database";
            cx.push(Diagnostic::error(code::INVALID_VALUE, node.span, message).label(EXPECTED));
            return None;
        }
        Some(Self::Written(Spanned::new(url, node.span)))
    }

    fn schema() -> Value {
        json!({ "anyOf": [{ "type": "string", "pattern": "^(sqlite(:.+)?|postgres(ql)?://.+)$" }, SecretName::schema()] })
    }
}

const EXPECTED: &str = "expected `sqlite`, `sqlite:` and a path, or `postgres://host/database`";

/// `data` is where a SQLite database is, unless its path is absolute.
pub(super) fn database(
    raw: &RawDatabase,
    data: &Path,
    environment: &Environment,
    cx: &mut Diagnostics,
) -> Option<Database> {
    let kind = match &raw.url {
        RawDatabaseUrl::Written(url) => kind(&url.value, data),
        RawDatabaseUrl::Secret(SecretName(name)) => {
            let url = reveal(name, environment, cx)?;
            let kind = kind(&url, data);
            if kind.is_none() {
                let message = format!("the secret `{}` is not the URL of a database", name.value);
                cx.push(Diagnostic::error(code::UNSET_SECRET, name.span, message).label(EXPECTED));
            }
            kind
        }
    }?;
    Some(of_kind(kind, raw))
}

/// What the section says besides the URL.
pub(super) fn of_kind(kind: DatabaseKind, raw: &RawDatabase) -> Database {
    let on_sqlite = matches!(kind, DatabaseKind::Sqlite(_));
    Database {
        kind,
        readers: u32::try_from(raw.readers.0).unwrap_or(u32::MAX),
        migrate_at_start: raw.migrate_at_start.unwrap_or(on_sqlite),
    }
}

/// What a URL names; `None` when it names no database that this program knows.
pub(super) fn kind(url: &SecretString, data: &Path) -> Option<DatabaseKind> {
    let text = url.expose_secret();
    let postgres = ["postgres://", "postgresql://"]
        .iter()
        .find_map(|start| text.strip_prefix(start));
    match (text.strip_prefix("sqlite"), postgres) {
        (Some(""), _) => Some(DatabaseKind::Sqlite(data.join("auth.db"))),
        (Some(path), _) => {
            let path = path
                .strip_prefix(':')
                .filter(|path| !path.is_empty() && !path.contains(['?', '#']))?;
            Some(DatabaseKind::Sqlite(data.join(path)))
        }
        (None, Some(rest)) if !rest.is_empty() => Some(DatabaseKind::Postgres(url.clone())),
        (None, _) => None,
    }
}

fn holds_password(url: &str) -> bool {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let (before_query, query) = after_scheme.split_once('?').unwrap_or((after_scheme, ""));
    let user = before_query.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || query.split('&').any(|pair| pair.starts_with("password="))
}

/// The secret that the file names, else `AUTH_MASTER_KEY` when it is supplied, else the file in the data folder.
pub(super) fn master_key(
    named: Option<&SecretName>,
    data: &Path,
    environment: &Environment,
    cx: &mut Diagnostics,
) -> Option<MasterKeySource> {
    let (secret, refused) = match named {
        Some(SecretName(name)) => {
            let refused = Diagnostic::error(code::INVALID_VALUE, name.span, no_master_key(&name.value));
            (reveal(name, environment, cx)?, refused)
        }
        None => match environment.secret(MASTER_KEY) {
            Ok(secret) => (
                secret,
                Diagnostic::placeless(code::INVALID_VALUE, no_master_key(MASTER_KEY)),
            ),
            Err(SecretError::Unset) => return Some(MasterKeySource::File(data.join("master.key"))),
            Err(error) => {
                let message = format!("the secret `{MASTER_KEY}` cannot be had: {error}");
                cx.push(Diagnostic::placeless(code::UNSET_SECRET, message));
                return None;
            }
        },
    };
    if MasterKey::from_base64(secret.expose_secret()).is_err() {
        cx.push(refused.help("give 32 bytes in base64: `openssl rand -base64 32` makes new ones"));
        return None;
    }
    Some(MasterKeySource::Secret(secret))
}

fn no_master_key(secret: &str) -> String {
    format!("the secret `{secret}` is no master key")
}
