//! Why an operator withdraws a key.

use std::str::FromStr;

/// 1 to 200 characters without control characters, which would move the cursor of whoever reads the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WithdrawReason(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reason is 1 to 200 characters, none of them a control character")]
pub(crate) struct InvalidReason;

const LONGEST: usize = 200;

impl FromStr for WithdrawReason {
    type Err = InvalidReason;

    fn from_str(text: &str) -> Result<Self, InvalidReason> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err(InvalidReason);
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<WithdrawReason> for String {
    fn from(reason: WithdrawReason) -> Self {
        reason.0
    }
}
