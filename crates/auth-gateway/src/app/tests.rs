//! Use cases over time, on a SQLite file and with a clock that tests move.

mod assertions;
mod enumeration;
mod keys;
mod links;
mod lockout;
mod logins;
mod postage;
mod sessions;
mod signing_keys;
mod tending;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use config_text::environment::Environment;
use event_store::{Options, Store, Timestamp};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::caller::{Actor, Caller};
use super::log_in::{LoggedIn, Login};
use super::resolve::{Resolved, Shown};
use super::sign_up::NewUser;
use super::{App, Parts, Refusal};
use crate::clock::Clock;
use crate::config::settings::Settings;
use crate::config::{Overrides, load};
use crate::crypto::master_key::MasterKey;
use crate::crypto::password::Password;
use crate::crypto::password_hasher::{HasherSettings, PasswordHasher};
use crate::crypto::password_policy::PasswordPolicy;
use crate::crypto::random::SystemRandomness;
use crate::crypto::secret_text::SecretText;
use crate::domain::email_address::EmailAddress;
use crate::domain::fold::DomainFold;
use crate::domain::platform::Platform;
use crate::domain::role::Role;
use crate::domain::user::UserSource;
use crate::mail::message::Message;
use crate::mail::queue::{MailQueue, QueueSettings};
use crate::mail::transport::{MailTransport, SendError};
use crate::telemetry::metrics::Metrics;

const OWNER: &str = "owner@example.org";
const PASSWORD: &str = "seven green bottles 41";
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Default)]
struct MovedClock(AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[derive(Default)]
struct Letters(Mutex<Vec<String>>);

#[async_trait]
impl MailTransport for Letters {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        self.0.lock().expect("not poisoned").push(message.text().to_owned());
        Ok(())
    }
}

struct Installation {
    app: Arc<App>,
    clock: Arc<MovedClock>,
    letters: Arc<Letters>,
    folder: TempDir,
}

impl Installation {
    async fn new(adjust: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let overrides = Overrides {
            data: Some(folder.path().to_owned()),
            ..Overrides::default()
        };
        let mut settings = load(None, &overrides, &Environment::default())
            .settings
            .expect("defaults");
        adjust(&mut settings);
        let options = Options {
            create: true,
            ..Options::default()
        };
        let url = settings.database.kind.url();
        let store = Store::open(url.expose_secret(), options, Arc::new(DomainFold)).await;
        let random = Arc::new(SystemRandomness::new());
        let (clock, letters) = (Arc::new(MovedClock::default()), Arc::new(Letters::default()));
        clock.0.store(1_800_000_000_000, Ordering::SeqCst);
        let (mail, _) = MailQueue::start(letters.clone(), QueueSettings::default(), Arc::new(|_, _| {}));
        let hashing = HasherSettings::for_cores(settings.passwords.parameters, 2);
        let (master_key, _) = MasterKey::open_or_make(&folder.path().join("master.key"), &*random).expect("a new key");
        let parts = Parts {
            settings: Arc::new(settings),
            store: store.expect("a database"),
            clock: clock.clone(),
            random: random.clone(),
            master_key,
            passwords: PasswordHasher::start(
                hashing,
                None,
                Metrics::new().expect("distinct names").password_hashes,
                random,
            )
            .expect("threads"),
            policy: PasswordPolicy::new(8, &[]).expect("a policy"),
            mail,
        };
        let app = Arc::new(App::start(parts).await.expect("it starts"));
        let wish = NewUser {
            email: owner(),
            name: None,
            password: Some(password(PASSWORD)),
            role: Role::authenticated(),
            project_scope: None,
            verified: true,
            source: UserSource::Admin,
        };
        app.register(wish, &Caller::system()).await.expect("a user");
        Self {
            app,
            clock,
            letters,
            folder,
        }
    }

    fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("not that long");
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    async fn log_in(&self, password: &str, from: u8) -> Result<LoggedIn, Refusal> {
        let login = Login {
            email: OWNER.to_owned(),
            password: Password::new(password.to_owned()).ok(),
            platform: Platform::Web,
            client_id: None,
            project_scope: None,
            cookie: true,
        };
        self.app.log_in(login, &at(from)).await
    }

    async fn shown(&self, text: &str) -> Result<Resolved, Refusal> {
        self.app.resolve(&Shown::Token(SecretText::new(text.to_owned()))).await
    }

    fn publishes(&self, kid: &str) -> bool {
        let keys = self.app.keys.valid(self.clock.now()).expect("keys").to_jwks();
        serde_json::to_string(&keys).expect("JSON").contains(kid)
    }

    async fn reset_link(&self) -> String {
        let before = self.letters.0.lock().expect("not poisoned").len();
        self.app.forgot_password(&owner(), &at(9)).await.expect("asked");
        loop {
            if let Some(letter) = self.letters.0.lock().expect("not poisoned").get(before) {
                let (_, rest) = letter.split_once("token=").expect("a link");
                return rest.split_whitespace().next().expect("a token").to_owned();
            }
            tokio::task::yield_now().await;
        }
    }
}

fn owner() -> EmailAddress {
    OWNER.parse().expect("an address")
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).expect("long enough")
}

fn at(last: u8) -> Caller {
    Caller {
        actor: Actor::Anonymous,
        address: Some(std::net::IpAddr::from([192, 0, 2, last])),
        ..Caller::system()
    }
}
