//! Logging in with a password: counted, compared in the same time whoever it is, recorded, and then a session.

use event_store::{Command as Change, Expected, RecordChange, StreamId, Timestamp};
use identity_contract::AuthMethod;

use super::accounts::Account;
use super::caller::{Actor, Caller};
use super::journal::{Journal, Loaded};
use super::tokens::TokenPair;
use super::{App, Refusal};
use crate::crypto::password::{Password, PasswordHash, Verdict};
use crate::crypto::session_handle::SessionHandle;
use crate::domain::device::Device;
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::{ClientId, SessionId};
use crate::domain::key_hash::KeyHash;
use crate::domain::login::{self, LoginFailure};
use crate::domain::platform::Platform;
use crate::domain::project_scope::ProjectScope;
use crate::domain::session::{self, Opening, Session};
use crate::domain::user::{self, LoginFact, PasswordFact, User};

/// What somebody types to get in.
pub(crate) struct Login {
    pub(crate) email: String,
    /// As it was typed; what can be no password is compared like a wrong one.
    pub(crate) password: Option<Password>,
    pub(crate) platform: Platform,
    pub(crate) client_id: Option<ClientId>,
    /// The project that the session is to be for.
    pub(crate) project_scope: Option<ProjectScope>,
    /// Whether a browser is to hold the session in a cookie.
    pub(crate) cookie: bool,
}

/// A session has begun.
pub(crate) struct LoggedIn {
    pub(crate) account: Account,
    pub(crate) session: Session,
    pub(crate) tokens: TokenPair,
    pub(crate) handle: Option<SessionHandle>,
}

impl App {
    /// # Errors
    /// `InvalidCredentials` for a wrong password and an unknown account alike, `EmailNotVerified` after the right password,
    /// `OtherProject`, `TooManyAttempts`, `Busy`.
    pub(crate) async fn log_in(&self, login: Login, caller: &Caller) -> Result<LoggedIn, Refusal> {
        let now = self.clock.now();
        let email: Option<EmailAddress> = login.email.parse().ok();
        let account = email
            .as_ref()
            .map_or_else(|| login.email.trim().to_lowercase(), EmailAddress::normalised);
        let attempt = self.attempts.begin("password", &account, caller.address, now).await?;
        let user = match &email {
            Some(email) => self.user_by_email(email).await?,
            None => None,
        };
        let fact = LoginFact {
            method: AuthMethod::Password,
            client_id: login.client_id.clone(),
            platform: login.platform,
            device: caller.device(),
        };
        let password = login.password;
        let (user, verdict) = match self.check_password(user, password.as_ref(), now).await? {
            Checked::Right(user, verdict) => (user, verdict),
            Checked::Wrong(user, reason) => {
                let counted = attempt.failed();
                self.record_failure(user, reason, fact, counted, caller, now).await?;
                return Err(if reason == LoginFailure::Unverified {
                    Refusal::EmailNotVerified
                } else {
                    Refusal::InvalidCredentials
                });
            }
        };
        if !belongs_to(&user.state, login.project_scope.as_ref()) {
            self.attempts.write_down(attempt).await?;
            return Err(Refusal::OtherProject);
        }
        let opened = {
            let entry = Entry {
                login: fact,
                project_scope: login.project_scope,
                cookie: login.cookie,
                records: attempt.succeeded(),
            };
            self.open_session(&user.state, entry, caller, now).await?
        };
        // Once it may be told: until then nothing may take longer for the right password.
        if let (Verdict::RightButStale, Some(password)) = (verdict, password) {
            self.rehash(&user, password, now).await;
        }
        let account = self.account(user, now).await?;
        Ok(LoggedIn {
            account,
            session: opened.session,
            tokens: opened.tokens,
            handle: opened.handle,
        })
    }

    /// Compares in the time of one hash in every case.
    async fn check_password(
        &self,
        user: Option<Loaded<User>>,
        password: Option<&Password>,
        now: Timestamp,
    ) -> Result<Checked, Refusal> {
        let stored = match &user {
            Some(user) => self.password_hash(&user.state, now).await?,
            None => None,
        };
        let password = password.map_or_else(Password::that_nobody_has, Password::again);
        let (Some(user), Some(stored)) = (user, stored) else {
            self.passwords.verify_nobody(password).await?;
            return Ok(Checked::Wrong(None, LoginFailure::UnknownAccount));
        };
        let verdict = self.passwords.verify(password, stored).await?;
        if verdict == Verdict::Wrong {
            return Ok(Checked::Wrong(Some(user), LoginFailure::WrongPassword));
        }
        if !user.state.may_act() {
            return Ok(Checked::Wrong(Some(user), LoginFailure::Disabled));
        }
        if !user.state.is_verified() {
            return Ok(Checked::Wrong(Some(user), LoginFailure::Unverified));
        }
        Ok(Checked::Right(user, verdict))
    }

    pub(super) async fn password_hash(&self, user: &User, now: Timestamp) -> Result<Option<PasswordHash>, Refusal> {
        let Some(fact) = &user.password else { return Ok(None) };
        let opened = self
            .subjects
            .open::<PasswordFact>(&user.id.to_string(), fact, now)
            .await?;
        Ok(opened.map(|fact| PasswordHash::from_stored(fact.password_hash)))
    }

    /// A hash with the parameters and the secret of today. It is no part of the login: where it fails, the next login makes it.
    async fn rehash(&self, user: &Loaded<User>, password: Password, now: Timestamp) {
        if let Err(refusal) = self.try_rehash(user, password, now).await {
            tracing::debug!(user = %user.state.id, %refusal, "the password was not hashed anew");
        }
    }

    async fn try_rehash(&self, user: &Loaded<User>, password: Password, now: Timestamp) -> Result<(), Refusal> {
        let Some(compared) = user.state.password.clone() else {
            return Ok(());
        };
        let command = user::Command::RehashPassword {
            compared,
            password_hash: self.passwords.hash(password).await?.as_str().to_owned(),
        };
        let decided = |state: Option<&User>| Ok(user::decide(state, command.clone(), now)?);
        self.journal
            .change::<User>(&user.stream, &Caller::system(), now, decided, |change| change)
            .await?;
        Ok(())
    }

    /// The failure as an event, with what counts it: on the account's stream, or on the day's when there is no account.
    pub(super) async fn record_failure(
        &self,
        user: Option<Loaded<User>>,
        reason: LoginFailure,
        fact: LoginFact,
        counted: Vec<RecordChange>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let failure = |stream: StreamId, events| {
            let mut change = Change::new(caller.context(now)).append(stream, Expected::Any, events);
            change.records.clone_from(&counted);
            change
        };
        if let Some(user) = user {
            let login = fact.clone();
            let facts = user::decide(
                Some(&user.state),
                user::Command::RecordFailedLogin { reason, login },
                now,
            )?;
            let events = self.journal.seal(facts, now).await?;
            let recorded = self.journal.append_if_it_follows(failure(user.stream, events)).await?;
            if recorded.is_some() {
                return Ok(());
            }
            // Erased while the password was looked at.
        }
        let fact = login::failed(fact.method, reason, fact.client_id, fact.platform, &fact.device);
        let events = self.journal.seal(vec![fact], now).await?;
        self.journal.append(failure(login::stream(now), events)).await?;
        Ok(())
    }

    /// Begins a session for a user who has proved who they are, whatever the method.
    pub(super) async fn open_session(
        &self,
        user: &User,
        entry: Entry,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Opened, Refusal> {
        let Entry {
            login,
            project_scope,
            cookie,
            records,
        } = entry;
        let id = SessionId(self.journal.new_id(now));
        let handle = cookie.then(|| SessionHandle::generate(&*self.random));
        // The newest key, which may have been put in another's place a moment ago.
        self.keys_are_current().await?;
        let issue = self.tokens.issue(&self.journal, now)?;
        let opening = Opening {
            id,
            user: user.clone(),
            client_id: login.client_id.clone(),
            platform: login.platform,
            project_scope,
            method: login.method,
            scopes: self.settings.scopes.of(&user.role).clone(),
            lifetime: self.settings.sessions.absolute,
            idle: Some(self.settings.sessions.idle),
            handle: handle.as_ref().map(|handle| KeyHash(handle.hash())),
            issue: Some(issue),
            device: login.device.clone(),
        };
        let started = session::decide(None, session::Command::Start(Box::new(opening)), now)?;
        let started = self.journal.seal(started, now).await?;
        let session: Session = Journal::ahead(None, &id.stream(), &started, now)?;
        let recorded = user::decide(Some(user), user::Command::RecordLogin { session: id, login }, now)?;
        let recorded = self.journal.seal(recorded, now).await?;
        let caller = caller.acting_as(Actor::User(user.id.to_string()));
        // Logins of one user do not stand in each other's way: the session's epoch already tells whether it counts.
        let mut command = Change::new(caller.context(now))
            .append(id.stream(), Expected::Nothing, started)
            .append(user.id.stream(), Expected::Any, recorded);
        command.records = records;
        // Erased while the password was looked at.
        let opened = self.journal.append_if_it_follows(command).await?;
        opened.ok_or(Refusal::InvalidCredentials)?;
        let tokens = self.token_pair(&session, user).await?;
        Ok(Opened {
            session,
            tokens,
            handle,
        })
    }
}

/// Who has a project of their own works in no other.
fn belongs_to(user: &User, wanted: Option<&ProjectScope>) -> bool {
    match (&user.project_scope, wanted) {
        (Some(own), Some(wanted)) => *own == wanted.to_string(),
        _ => true,
    }
}

/// How a user came in.
pub(super) struct Entry {
    pub(super) login: LoginFact,
    pub(super) project_scope: Option<ProjectScope>,
    /// Whether a browser is to hold the session in a cookie.
    pub(super) cookie: bool,
    /// What changes together with the session's beginning.
    pub(super) records: Vec<RecordChange>,
}

/// A session that was just opened.
pub(super) struct Opened {
    pub(super) session: Session,
    pub(super) tokens: TokenPair,
    pub(super) handle: Option<SessionHandle>,
}

enum Checked {
    Right(Loaded<User>, Verdict),
    Wrong(Option<Loaded<User>>, LoginFailure),
}

impl Caller {
    /// What is known of the machine that asks.
    pub(super) fn device(&self) -> Device {
        Device {
            address: self.address.map(|address| address.to_string()),
            user_agent: self.user_agent.clone(),
        }
    }
}
