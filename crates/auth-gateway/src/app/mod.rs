//! Use cases, one a file: load, decide, seal, append, answer.

pub(crate) mod setup;
mod background;
pub(crate) mod checkpoints;
mod return_to;
pub(crate) mod sign_up;
pub(crate) mod passwords;
pub(crate) mod log_in;
pub(crate) mod refresh;
pub(crate) mod sessions;
mod lapsed;
pub(crate) mod users;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod state_at;
pub(crate) mod services;
mod signing_keys;
pub(crate) mod revocations;
mod attest;
pub(crate) mod resolve;
mod known;
mod assertions;
pub(crate) mod accounts;
mod post;
mod postage;
pub(crate) mod tokens;
pub(crate) mod key_ring;
mod usage;
mod writable;
mod attempts;
pub(crate) mod idempotent;
pub(crate) mod freshness;
mod journal;
mod subjects;
pub(crate) mod caller;
mod refusal;
mod refused;

use std::sync::Arc;
use std::time::Duration;

use event_store::{Store, Timestamp};
use moka::sync::Cache;

pub(crate) use refusal::Refusal;

use crate::clock::Clock;
use crate::config::settings::Settings;
use crate::crypto::blind_index::BlindIndex;
use crate::crypto::jwt::Expectations;
use crate::crypto::master_key::MasterKey;
use crate::crypto::password_hasher::PasswordHasher;
use crate::crypto::password_policy::PasswordPolicy;
use crate::crypto::random::Random;
use crate::crypto::seal::SealKey;
use crate::domain::signing_key::Schedule;
use crate::mail::queue::MailQueue;
use api_keys::key_set::Turns;
use attempts::Attempts;
use freshness::Freshness;
use journal::Journal;
use key_ring::KeyRing;
use known::Known;
use postage::Stamps;
use services::Services;
use subjects::Subjects;
use tokens::Tokens;
use usage::Usage;

/// Credentials remembered.
const REMEMBERED: u64 = 50_000;
/// The clocks of other gateways, which sign too, may be ahead by so much.
const SKEW: Duration = Duration::from_secs(5);

/// Everything that use cases need.
pub(crate) struct App {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) services: Services,
    pub(crate) freshness: Freshness,
    pub(crate) passwords: PasswordHasher,
    random: Arc<dyn Random>,
    journal: Arc<Journal>,
    subjects: Arc<Subjects>,
    blind_index: BlindIndex,
    /// Seals answers that are kept to be given again.
    answers: SealKey,
    attempts: Attempts,
    stamps: Stamps,
    key_turns: Turns,
    policy: PasswordPolicy,
    tokens: Tokens,
    usage: Usage,
    expectations: Expectations,
    known: Cache<[u8; 32], Arc<Known>>,
    mail: MailQueue,
}

/// What the program is made of before it is an `App`.
pub(crate) struct Parts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) master_key: MasterKey,
    pub(crate) passwords: PasswordHasher,
    pub(crate) policy: PasswordPolicy,
    pub(crate) mail: MailQueue,
}

impl App {
    /// Puts the parts together and takes what the first start or a rotation asks for.
    ///
    /// # Errors
    /// The database does not answer, or the master key is not the one that its keys were sealed with.
    pub(crate) async fn start(parts: Parts) -> Result<Self, Refusal> {
        let app = Self::of(parts).await?;
        let now = app.clock.now();
        app.subjects.ensure_anonymous(now).await?;
        app.keys.rotate(now).await?;
        Ok(app)
    }

    /// The same for who only reads: what is not there is not made, and no step is taken.
    ///
    /// # Errors
    /// As [`App::start`].
    pub(crate) async fn start_reading(parts: Parts) -> Result<Self, Refusal> {
        let app = Self::of(parts).await?;
        app.subjects.has_anonymous(app.clock.now()).await?;
        app.keys_are_current().await?;
        Ok(app)
    }

    /// Writes nothing.
    async fn of(parts: Parts) -> Result<Self, Refusal> {
        let Parts {
            settings,
            store,
            clock,
            random,
            master_key,
            passwords,
            policy,
            mail,
        } = parts;
        let subjects = Arc::new(Subjects::new(store.clone(), master_key.seal_key(), Arc::clone(&random)));
        let journal = Arc::new(Journal::new(store.clone(), Arc::clone(&subjects), Arc::clone(&random)));
        let schedule = Schedule {
            publish_ahead: settings.signing_keys.publish_ahead,
            active_for: settings.signing_keys.rotate_every,
            overlap: settings.signing_keys.overlap,
        };
        let keys = KeyRing::new(
            store.clone(),
            Arc::clone(&journal),
            master_key.seal_key(),
            Arc::clone(&random),
            schedule,
        );
        let keys = Arc::new(keys);
        let freshness = Freshness::start(store.clone()).await?;
        let issuer = settings.issuer.as_str().to_owned();
        let expectations =
            Expectations::new(issuer, settings.tokens.audience.clone(), SKEW).expect("five seconds are allowed");
        Ok(Self {
            services: Services::new(Arc::clone(&journal)),
            attempts: Attempts::new(store.clone(), master_key.attempts(), settings.lockout),
            stamps: Stamps::new(store.clone(), master_key.attempts()),
            key_turns: Turns::default(),
            tokens: Tokens::new(Arc::clone(&settings), Arc::clone(&keys), master_key.refresh_key()),
            usage: Usage::new(store.clone()),
            blind_index: master_key.blind_index(),
            answers: master_key.idempotent_answers(),
            known: Cache::new(REMEMBERED),
            settings,
            store,
            clock,
            keys,
            freshness,
            passwords,
            random,
            journal,
            subjects,
            policy,
            expectations,
            mail,
        })
    }

    /// What is done now and then, whoever asks: keys rotate, last uses are written, what has expired ends and is swept. One that
    /// can not be done keeps no other from it.
    ///
    /// # Errors
    /// The first of those that could not be done.
    pub(crate) async fn tend(&self) -> Result<(), Refusal> {
        let now: Timestamp = self.clock.now();
        let rotated = self.keys.rotate(now).await;
        let flushed = self.usage.flush().await;
        let ended = self.end_lapsed_sessions().await;
        let swept = self.store.sweep(now).await;
        rotated
            .and(flushed)
            .and(ended)
            .and(swept.map(drop).map_err(Refusal::from))
    }
}

#[cfg(test)]
mod tests;
