//! The signing keys at hand: made, rotated on schedule, and read again whenever another gateway has changed them.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use event_store::{AppendError, Command as Change, Expected, RecordChange, Store, Timestamp};

use super::Refusal;
use super::caller::Caller;
use super::freshness::{AsOf, Freshness};
use super::journal::{Journal, Loaded};
use crate::crypto::key_set::KeySet;
use crate::crypto::random::Random;
use crate::crypto::seal::SealKey;
use crate::crypto::signing::{PublicKey, SigningKey};
use crate::domain::signing_key::{self, NewKey, Schedule, SigningKeyEvent, SigningKeys, Step};

const KIND: &str = "signing_key";
/// RFC 8037 section 3.1.
const ALGORITHM: &str = "EdDSA";
/// Steps taken in one go; a first start takes two.
const STEPS: u32 = 8;

pub(crate) struct KeyRing {
    store: Store,
    journal: Arc<Journal>,
    master: SealKey,
    random: Arc<dyn Random>,
    pub(super) schedule: Schedule,
    keys: ArcSwap<Keys>,
}

/// By their ids.
type Signers = HashMap<String, Arc<SigningKey>>;

/// The keys as of one position of the log.
struct Keys {
    as_of: AsOf,
    active: Option<Arc<SigningKey>>,
    /// All that may still have signed something good, the active one among them.
    signers: Signers,
    /// Retiring keys end by the clock; the stream tells of it only later.
    state: SigningKeys,
}

impl KeyRing {
    pub(crate) fn new(
        store: Store,
        journal: Arc<Journal>,
        master: SealKey,
        random: Arc<dyn Random>,
        schedule: Schedule,
    ) -> Self {
        let none = Keys {
            as_of: AsOf(0),
            active: None,
            signers: Signers::new(),
            state: SigningKeys::default(),
        };
        Self {
            store,
            journal,
            master,
            random,
            schedule,
            keys: ArcSwap::from_pointee(none),
        }
    }

    /// The key that signs now.
    pub(crate) fn current(&self) -> Result<Arc<SigningKey>, Refusal> {
        self.keys
            .load()
            .active
            .clone()
            .ok_or_else(|| Refusal::inconsistent("there is no active signing key"))
    }

    /// The key `kid`, while what it signed may still be good; none once it was withdrawn.
    pub(crate) fn signer(&self, kid: &str) -> Option<Arc<SigningKey>> {
        self.keys.load().signers.get(kid).cloned()
    }

    /// The keys that tokens are verified with, and that `/oauth/jwks.json` shows.
    pub(crate) fn valid(&self, now: Timestamp) -> Result<KeySet, Refusal> {
        let keys = self.keys.load();
        let public: Result<Vec<PublicKey>, _> = keys
            .state
            .valid(now)
            .map(|key| PublicKey::from_base64url(&key.public_key))
            .collect();
        Ok(KeySet::new(public.map_err(|_| {
            Refusal::inconsistent("a stored signing key is no key")
        })?))
    }

    /// Reads the keys again if the log has more about them than they know.
    pub(crate) async fn follow(&self, freshness: &Freshness, as_of: AsOf, now: Timestamp) -> Result<(), Refusal> {
        if !freshness.still_holds(self.keys.load().as_of, [&signing_key::stream()]) {
            self.read(as_of, now).await?;
        }
        Ok(())
    }

    /// Takes every step that is due: publishes, activates, retires. Several gateways may try; one of them does it.
    pub(crate) async fn rotate(&self, now: Timestamp) -> Result<(), Refusal> {
        for _ in 0..STEPS {
            let as_of = AsOf(self.store.head().await?);
            let loaded = self.read(as_of, now).await?;
            let state = loaded.as_ref().map(|loaded| loaded.state.clone()).unwrap_or_default();
            let steps = signing_key::due(&state, self.schedule, now);
            let Some(step) = steps.into_iter().next() else {
                return Ok(());
            };
            self.take(step, loaded, now).await?;
        }
        Ok(())
    }

    async fn take(&self, step: Step, loaded: Option<Loaded<SigningKeys>>, now: Timestamp) -> Result<(), Refusal> {
        let new = SigningKey::generate(&*self.random);
        let command = match step {
            Step::Publish => signing_key::Command::Publish(public_half(&new)),
            Step::Activate { kid } => signing_key::Command::Activate {
                kid,
                overlap: self.schedule.overlap,
            },
            Step::Retire { kid } => signing_key::Command::Retire { kid },
        };
        // Where somebody else was faster, the step is taken.
        self.carry_out(command, &new, loaded, &Caller::system(), now).await?;
        Ok(())
    }

    /// Carries out an operator's command, for which a new key is at hand. The keys as they are then.
    pub(crate) async fn change(
        &self,
        command: impl Fn(NewKey) -> signing_key::Command,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<SigningKeys, Refusal> {
        for _ in 0..STEPS {
            let loaded = self.read(AsOf(self.store.head().await?), now).await?;
            let new = SigningKey::generate(&*self.random);
            if self
                .carry_out(command(public_half(&new)), &new, loaded, caller, now)
                .await?
            {
                let changed = self.read(AsOf(self.store.head().await?), now).await?;
                return Ok(changed.map(|loaded| loaded.state).unwrap_or_default());
            }
        }
        Err(Refusal::Contended)
    }

    /// Decides, and appends what follows together with what becomes of the private halves. False: somebody else changed the
    /// keys first.
    async fn carry_out(
        &self,
        command: signing_key::Command,
        new: &SigningKey,
        loaded: Option<Loaded<SigningKeys>>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        let expected = loaded
            .as_ref()
            .map_or(Expected::Nothing, |loaded| Expected::Exact(loaded.version));
        let facts = signing_key::decide(loaded.as_ref().map(|loaded| &loaded.state), command, now)?;
        if facts.is_empty() {
            return Ok(true);
        }
        let mut change = Change::new(caller.context(now));
        for fact in &facts {
            let event = fact.event().map_err(|error| Refusal::inconsistent(error.to_string()))?;
            change.records.extend(self.private_half(&event, new));
        }
        let events = self.journal.seal(facts, now).await?;
        match self
            .store
            .append(change.append(signing_key::stream(), expected, events))
            .await
        {
            Ok(_) => Ok(true),
            Err(AppendError::WrongVersion { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// What becomes of a private half with what happens to its key: it is kept from the first on, and deleted with the last.
    fn private_half(&self, event: &SigningKeyEvent, new: &SigningKey) -> Option<RecordChange> {
        match event {
            SigningKeyEvent::Published { kid, .. } => Some(RecordChange::Put {
                kind: KIND.into(),
                key: kid.as_bytes().to_vec(),
                value: new.wrap(&self.master, &*self.random),
                expires: None,
            }),
            SigningKeyEvent::Retired { kid, .. } | SigningKeyEvent::Withdrawn { kid, .. } => {
                Some(RecordChange::Delete {
                    kind: KIND.into(),
                    key: kid.as_bytes().to_vec(),
                })
            }
            SigningKeyEvent::RotationRequested { .. }
            | SigningKeyEvent::Activated { .. }
            | SigningKeyEvent::Retiring { .. } => None,
        }
    }

    async fn read(&self, as_of: AsOf, now: Timestamp) -> Result<Option<Loaded<SigningKeys>>, Refusal> {
        let (loaded, signers) = self.load(now).await?;
        let state = loaded.as_ref().map(|loaded| loaded.state.clone()).unwrap_or_default();
        let active = state.active().and_then(|key| signers.get(&key.kid).cloned());
        let read = Arc::new(Keys {
            as_of,
            active,
            signers,
            state,
        });
        // Whoever read earlier and comes later must not bring back a key that was withdrawn in between.
        self.keys.rcu(|held| {
            let newest = if held.as_of > as_of { held } else { &read };
            Arc::clone(newest)
        });
        Ok(loaded)
    }

    /// The keys, and the private halves that belong to them. Where one is missing, its key may have been forgotten since the
    /// keys were read: then they are read again.
    async fn load(&self, now: Timestamp) -> Result<(Option<Loaded<SigningKeys>>, Signers), Refusal> {
        let mut before = None;
        loop {
            let loaded = self.journal.load::<SigningKeys>(signing_key::stream()).await?;
            let (version, keys) = loaded
                .as_ref()
                .map(|loaded| (loaded.version, loaded.state.keys.as_slice()))
                .unwrap_or_default();
            let mut signers = Signers::new();
            for key in keys {
                if let Some(record) = self.store.record(KIND, key.kid.as_bytes(), now).await? {
                    let signer = SigningKey::unwrap(&self.master, &key.kid, &record.value)
                        .map_err(|broken| Refusal::inconsistent(format!("signing key {}: {broken}", key.kid)))?;
                    signers.insert(key.kid.clone(), Arc::new(signer));
                }
            }
            if signers.len() == keys.len() || before == Some(version) {
                return Ok((loaded, signers));
            }
            before = Some(version);
        }
    }
}

fn public_half(key: &SigningKey) -> NewKey {
    NewKey {
        kid: key.kid().to_owned(),
        algorithm: ALGORITHM.to_owned(),
        public_key: key.public().to_base64url(),
    }
}
