//! The first administrator: made with a one-time token that the first start prints. There is no default account.

use event_store::{RecordChange, Timestamp};

use super::caller::Caller;
use super::sign_up::NewUser;
use super::{App, Refusal};
use crate::crypto::one_time::{OneTimeToken, Purpose};
use crate::crypto::password::Password;
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::role::Role;
use crate::domain::user::UserSource;

const KIND: &str = "first_administrator";
/// The token is kept under its purpose, one at a time.
const KEY: &[u8] = b"token";
const VALID_FOR: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

impl App {
    /// A new token when there is nobody yet, for the operator's eyes; the one before is void.
    pub(crate) async fn first_administrator_token(&self) -> Result<Option<OneTimeToken>, Refusal> {
        if !self.store.states("user", None, 1).await?.is_empty() {
            return Ok(None);
        }
        let now = self.clock.now();
        let token = OneTimeToken::generate(&*self.random);
        let put = RecordChange::Put {
            kind: KIND.into(),
            key: KEY.to_vec(),
            value: token.hash(Purpose::FirstAdministrator).to_vec(),
            expires: Some(now.plus(VALID_FOR)),
        };
        self.store.change_records(vec![put], now).await?;
        Ok(Some(token))
    }

    /// Makes the first administrator. The token works once, and never when there is a user.
    pub(crate) async fn set_up(
        &self,
        token: &str,
        email: EmailAddress,
        password: Password,
        name: Option<String>,
        caller: &Caller,
    ) -> Result<UserId, Refusal> {
        let now = self.clock.now();
        self.attempts
            .begin("setup", "first-administrator", caller.address, now)
            .await?;
        self.judge_password(&password, &email)?;
        self.consume_setup_token(token, now).await?;
        let wish = NewUser {
            email,
            name,
            password: Some(password),
            role: Role::admin(),
            project_scope: None,
            verified: true,
            source: UserSource::Admin,
        };
        self.register(wish, caller).await
    }

    async fn consume_setup_token(&self, token: &str, now: Timestamp) -> Result<(), Refusal> {
        let hash = OneTimeToken::parse(token)
            .map_err(|_| Refusal::LinkExpired)?
            .hash(Purpose::FirstAdministrator);
        let record = self.store.record(KIND, KEY, now).await?.ok_or(Refusal::LinkExpired)?;
        let nobody_yet = self.store.states("user", None, 1).await?.is_empty();
        if !nobody_yet || !crate::crypto::digest::equal(&record.value, &hash) {
            return Err(Refusal::LinkExpired);
        }
        self.store
            .change_records(
                vec![RecordChange::Consume {
                    kind: KIND.into(),
                    key: KEY.to_vec(),
                }],
                now,
            )
            .await?;
        Ok(())
    }
}
