//! Users as they are shown: their standing with their personal facts opened.

use event_store::Timestamp;

use super::journal::Loaded;
use super::{App, Refusal};
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::user::{EmailFact, Profile, User};

/// The kind of the claim on an e-mail address, and of its digest.
pub(super) const EMAIL: &str = "email";

/// A user, opened. Personal throughout.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) version: u64,
    /// `None` once erased.
    pub(crate) email: Option<EmailAddress>,
    pub(crate) profile: Profile,
}

impl App {
    /// The digest under which an address is claimed.
    pub(super) fn email_digest(&self, email: &EmailAddress) -> [u8; 32] {
        self.blind_index.digest(EMAIL, &[&email.normalised()])
    }

    pub(super) async fn user_by_email(&self, email: &EmailAddress) -> Result<Option<Loaded<User>>, Refusal> {
        let digest = self.email_digest(email);
        let found = self.store.claimant(EMAIL, &digest, UserId::STREAM).await?;
        found.map(Loaded::of).transpose()
    }

    /// The user who is named by id or by e-mail address.
    pub(crate) async fn user_named(&self, name: &str) -> Result<Loaded<User>, Refusal> {
        let found = match name.parse::<UserId>() {
            Ok(id) => self.journal.load(id.stream()).await?,
            Err(_) => {
                let email = name
                    .parse()
                    .map_err(|_| Refusal::Rule(format!("`{name}` is neither a user's id nor an e-mail address")))?;
                self.user_by_email(&email).await?
            }
        };
        found.ok_or(Refusal::NotFound("user"))
    }

    pub(super) async fn user(&self, id: UserId) -> Result<Loaded<User>, Refusal> {
        self.journal
            .load(id.stream())
            .await?
            .ok_or_else(|| Refusal::inconsistent(format!("user {id} is not there")))
    }

    /// Opens what is personal.
    pub(crate) async fn account(&self, loaded: Loaded<User>, now: Timestamp) -> Result<Account, Refusal> {
        let Loaded {
            state: user, version, ..
        } = loaded;
        let subject = user.id.to_string();
        let email = match &user.email {
            None => None,
            Some(fact) => self
                .subjects
                .open::<EmailFact>(&subject, fact, now)
                .await?
                .map(|fact| fact.email),
        };
        let profile = match &user.profile {
            None => None,
            Some(fact) => self.subjects.open::<Profile>(&subject, fact, now).await?,
        };
        Ok(Account {
            user,
            version,
            email,
            profile: profile.unwrap_or_default(),
        })
    }
}
