//! Use cases over time, on a SQLite file and with a clock that tests move.

mod enumeration;
mod keys;
mod logins;
mod postage;

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

#[tokio::test]
async fn keys_rotate_ten_times_under_load_and_a_retired_one_is_refused_after_the_overlap() {
    let here = Installation::new(|settings| {
        settings.signing_keys.rotate_every = DAY;
        settings.signing_keys.publish_ahead = Duration::from_secs(3600);
        settings.signing_keys.overlap = Duration::from_secs(2 * 3600);
        settings.tokens.access_ttl = Duration::from_secs(2 * 3600);
    })
    .await;
    let mut kids = std::collections::BTreeSet::new();
    for rotation in 0..=10 {
        let (first, second) = tokio::join!(here.log_in(PASSWORD, 1), here.log_in(PASSWORD, 2));
        let tokens = [first, second].map(|in_session| in_session.expect("no failed login").tokens.access_token);
        let kid = here.app.keys.current().expect("a key").kid().to_owned();
        assert!(kids.insert(kid.clone()), "rotation {rotation} has a key of its own");
        // To the next rotation, in the steps in which a server tends: somebody logs in at each of them.
        here.pass(DAY - Duration::from_secs(3600));
        here.app.tend().await.expect("tended");
        let last = here
            .log_in(PASSWORD, 1)
            .await
            .expect("no failed login")
            .tokens
            .access_token;
        here.pass(Duration::from_secs(3600));
        let (tended, during) = tokio::join!(here.app.tend(), here.log_in(PASSWORD, 2));
        tended.expect("tended");
        during.expect("no failed login while keys change");
        assert_ne!(here.app.keys.current().expect("a key").kid(), kid);
        // What the former key signed last is still good; what has expired is not.
        here.shown(last.expose()).await.expect("within the overlap");
        for token in tokens {
            assert!(matches!(
                here.shown(token.expose()).await,
                Err(Refusal::ExpiredCredential)
            ));
        }
        assert!(here.publishes(&kid), "shown for the overlap");
        here.pass(Duration::from_secs(2 * 3600));
        assert!(!here.publishes(&kid), "at its end, before anybody tends");
        // No signature of it counts any more, whatever its token says of its time.
        assert!(matches!(
            here.shown(last.expose()).await,
            Err(Refusal::InvalidCredential)
        ));
        here.app.tend().await.expect("tended");
        assert!(here.app.keys.signer(&kid).is_err(), "its private half is forgotten");
        here.pass(DAY - Duration::from_secs(3 * 3600));
        here.app.tend().await.expect("tended");
        here.pass(Duration::from_secs(3600));
        here.app.tend().await.expect("tended");
    }
    assert_eq!(kids.len(), 11);
}

#[tokio::test]
async fn waits_double_and_only_the_guesser_waits() {
    let here = Installation::new(|_| {}).await;
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    for _ in 0..5 {
        assert!(matches!(
            here.log_in("a guess of many", 66).await,
            Err(Refusal::InvalidCredentials)
        ));
    }
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let told = here.log_in("a guess of many", 66).await;
        let Err(Refusal::TooManyAttempts { retry_after }) = told else {
            panic!("not refused before {wait} s")
        };
        assert_eq!(retry_after, Duration::from_secs(wait));
        here.pass(retry_after - Duration::from_millis(1));
        assert!(matches!(
            here.log_in(PASSWORD, 66).await,
            Err(Refusal::TooManyAttempts { .. })
        ));
        here.pass(Duration::from_millis(1));
        assert!(matches!(
            here.log_in("a guess of many", 66).await,
            Err(Refusal::InvalidCredentials)
        ));
    }
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
}

#[tokio::test]
async fn many_addresses_together_can_not_keep_the_owner_out() {
    let here = Installation::new(|_| {}).await;
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
    let mut refused = 0;
    for address in 50..80 {
        refused += u32::from(matches!(
            here.log_in("a guess of many", address).await,
            Err(Refusal::TooManyAttempts { .. })
        ));
    }
    assert_eq!(
        refused, 10,
        "twenty guesses of the account are free, wherever they come from"
    );
    assert!(matches!(
        here.log_in(PASSWORD, 200).await,
        Err(Refusal::TooManyAttempts { .. })
    ));
    here.log_in(PASSWORD, 1).await.expect("the owner, from home");
}

#[tokio::test]
async fn a_reset_link_is_void_after_an_hour() {
    let here = Installation::new(|_| {}).await;
    let link = here.reset_link().await;
    here.pass(Duration::from_secs(3600));
    let late = here
        .app
        .reset_password(&link, password("eleven brown bears"), &at(9))
        .await;
    assert!(matches!(late, Err(Refusal::LinkExpired)), "{late:?}");
    let link = here.reset_link().await;
    here.pass(Duration::from_secs(3599));
    here.app
        .reset_password(&link, password("eleven brown bears"), &at(9))
        .await
        .expect("in time");
}

#[tokio::test]
async fn a_retry_within_the_grace_is_the_same_answer_and_at_its_end_a_replay() {
    let here = Installation::new(|_| {}).await;
    let session = here.log_in(PASSWORD, 1).await.expect("in");
    let first = session.tokens.refresh_token.expose().to_owned();
    here.pass(Duration::from_secs(60));
    let refreshed = here.app.refresh(&first, &at(1)).await.expect("refreshed");
    here.pass(Duration::from_millis(9_999));
    let again = here.app.refresh(&first, &at(1)).await.expect("the same");
    assert_eq!(refreshed.access_token.expose(), again.access_token.expose());
    assert_eq!(refreshed.refresh_token.expose(), again.refresh_token.expose());
    here.pass(Duration::from_millis(1));
    assert!(matches!(
        here.app.refresh(&first, &at(1)).await,
        Err(Refusal::InvalidRefreshToken)
    ));
    let family = here.app.refresh(again.refresh_token.expose(), &at(1)).await;
    assert!(matches!(family, Err(Refusal::SessionEnded)));
    assert!(matches!(
        here.shown(again.access_token.expose()).await,
        Err(Refusal::SessionEnded)
    ));
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_in_the_end_however_it_is_used() {
    let here = Installation::new(|_| {}).await;
    let idle = here.log_in(PASSWORD, 1).await.expect("in");
    let used = here.log_in(PASSWORD, 2).await.expect("in");
    let handle = |session: &LoggedIn| {
        let handle = session.handle.as_ref().expect("a cookie").expose().to_owned();
        Shown::Handle(SecretText::new(handle))
    };
    for _ in 0..29 {
        here.pass(DAY);
        here.app.resolve(&handle(&used)).await.expect("used daily");
    }
    assert!(matches!(
        here.app.resolve(&handle(&idle)).await,
        Err(Refusal::SessionEnded)
    ));
    here.pass(DAY);
    assert!(here.app.resolve(&handle(&used)).await.is_err(), "thirty days are all");
}

#[tokio::test]
async fn who_signs_out_with_an_expired_token_is_signed_out() {
    let here = Installation::new(|_| {}).await;
    let session = here.log_in(PASSWORD, 1).await.expect("in");
    here.pass(Duration::from_secs(3600));
    let token = &session.tokens.access_token;
    assert!(matches!(
        here.shown(token.expose()).await,
        Err(Refusal::ExpiredCredential)
    ));
    assert!(here.app.end_lapsed_session(token, &at(1)).await.expect("ended"));
    let refreshed = here.app.refresh(session.tokens.refresh_token.expose(), &at(1)).await;
    assert!(matches!(refreshed, Err(Refusal::SessionEnded)));
}

#[tokio::test]
async fn an_answer_costs_one_hash_whoever_is_asked_about() {
    let here = Installation::new(|_| {}).await;
    let before = here.app.passwords.done();
    let cost = |since: usize| here.app.passwords.done() - since;
    let long = "x".repeat(5000);
    for (number, email) in [OWNER, "nobody@example.org", "no address"].into_iter().enumerate() {
        for (place, text) in ["a guess of many", "short", &long].into_iter().enumerate() {
            let since = here.app.passwords.done();
            let login = Login {
                email: email.to_owned(),
                password: Password::new(text.to_owned()).ok(),
                platform: Platform::Cli,
                client_id: None,
                project_scope: None,
                cookie: false,
            };
            let from = u8::try_from(number * 10 + place).expect("small");
            let refused = here.app.log_in(login, &at(from)).await;
            assert!(matches!(refused, Err(Refusal::InvalidCredentials)));
            assert_eq!(cost(since), 1, "{email} {}", text.len());
        }
    }
    for email in [OWNER, "somebody-new@example.org"] {
        let since = here.app.passwords.done();
        let address: EmailAddress = email.parse().expect("an address");
        here.app
            .sign_up(address.clone(), password("another password 12"), None, &at(9))
            .await
            .expect("accepted");
        assert_eq!(cost(since), 1, "signing up {email}");
        here.app.forgot_password(&address, &at(9)).await.expect("accepted");
        assert_eq!(cost(since), 1, "asking for a letter costs none");
    }
    assert_eq!(cost(before), 11);
}
