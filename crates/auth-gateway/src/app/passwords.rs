//! Changing a password, and choosing a new one when it is forgotten. Either ends every session but the one that asked.

use event_store::{Command as Change, Expected, RecordChange, Timestamp};

use super::caller::{Actor, Caller};
use super::post::RESET_FOR;
use super::postage::Postage;
use super::sign_up::Holder;
use super::{App, Refusal};
use crate::crypto::one_time::{OneTimeToken, Purpose};
use crate::crypto::password::{Password, Verdict};
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::{SessionId, UserId};
use crate::domain::user::{self, User};
use crate::mail::letter::Letter;

const RESET: &str = "reset_password";

impl App {
    /// # Errors
    /// `WeakPassword`, with the reason for its owner.
    pub(super) fn judge_password(&self, password: &Password, email: &EmailAddress) -> Result<(), Refusal> {
        self.policy
            .judge(password, email.as_str())
            .map_err(Refusal::WeakPassword)
    }

    /// The owner's own change: the current password must be right, whatever session asks.
    pub(crate) async fn change_password(
        &self,
        user: UserId,
        current: Password,
        new: Password,
        session: Option<SessionId>,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let account = self.account(self.user(user).await?, now).await?;
        let email = account.email.ok_or(Refusal::NotFound("user"))?;
        // Before the current one is compared: what is said of the new one must not tell how that ended.
        self.judge_password(&new, &email)?;
        let attempt = self
            .attempts
            .begin("password_change", &user.to_string(), caller.address, now)
            .await?;
        let stored = self
            .password_hash(&account.user, now)
            .await?
            .ok_or(Refusal::InvalidCredentials)?;
        if self.passwords.verify(current, stored).await? == Verdict::Wrong {
            self.attempts.write_down(attempt).await?;
            return Err(Refusal::InvalidCredentials);
        }
        let password_hash = self.passwords.hash(new).await?.as_str().to_owned();
        let command = user::Command::ChangePassword {
            password_hash,
            except: session,
        };
        let compared = account.user.password;
        let decided = |state: Option<&User>| {
            // Another change was faster: what was compared is not the current password any more.
            match state {
                Some(user) if user.password == compared => Ok(user::decide(state, command.clone(), now)?),
                _ => Err(Refusal::Contended),
            }
        };
        let forgotten = attempt.succeeded();
        let dress = |mut change: Change| {
            change.records.extend(forgotten.iter().cloned());
            change
        };
        self.journal.change(&user.stream(), caller, now, decided, dress).await?;
        self.tell_of_change(&email, caller, now);
        Ok(())
    }

    /// Sends a link to choose a new password, if the address has an account. The answer is the same if not.
    pub(crate) async fn forgot_password(&self, email: &EmailAddress, caller: &Caller) -> Result<(), Refusal> {
        let now = self.clock.now();
        let postage = self.stamps.buy(RESET, email, caller, now).await?;
        self.send_reset(email, postage, caller, now).await
    }

    pub(super) async fn send_reset(
        &self,
        email: &EmailAddress,
        postage: Postage,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let user = self.user_by_email(email).await?.filter(|user| user.state.may_act());
        let Some(user) = user else {
            return self.keep_unused(caller, now).await;
        };
        // Never to the address as it was typed: other letters may fold into the same ones and be somebody else's mailbox.
        let Some(email) = self.account(user.clone(), now).await?.email else {
            return Ok(());
        };
        let token = OneTimeToken::generate(&*self.random);
        let put = RecordChange::Put {
            kind: RESET.into(),
            key: token.hash(Purpose::ResetPassword).to_vec(),
            value: Holder::of(&user.state).written(),
            expires: Some(now.plus(RESET_FOR)),
        };
        let command = user::Command::RequestPasswordReset {
            device: caller.device(),
        };
        let facts = user::decide(Some(&user.state), command, now)?;
        let events = self.journal.seal(facts, now).await?;
        // Whatever its version: of many who ask at once nobody may be told to try again, as nobody is for an unknown address.
        let change = Change::new(caller.context(now)).append(user.stream, Expected::Any, events);
        if self.journal.append_if_it_follows(change.record(put)).await?.is_none() {
            return self.keep_unused(caller, now).await;
        }
        let link = self.link(&format!("/web/reset-password?token={}", token.expose()));
        self.post(
            postage,
            &email,
            Letter::ResetPassword {
                link: &link,
                valid_for: RESET_FOR,
            },
            caller,
            now,
        );
        Ok(())
    }

    /// The link's token and a new password: all sessions end, and guesses at the old one are forgiven.
    pub(crate) async fn reset_password(&self, token: &str, new: Password, caller: &Caller) -> Result<UserId, Refusal> {
        let now = self.clock.now();
        let key = OneTimeToken::parse(token)
            .map_err(|_| Refusal::LinkExpired)?
            .hash(Purpose::ResetPassword)
            .to_vec();
        let holder = self.one_time_holder(RESET, &key, now).await?;
        let id = holder.user;
        let user = self.user(id).await?;
        holder.still_holds(Some(&user.state))?;
        let account = self.account(user, now).await?;
        let email = account.email.ok_or(Refusal::LinkExpired)?;
        self.judge_password(&new, &email)?;
        let password_hash = self.passwords.hash(new).await?.as_str().to_owned();
        let command = user::Command::CompletePasswordReset {
            password_hash,
            device: caller.device(),
        };
        let decided = |state: Option<&User>| {
            holder.still_holds(state)?;
            Ok(user::decide(state, command.clone(), now)?)
        };
        let forgiven = self
            .attempts
            .forgiven("password", &email.normalised(), caller.address, now);
        let dress = |mut change: Change| {
            change.records.extend(forgiven.iter().cloned());
            change.record(RecordChange::Consume {
                kind: RESET.into(),
                key: key.clone(),
            })
        };
        let caller = caller.acting_as(Actor::User(id.to_string()));
        self.journal.change(&id.stream(), &caller, now, decided, dress).await?;
        self.tell_of_change(&email, &caller, now);
        Ok(id)
    }

    fn tell_of_change(&self, email: &EmailAddress, caller: &Caller, now: Timestamp) {
        let reset = self.link("/web/forgot-password");
        self.post(
            Postage::Paid,
            email,
            Letter::PasswordChanged {
                time: &now.to_string(),
                reset_link: &reset,
            },
            caller,
            now,
        );
    }
}
