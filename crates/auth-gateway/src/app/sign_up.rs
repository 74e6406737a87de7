//! Signing up, and showing that an e-mail address is one's own. Whoever signs up learns nothing about existing accounts:
//! the answer and its time are the same, and the address's owner gets another letter.

use event_store::{AppendError, ClaimChange, Command as Change, Expected, RecordChange, Timestamp};

use super::accounts::EMAIL;
use super::caller::{Actor, Caller};
use super::journal::Loaded;
use super::post::VERIFY_FOR;
use super::postage::Postage;
use super::{App, Refusal};
use crate::config::settings::SignUp;
use crate::crypto::one_time::{OneTimeToken, Purpose};
use crate::crypto::password::Password;
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::{OrganizationId, UserId};
use crate::domain::person_name::PersonName;
use crate::domain::role::Role;
use crate::domain::user::{self, Registration, User, UserSource};
use crate::mail::letter::Letter;

const VERIFY: &str = "verify_email";

/// A wish for an account.
pub(crate) struct NewUser {
    pub(crate) email: EmailAddress,
    pub(crate) name: Option<PersonName>,
    pub(crate) password: Option<Password>,
    pub(crate) role: Role,
    pub(crate) project_scope: Option<String>,
    pub(crate) verified: bool,
    pub(crate) source: UserSource,
}

impl App {
    /// Sign-up by anybody. The account counts once its address is verified.
    pub(crate) async fn sign_up(
        &self,
        email: EmailAddress,
        password: Password,
        name: Option<PersonName>,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        if self.settings.sign_up == SignUp::Closed {
            return Err(Refusal::SignUpClosed);
        }
        self.judge_password(&password, &email)?;
        let now = self.clock.now();
        let postage = self.stamps.buy("sign_up", &email, caller, now).await?;
        // Either way: this reading, one hash, one write and one letter.
        if let Some(user) = self.user_by_email(&email).await? {
            self.passwords.hash(password).await?;
            return self.greet_again(user, &email, postage, caller, now).await;
        }
        let wish = NewUser {
            email: email.clone(),
            name,
            password: Some(password),
            role: Role::authenticated(),
            project_scope: None,
            verified: false,
            source: UserSource::Signup,
        };
        let token = OneTimeToken::generate(&*self.random);
        let kept = |id| {
            one_time(
                VERIFY,
                token.hash(Purpose::VerifyEmail),
                Holder::new(id),
                now.plus(VERIFY_FOR),
            )
        };
        match self
            .register_with(wish, caller, |change, id| change.record(kept(id)))
            .await?
        {
            Ok(_) => {
                self.post_verification(&token, &email, postage, caller, now);
                Ok(())
            }
            Err(AppendError::ClaimTaken { owner, .. }) => {
                let id = owner
                    .parse()
                    .map_err(|_| Refusal::inconsistent("an e-mail address is claimed by no user id"))?;
                self.greet_again(self.user(id).await?, &email, postage, caller, now)
                    .await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes an account.
    ///
    /// # Errors
    /// `Exists` when the address has one.
    pub(crate) async fn register(&self, wish: NewUser, caller: &Caller) -> Result<UserId, Refusal> {
        match self.register_with(wish, caller, |change, _| change).await? {
            Err(AppendError::ClaimTaken { .. }) => Err(Refusal::Exists("account")),
            registered => Ok(registered?),
        }
    }

    /// The same, with more that must happen together with it.
    pub(super) async fn register_with(
        &self,
        wish: NewUser,
        caller: &Caller,
        dress: impl FnOnce(Change, UserId) -> Change,
    ) -> Result<Result<UserId, AppendError>, Refusal> {
        let now = self.clock.now();
        let id = UserId(self.journal.new_id(now));
        let password_hash = match wish.password {
            Some(password) => Some(self.passwords.hash(password).await?.as_str().to_owned()),
            None => None,
        };
        let claim = ClaimChange::Take {
            kind: EMAIL.into(),
            digest: self.email_digest(&wish.email),
            owner: id.to_string(),
        };
        let registration = Registration {
            id,
            organization_id: OrganizationId(self.journal.new_id(now)),
            email: wish.email,
            verified: wish.verified,
            name: wish.name.map(String::from),
            password_hash,
            role: wish.role,
            project_scope: wish.project_scope,
            source: wish.source,
        };
        let facts = user::decide(None, user::Command::Register(registration), now)?;
        let (key, kept) = self.subjects.make(&id.to_string());
        let events = self.journal.seal_with(facts, &key, now);
        let change =
            Change::new(caller.context(now))
                .claim(claim)
                .record(kept)
                .append(id.stream(), Expected::Nothing, events);
        Ok(self.store.append(dress(change, id)).await.map(|_| id))
    }

    /// The link's token was shown: the address is the user's.
    pub(crate) async fn verify_email(&self, token: &str, caller: &Caller) -> Result<UserId, Refusal> {
        let now = self.clock.now();
        let key = OneTimeToken::parse(token)
            .map_err(|_| Refusal::LinkExpired)?
            .hash(Purpose::VerifyEmail)
            .to_vec();
        let holder = self.one_time_holder(VERIFY, &key, now).await?;
        let id = holder.user;
        let caller = caller.acting_as(Actor::User(id.to_string()));
        let used = RecordChange::Consume {
            kind: VERIFY.into(),
            key,
        };
        // The link of another letter: there is nothing to verify any more, and it is used up all the same.
        let user = self.user(id).await?;
        if user.state.is_verified() {
            holder.still_holds(Some(&user.state))?;
            self.journal
                .append(Change::new(caller.context(now)).record(used))
                .await?;
            return Ok(id);
        }
        let decided = |state: Option<&User>| {
            holder.still_holds(state)?;
            match state {
                Some(user) if user.is_verified() => Err(Refusal::LinkExpired),
                _ => Ok(user::decide(state, user::Command::VerifyEmail, now)?),
            }
        };
        let consumed = |change: Change| change.record(used.clone());
        self.journal
            .change(&id.stream(), &caller, now, decided, consumed)
            .await?;
        Ok(id)
    }

    /// Sends the letter again, if there is an account that waits for it. Without one, as much is written.
    pub(crate) async fn verify_email_again(&self, email: &EmailAddress, caller: &Caller) -> Result<(), Refusal> {
        let now = self.clock.now();
        let postage = self.stamps.buy(VERIFY, email, caller, now).await?;
        let waiting = self
            .user_by_email(email)
            .await?
            .filter(|user| !user.state.is_verified());
        if let Some(loaded) = waiting {
            let holder = Holder::of(&loaded.state);
            if let Some(stored) = self.account(loaded, now).await?.email {
                return self.send_verification(holder, &stored, postage, caller, now).await;
            }
        }
        self.keep_unused(caller, now).await
    }

    async fn send_verification(
        &self,
        holder: Holder,
        email: &EmailAddress,
        postage: Postage,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let token = OneTimeToken::generate(&*self.random);
        self.keep_one_time(
            VERIFY,
            token.hash(Purpose::VerifyEmail),
            holder,
            now.plus(VERIFY_FOR),
            caller,
            now,
        )
        .await?;
        self.post_verification(&token, email, postage, caller, now);
        Ok(())
    }

    fn post_verification(
        &self,
        token: &OneTimeToken,
        email: &EmailAddress,
        postage: Postage,
        caller: &Caller,
        now: Timestamp,
    ) {
        let link = self.link(&format!("/v1/auth/verify-email?token={}", token.expose()));
        let letter = Letter::VerifyEmail {
            link: &link,
            valid_for: VERIFY_FOR,
        };
        self.post(postage, email, letter, caller, now);
    }

    /// As much work as a verification is, so that the time tells nothing. Whoever signed up before without showing that the
    /// address is theirs chose a password which must never open the owner's account: the owner chooses one by the link.
    async fn greet_again(
        &self,
        user: Loaded<User>,
        email: &EmailAddress,
        postage: Postage,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if !user.state.is_verified() {
            return self.send_reset(email, postage, caller, now).await;
        }
        // To the address as its owner wrote it, whatever was typed now.
        let stored = self.account(user, now).await?.email;
        self.keep_unused(caller, now).await?;
        let (sign_in, reset) = (self.link("/web/login"), self.link("/web/forgot-password"));
        let letter = Letter::AlreadyRegistered {
            sign_in_link: &sign_in,
            reset_link: &reset,
        };
        self.post(postage, stored.as_ref().unwrap_or(email), letter, caller, now);
        Ok(())
    }

    /// A token that nobody gets, so that time does not tell who gets one.
    pub(super) async fn keep_unused(&self, caller: &Caller, now: Timestamp) -> Result<(), Refusal> {
        let unused = OneTimeToken::generate(&*self.random).hash(Purpose::VerifyEmail);
        let nobody = Holder::nobody(self.journal.new_id(now));
        self.keep_one_time("unused_token", unused, nobody, now.plus(VERIFY_FOR), caller, now)
            .await
    }

    pub(super) async fn keep_one_time(
        &self,
        kind: &'static str,
        key: [u8; 32],
        holder: Holder,
        expires: Timestamp,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let put = one_time(kind, key, holder, expires);
        self.store.append(Change::new(caller.context(now)).record(put)).await?;
        Ok(())
    }

    pub(super) async fn one_time_holder(&self, kind: &str, key: &[u8], now: Timestamp) -> Result<Holder, Refusal> {
        let record = self.store.record(kind, key, now).await?.ok_or(Refusal::LinkExpired)?;
        Holder::read(&record.value).ok_or_else(|| Refusal::inconsistent("a one-time token belongs to nobody"))
    }
}

fn one_time(kind: &'static str, key: [u8; 32], holder: Holder, expires: Timestamp) -> RecordChange {
    RecordChange::Put {
        kind: kind.into(),
        key: key.to_vec(),
        value: holder.written(),
        expires: Some(expires),
    }
}

/// Whom a one-time token was made for, and in which epoch of their sessions: a new password or address begins another, and
/// links from before it open nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub(super) user: UserId,
    epoch: u64,
}

impl Holder {
    fn new(user: UserId) -> Self {
        Self { user, epoch: 0 }
    }

    pub(super) fn of(user: &User) -> Self {
        Self {
            user: user.id,
            epoch: user.sessions.epoch,
        }
    }

    /// Somebody who does not exist, for tokens that are made only so that making them takes its time.
    pub(super) fn nobody(id: uuid::Uuid) -> Self {
        Self::new(UserId(id))
    }

    pub(super) fn written(self) -> Vec<u8> {
        format!("{} {}", self.user, self.epoch).into_bytes()
    }

    fn read(value: &[u8]) -> Option<Self> {
        let (user, epoch) = std::str::from_utf8(value).ok()?.split_once(' ')?;
        Some(Self {
            user: user.parse().ok()?,
            epoch: epoch.parse().ok()?,
        })
    }

    pub(super) fn still_holds(self, state: Option<&User>) -> Result<(), Refusal> {
        match state {
            Some(user) if user.sessions.epoch == self.epoch => Ok(()),
            _ => Err(Refusal::LinkExpired),
        }
    }
}
