//! From settings to a working `App`: the database opened, the master key found or made, mail on its way.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use event_store::checkpoint::LocalSigner;
use event_store::{OpenError, Options, Store};
use secrecy::ExposeSecret as _;
use tokio::task::JoinHandle;

use super::data_folder;
use crate::app::{App, Parts};
use crate::clock::{Clock, SystemClock};
use crate::config::settings::{
    DatabaseKind, MailTransport as MailKind, MasterKeySource, Settings, SmtpSecurity as Security,
};
use crate::crypto::master_key::{MasterKey, Origin};
use crate::crypto::password_hasher::{HasherSettings, PasswordHasher};
use crate::crypto::password_policy::PasswordPolicy;
use crate::crypto::random::SystemRandomness;
use crate::crypto::webhook_signature::WebhookKey;
use crate::domain::fold::DomainFold;
use crate::mail::queue::{Fate, MailQueue, QueueSettings};
use crate::mail::smtp::{SmtpSecurity, SmtpSettings, SmtpTransport};
use crate::mail::spool::SpoolFolder;
use crate::mail::transport::MailTransport;
use crate::mail::webhook::{MailWebhook, MailWebhookSettings};
use crate::telemetry::letters::Letters;
use crate::telemetry::metrics::Metrics;

/// One conversation with a mail server or webhook.
const MAIL_TIMEOUT: Duration = Duration::from_secs(20);
/// No password may be made of these.
const PRODUCT_WORDS: [&str; 2] = ["lanonasis", "onasis"];

/// The use cases, and the mail worker to wait for at the end.
pub(super) struct Assembled {
    pub(super) app: Arc<App>,
    pub(super) mail_worker: JoinHandle<()>,
}

/// Who opens the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The server: may make the database, its tables and the master key.
    Serve,
    /// A command that changes what is in a database that is there: may make the master key.
    Change,
    /// A command that only reads: makes nothing.
    Read,
}

/// For a command, whose metrics nobody reads.
pub(super) async fn assemble_for_command(settings: Settings, purpose: Purpose) -> anyhow::Result<Assembled> {
    assemble(settings, purpose, &Metrics::new()?).await
}

pub(super) async fn assemble(settings: Settings, purpose: Purpose, metrics: &Metrics) -> anyhow::Result<Assembled> {
    if purpose == Purpose::Serve {
        data_folder::make(&settings)?;
    }
    let store = open_store(&settings, purpose).await?;
    let may_make = purpose != Purpose::Read;
    if may_make {
        // A command makes no folder for a database that is not there, whose name may be mistyped.
        data_folder::make(&settings)?;
    }
    let random = Arc::new(SystemRandomness::new());
    let is_new = store.head().await? == 0;
    let master_key = master_key(&settings.master_key, is_new && may_make)?;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut hashing = HasherSettings::for_cores(
        settings.passwords.parameters,
        settings.passwords.at_once.unwrap_or(cores),
    );
    hashing.waiting = settings.passwords.waiting.unwrap_or(hashing.waiting);
    let passwords = PasswordHasher::start(
        hashing,
        Some(master_key.pepper()),
        metrics.password_hashes.clone(),
        random.clone(),
    )
    .context("threads that hash passwords")?;
    let policy = PasswordPolicy::new(settings.passwords.min_length, &PRODUCT_WORDS).context("the password policy")?;
    let (mail, mail_worker) = start_mail(&settings, purpose, &metrics.letters)?;
    let settings = Arc::new(settings);
    let parts = Parts {
        settings,
        store,
        clock: Arc::new(SystemClock),
        random,
        master_key,
        passwords,
        policy,
        mail,
    };
    let app = match purpose {
        Purpose::Serve | Purpose::Change => App::start(parts).await?,
        Purpose::Read => App::start_reading(parts).await?,
    };
    Ok(Assembled {
        app: Arc::new(app),
        mail_worker,
    })
}

pub(super) async fn open_store(settings: &Settings, purpose: Purpose) -> anyhow::Result<Store> {
    let create = purpose == Purpose::Serve && settings.database.migrate_at_start;
    let options = Options {
        readers: settings.database.readers,
        create,
        ..Options::default()
    };
    let url = settings.database.kind.url();
    let opened = Store::open(url.expose_secret(), options, Arc::new(DomainFold)).await;
    let help = match &opened {
        Err(OpenError::NotFound | OpenError::NotMigrated { .. }) => " (`auth-gateway migrate` makes its tables)",
        _ => "",
    };
    opened.with_context(|| format!("{}{help}", database_name(settings)))
}

/// Which database it is, without what its URL may hold.
pub(super) fn database_name(settings: &Settings) -> String {
    match &settings.database.kind {
        DatabaseKind::Sqlite(path) => format!("the database {}", path.display()),
        DatabaseKind::Postgres(_) => "the PostgreSQL database".to_owned(),
    }
}

/// Who signs the log's checkpoints: the issuer's host, with a key that comes from the master key.
pub(super) fn checkpoint_signer(settings: &Settings) -> anyhow::Result<LocalSigner> {
    let master_key = master_key(&settings.master_key, false)?;
    Ok(LocalSigner::from_seed(
        settings.issuer.host(),
        &master_key.checkpoint_seed(),
    )?)
}

/// A new key only for a new log, over an old one it could open nothing, and for who may make one.
fn master_key(source: &MasterKeySource, may_make: bool) -> anyhow::Result<MasterKey> {
    match source {
        MasterKeySource::Secret(secret) => Ok(MasterKey::from_base64(secret.expose_secret())?),
        MasterKeySource::File(path) if may_make => {
            let (key, origin) = MasterKey::open_or_make(path, &SystemRandomness::new())?;
            if origin == Origin::Made {
                tracing::info!(path = %path.display(), "made the master key: keep a copy elsewhere, nothing opens without it");
            }
            Ok(key)
        }
        MasterKeySource::File(path) => Ok(MasterKey::open(path)?),
    }
}

fn start_mail(settings: &Settings, purpose: Purpose, letters: &Letters) -> anyhow::Result<(MailQueue, JoinHandle<()>)> {
    let transport = transport(settings, purpose).context("mail")?;
    let letters = letters.clone();
    let report = Arc::new(move |letter: &'static str, fate: Fate| letters.count(letter, fate.outcome()));
    Ok(MailQueue::start(transport, QueueSettings::default(), report))
}

fn transport(settings: &Settings, purpose: Purpose) -> anyhow::Result<Arc<dyn MailTransport>> {
    let from = settings.mail.from.clone();
    Ok(match &settings.mail.transport {
        MailKind::Spool(folder) if purpose == Purpose::Read => Arc::new(SpoolFolder::at(PathBuf::from(folder), from)),
        MailKind::Spool(folder) => Arc::new(SpoolFolder::new(PathBuf::from(folder), from)?),
        MailKind::Webhook(webhook) => {
            let key = WebhookKey::from_secret(webhook.secret.expose_secret())?;
            let settings = MailWebhookSettings {
                url: webhook.url.as_str().to_owned(),
                key,
                timeout: MAIL_TIMEOUT,
            };
            Arc::new(MailWebhook::new(settings, Arc::new(|| SystemClock.now()))?)
        }
        MailKind::Smtp(smtp) => Arc::new(SmtpTransport::new(SmtpSettings {
            host: smtp.host.clone(),
            port: smtp.port,
            security: match smtp.security {
                Security::Tls => SmtpSecurity::Implicit,
                Security::StartTls => SmtpSecurity::StartTls,
                Security::Plain => SmtpSecurity::Plain,
            },
            credentials: smtp
                .login
                .as_ref()
                .map(|login| (login.user.clone(), login.password.clone())),
            from,
            timeout: MAIL_TIMEOUT,
        })?),
    })
}
