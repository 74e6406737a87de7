//! Attempts to log in to accounts that do not exist. They have no state; they are audit facts, one stream a day.

use super::device::Device;
use super::fact::Fact;
use super::ids::ClientId;
use super::platform::Platform;
use event_store::{StreamId, Timestamp};
use identity_contract::AuthMethod;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload")]
pub(crate) enum LoginEvent {
    /// Nobody was let in, and no account is concerned.
    #[serde(rename = "login.failed")]
    Failed {
        method: AuthMethod,
        reason: LoginFailure,
        client_id: Option<ClientId>,
        platform: Platform,
    },
}

/// Why a login was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LoginFailure {
    UnknownAccount,
    WrongPassword,
    /// A one-time code or link that is wrong, used or too old.
    WrongCode,
    /// Too many failures; the attempt was not even looked at.
    LockedOut,
    Unverified,
    Disabled,
}

/// The stream of one day (UTC): `2026-03-01`.
pub(crate) fn stream(now: Timestamp) -> StreamId {
    let day: String = now.to_string().chars().take_while(|&c| c != 'T').collect();
    StreamId::new("login", day)
}

/// The fact of an attempt on no known account. What was typed as the address is not kept: people type passwords there.
pub(crate) fn failed(
    method: AuthMethod,
    reason: LoginFailure,
    client_id: Option<ClientId>,
    platform: Platform,
    device: &Device,
) -> Fact {
    Fact::new(&LoginEvent::Failed {
        method,
        reason,
        client_id,
        platform,
    })
    .about_nobody(device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_attempt_on_no_account_is_a_fact_about_nobody() {
        let device = Device {
            address: Some("192.0.2.1".to_owned()),
            user_agent: None,
        };
        let fact = failed(
            AuthMethod::Password,
            LoginFailure::UnknownAccount,
            None,
            Platform::Cli,
            &device,
        );
        assert_eq!(fact.kind, "login.failed");
        assert_eq!(
            fact.payload,
            json!({"method": "password", "reason": "unknown_account", "client_id": null, "platform": "cli"})
        );
        let personal = fact.personal.unwrap();
        assert_eq!(personal.subject.to_string(), "anonymous");
        assert_eq!(personal.facts, json!({"address": "192.0.2.1", "user_agent": null}));
    }

    #[test]
    fn attempts_of_a_day_are_one_stream() {
        let last = Timestamp(1_770_076_799_999);
        assert_eq!(stream(last), StreamId::new("login", "2026-02-02"));
        assert_eq!(stream(Timestamp(last.0 + 1)), StreamId::new("login", "2026-02-03"));
    }
}
