//! Administration of users: listed, disabled, enabled, given a role, erased.

use event_store::{ClaimChange, Command as Change};

use super::accounts::{Account, EMAIL};
use super::caller::Caller;
use super::journal::Loaded;
use super::sign_up::NewUser;
use super::{App, Refusal};
use crate::domain::ids::UserId;
use crate::domain::role::Role;
use crate::domain::user::{self, User};

/// Users shown at a time.
const PAGE: u32 = 500;

impl App {
    /// All users, oldest first, opened.
    pub(crate) async fn users(&self) -> Result<Vec<Account>, Refusal> {
        let now = self.clock.now();
        let mut accounts = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let rows = self.store.states(UserId::STREAM, after.as_deref(), PAGE).await?;
            let Some(last) = rows.last() else { return Ok(accounts) };
            after = Some(last.stream.id.clone());
            for row in rows {
                accounts.push(self.account(Loaded::of(row)?, now).await?);
            }
        }
    }

    /// Makes an account in an operator's name; its password is judged as anybody's.
    pub(crate) async fn create_user(&self, wish: NewUser, caller: &Caller) -> Result<UserId, Refusal> {
        if let Some(password) = &wish.password {
            self.judge_password(password, &wish.email)?;
        }
        self.register(wish, caller).await
    }

    /// The role of this name.
    ///
    /// # Errors
    /// The configuration has none; the error names those it has.
    pub(crate) fn role(&self, name: &str) -> Result<Role, Refusal> {
        let known = self.settings.scopes.names();
        let found = known.iter().find(|role| role.as_str() == name).cloned();
        found.ok_or_else(|| {
            let known: Vec<&str> = known.iter().map(Role::as_str).collect();
            Refusal::Rule(format!("there is no role `{name}`: there are {}", known.join(", ")))
        })
    }

    pub(crate) async fn change_user(
        &self,
        id: UserId,
        command: user::Command,
        caller: &Caller,
    ) -> Result<User, Refusal> {
        let now = self.clock.now();
        let decided = |state: Option<&User>| Ok(user::decide(state, command.clone(), now)?);
        Ok(self
            .journal
            .change::<User>(&id.stream(), caller, now, decided, |change| change)
            .await?
            .state)
    }

    /// Destroys the data key and frees the address: what is sealed in the log can not be read by anybody any more.
    pub(crate) async fn erase_user(&self, id: UserId, caller: &Caller) -> Result<(), Refusal> {
        let now = self.clock.now();
        let email = self.account(self.user(id).await?, now).await?.email;
        let released = email.map(|email| ClaimChange::Release {
            kind: EMAIL.into(),
            digest: self.email_digest(&email),
        });
        let destroyed = self.subjects.destroy(&id.to_string());
        let decided = |state: Option<&User>| Ok(user::decide(state, user::Command::Erase, now)?);
        let dress = |mut change: Change| {
            change.claims.extend(released.iter().cloned());
            change.record(destroyed.clone())
        };
        self.journal.change(&id.stream(), caller, now, decided, dress).await?;
        Ok(())
    }
}
