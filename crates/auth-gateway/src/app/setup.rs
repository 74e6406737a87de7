//! The first administrator: made with a one-time token that the first start prints. There is no default account.

use event_store::{AppendError, ClaimChange, Command as Change, RecordChange, Timestamp};

use super::caller::Caller;
use super::journal::Loaded;
use super::sign_up::NewUser;
use super::{App, Refusal};
use crate::crypto::one_time::{OneTimeToken, Purpose};
use crate::crypto::password::Password;
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::person_name::PersonName;
use crate::domain::role::Role;
use crate::domain::user::{User, UserSource};

const KIND: &str = "first_administrator";
/// Of the claim that the first administrator holds: of two set-ups at once, one is the first.
const FIRST: [u8; 32] = [0; 32];
const MANY: u32 = 1000;
const VALID_FOR: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

impl App {
    /// A new token while there is no administrator, for the operator's eyes. Gateways that start before set-up have one each, and
    /// the first that is used voids all.
    pub(crate) async fn first_administrator_token(&self) -> Result<Option<OneTimeToken>, Refusal> {
        if !self.awaits_administrator().await? {
            return Ok(None);
        }
        let now = self.clock.now();
        let token = OneTimeToken::generate(&*self.random);
        let put = RecordChange::Put {
            kind: KIND.into(),
            key: token.hash(Purpose::FirstAdministrator).to_vec(),
            value: Vec::new(),
            expires: Some(now.plus(VALID_FOR)),
        };
        self.store.change_records(vec![put], now).await?;
        Ok(Some(token))
    }

    /// Whether nobody is an administrator. Others may have signed up: that must not keep the operator out. Where there are
    /// many, nobody looks through all of them: the operator makes one with a command.
    async fn awaits_administrator(&self) -> Result<bool, Refusal> {
        if self.store.claim(KIND, &FIRST).await?.is_some() {
            return Ok(false);
        }
        let rows = self.store.states("user", None, MANY).await?;
        if rows.len() == MANY as usize {
            return Ok(false);
        }
        for row in rows {
            if Loaded::<User>::of(row)?.state.role.is_admin() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the token is known by, while it may still be used.
    async fn setup_key(&self, token: &str, now: Timestamp) -> Result<Option<Vec<u8>>, Refusal> {
        let Ok(token) = OneTimeToken::parse(token) else {
            return Ok(None);
        };
        let key = token.hash(Purpose::FirstAdministrator).to_vec();
        let is_known = self.store.record(KIND, &key, now).await?.is_some();
        Ok((is_known && self.awaits_administrator().await?).then_some(key))
    }

    /// Makes the first administrator. The token works once, and never when there is one. Guesses are not counted: nobody can
    /// guess it, and nobody's guesses may keep out who has it.
    pub(crate) async fn set_up(
        &self,
        token: &str,
        email: EmailAddress,
        password: Password,
        name: Option<PersonName>,
        caller: &Caller,
    ) -> Result<UserId, Refusal> {
        let now = self.clock.now();
        self.judge_password(&password, &email)?;
        let Some(key) = self.setup_key(token, now).await? else {
            return Err(Refusal::LinkExpired);
        };
        let wish = NewUser {
            email,
            name,
            password: Some(password),
            role: Role::admin(),
            project_scope: None,
            verified: true,
            source: UserSource::Admin,
        };
        let first = |change: Change, id: UserId| {
            let claim = ClaimChange::Take {
                kind: KIND.into(),
                digest: FIRST,
                owner: id.to_string(),
            };
            let consumed = RecordChange::Consume { kind: KIND.into(), key };
            change.claim(claim).record(consumed)
        };
        match self.register_with(wish, caller, first).await? {
            Err(AppendError::ClaimTaken { .. }) => Err(Refusal::LinkExpired),
            registered => Ok(registered?),
        }
    }
}
